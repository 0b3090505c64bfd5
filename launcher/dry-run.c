/* SPDX-License-Identifier: MIT */
#include "launcher/dry-run.h"

#include <string.h>
#include <unistd.h>

/* As a person would write it: quotes only where the shell needs them. */
static char *shell_word(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./,:=+@%";

	return *word && word[strspn(word, plain)] == '\0' ? g_strdup(word) : g_shell_quote(word);
}

/* ---- changes ---- */

static gboolean wants_ipv6(const NetTap *tap)
{
	for (guint i = 0; i < tap->n_addresses; i++)
		if (tap->addresses[i].family == 6)
			return TRUE;
	return FALSE;
}

static void print_setting(
	FILE *out, const char *family, const char *ifname, const char *key, int value)
{
	fprintf(out, "as_root sh -c 'echo %d > /proc/sys/net/%s/conf/%s/%s'\n", value, family,
		ifname, key);
}

static void print_settings(FILE *out, const NetTap *tap)
{
	print_setting(out, "ipv4", tap->ifname, "rp_filter", 1);
	print_setting(out, "ipv4", tap->ifname, "accept_redirects", 0);
	print_setting(out, "ipv4", tap->ifname, "send_redirects", 0);
	if (!wants_ipv6(tap)) {
		fputs("[ ! -e /proc/sys/net/ipv6 ] || ", out);
		print_setting(out, "ipv6", tap->ifname, "disable_ipv6", 1);
		return;
	}
	print_setting(out, "ipv6", tap->ifname, "accept_ra", 0);
	print_setting(out, "ipv6", tap->ifname, "accept_redirects", 0);
	print_setting(out, "ipv6", tap->ifname, "autoconf", 0);
}

static void print_change(FILE *out, const Change *change)
{
	const char *ifname = change->tap->ifname;
	char text[NET_ADDRESS_TEXT];

	switch (change->kind) {
	case CHANGE_CREATE:
		fprintf(out, "as_root ip tuntap add dev %s mode tap user %u vnet_hdr\n", ifname,
			(guint)getuid());
		fprintf(out, "made=\"%s $made\"\n", ifname);
		break;
	case CHANGE_SETTINGS:
		print_settings(out, change->tap);
		break;
	case CHANGE_ADDRESS:
		fprintf(out, "as_root ip address add %s dev %s%s\n",
			net_address_print(change->address, text), ifname,
			change->address->family == 6 ? " nodad" : "");
		break;
	case CHANGE_UP:
		fprintf(out, "as_root ip link set dev %s up\n", ifname);
		break;
	}
}

static void print_changes(FILE *out, const Plan *plan)
{
	if (plan->changes->len == 0)
		return;
	fputs("as_root() { if [ \"$(id -u)\" = 0 ]; then \"$@\"; else sudo \"$@\"; fi; }\n"
	      "undo() { for tap in $made; do as_root ip tuntap del dev \"$tap\" mode tap; done; }\n"
	      "made=\n"
	      "trap undo EXIT\n"
	      "trap 'exit 129' HUP\n"
	      "trap 'exit 130' INT\n"
	      "trap 'exit 143' TERM\n\n",
		out);
	for (guint i = 0; i < plan->changes->len; i++)
		print_change(out, &g_array_index(plan->changes, Change, i));
	fputc('\n', out);
}

/* ---- QEMU's command line: an option and its value to a line ---- */

static void print_argv(FILE *out, const GStrv argv)
{
	for (guint i = 0; argv[i]; i++) {
		g_autofree char *word = shell_word(argv[i]);

		if (i > 0)
			fputs(*argv[i] == '-' ? " \\\n\t" : " ", out);
		fputs(word, out);
	}
	fputc('\n', out);
}

gboolean dry_run_print(FILE *out, const Profile *profile, const Plan *plan, const GStrv qemu_args)
{
	g_auto(GStrv) argv = plan_argv(plan, profile, NULL, qemu_args);

	fprintf(out, "#!/bin/sh\n# VM %s by hand: run this with sh, or paste it.\n(\nset -e\n",
		profile->vm->name);
	print_changes(out, plan);
	print_argv(out, argv);
	fputs(")\n", out);
	return TRUE;
}
