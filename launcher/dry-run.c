/* SPDX-License-Identifier: MIT */
#include "launcher/dry-run.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/run.h"

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

static void print_no_ipv6(FILE *out, const NetTap *tap)
{
	fputs("[ ! -e /proc/sys/net/ipv6 ] || ", out);
	print_setting(out, "ipv6", tap->ifname, "disable_ipv6", 1);
}

static void print_settings(FILE *out, const NetTap *tap)
{
	if (tap->parent) {
		print_no_ipv6(out, tap);
		return;
	}
	fprintf(out, "as_root ip link set dev %s group %d\n", tap->ifname, NET_LINK_GROUP);
	print_setting(out, "ipv4", tap->ifname, "rp_filter", 1);
	print_setting(out, "ipv4", tap->ifname, "accept_redirects", 0);
	print_setting(out, "ipv4", tap->ifname, "send_redirects", 0);
	if (!wants_ipv6(tap)) {
		print_no_ipv6(out, tap);
		return;
	}
	print_setting(out, "ipv6", tap->ifname, "accept_ra", 0);
	print_setting(out, "ipv6", tap->ifname, "accept_redirects", 0);
	print_setting(out, "ipv6", tap->ifname, "autoconf", 0);
}

/* What a killed VM has left on a tap that is there does no harm: it is ours as well. */
static const char *adding_verb(const NetTap *tap)
{
	return tap->state == NET_TAP_INCOMPLETE ? "replace" : "add";
}

static void print_address(FILE *out, const char *verb, const NetTap *tap, const NetAddress *address)
{
	const NetAddress *peer = &tap->peers[address->family == 6];
	char text[NET_ADDRESS_TEXT];

	fprintf(out, "as_root ip address %s ", verb);
	if (peer->family)
		fprintf(out, "%s peer ", net_address_print_host(address, text));
	fprintf(out, "%s dev %s%s\n", net_address_print(peer->family ? peer : address, text),
		tap->ifname, address->family == 6 && !g_str_equal(verb, "del") ? " nodad" : "");
}

static void print_route(FILE *out, const char *verb, const NetTap *tap, const NetRoute *route)
{
	char to[NET_ADDRESS_TEXT], via[NET_ADDRESS_TEXT];
	gboolean via_peer = route->via.family == 6 &&
			    net_address_same_host(&route->via, &tap->peers[1]);

	fprintf(out, "as_root ip route %s %s via %s dev %s%s\n", verb,
		net_address_print(&route->to, to), net_address_print_host(&route->via, via),
		tap->ifname, via_peer ? " onlink" : "");
}

/* A MAC address that is higher than others, as the bridge's own must not change. */
static void print_bridge(FILE *out, const NetTap *tap)
{
	guint hash = g_str_hash(tap->ifname);

	fprintf(out, "as_root ip link set dev %s address fe:54:%02x:%02x:%02x:%02x\n", tap->ifname,
		hash >> 24, hash >> 16 & 0xff, hash >> 8 & 0xff, hash & 0xff);
	fprintf(out, "as_root ip link set dev %s master %s\n", tap->ifname, tap->bridge);
}

static void print_mac(FILE *out, const NetTap *tap)
{
	for (guint i = 0; i < G_N_ELEMENTS(tap->mac); i++)
		fprintf(out, "%s%02x", i ? ":" : " address ", tap->mac[i]);
}

static void print_create_macvtap(FILE *out, const NetTap *tap)
{
	static const char *const modes[] = {
		[NET_MACVTAP_BRIDGE] = "bridge",
		[NET_MACVTAP_VEPA] = "vepa",
		[NET_MACVTAP_PRIVATE] = "private",
		[NET_MACVTAP_PASSTHRU] = "passthru",
	};
	gboolean is_passthru = tap->mode == NET_MACVTAP_PASSTHRU;

	fprintf(out, "as_root ip link add link %s name %s", tap->parent, tap->ifname);
	if (!is_passthru)
		print_mac(out, tap);
	fprintf(out, " group %d type macvtap mode %s\n", NET_LINK_GROUP, modes[tap->mode]);
	if (is_passthru) { /* it begins with the parent's, and the parent takes it over */
		fprintf(out, "as_root ip link set dev %s", tap->ifname);
		print_mac(out, tap);
		fputc('\n', out);
	}
}

static void print_create(FILE *out, const NetTap *tap)
{
	if (tap->parent)
		print_create_macvtap(out, tap);
	else
		fprintf(out, "as_root ip tuntap add dev %s mode tap user %u vnet_hdr%s\n",
			tap->ifname, (guint)getuid(), tap->n_queues > 1 ? " multi_queue" : "");
	if (!tap->persist)
		fprintf(out, "made=\"%s $made\"\n", tap->ifname);
}

/* Its device belongs to root, and comes a moment after it. */
static void print_open(FILE *out, const Plan *plan, const NetTap *tap)
{
	const int *fds = plan->script_fds[tap - plan->taps];

	fprintf(out, "device=/dev/tap$(ip -o link show dev %s | cut -d: -f1)\n", tap->ifname);
	fputs("for i in 1 2 3 4 5 6 7; do [ -e \"$device\" ] || sleep 0.3; done\n", out);
	if (getuid() != 0)
		fprintf(out, "as_root chown %u \"$device\"\n", (guint)getuid());
	for (guint i = 0; i < tap->n_queues; i++)
		fprintf(out, "exec %d<>\"$device\"\n", fds[i]);
}

static void print_words(FILE *out, const GStrv words)
{
	for (guint i = 0; words[i]; i++) {
		g_autofree char *word = shell_word(words[i]);

		fprintf(out, "%s%s", i ? " " : "", word);
	}
}

#define DHCP_PID_FILE "/run/qemu-tapwrap-%s.pid"

/* It goes into the background when it serves, and its PID is in the file then. */
static void print_dhcp(FILE *out, const NetTap *tap)
{
	g_auto(GStrv) options = net_dhcp_options(tap);

	fputs("as_root dnsmasq ", out);
	print_words(out, options);
	fprintf(out, " --pid-file=" DHCP_PID_FILE "\n", tap->ifname);
	fprintf(out, "servers=\"$(cat " DHCP_PID_FILE ") $servers\"\n", tap->ifname);
	fprintf(out, "as_root rm -f " DHCP_PID_FILE "\n", tap->ifname);
}

static void print_change(FILE *out, const Plan *plan, const Change *change)
{
	const char *ifname = change->tap->ifname;

	switch (change->kind) {
	case CHANGE_CREATE:
		print_create(out, change->tap);
		break;
	case CHANGE_SETTINGS:
		print_settings(out, change->tap);
		break;
	case CHANGE_ADDRESS:
		print_address(out, adding_verb(change->tap), change->tap, change->address);
		break;
	case CHANGE_MTU:
		fprintf(out, "as_root ip link set dev %s mtu %u\n", ifname, change->tap->mtu);
		break;
	case CHANGE_BRIDGE:
		print_bridge(out, change->tap);
		break;
	case CHANGE_ROUTE:
		print_route(out, adding_verb(change->tap), change->tap, change->route);
		break;
	case CHANGE_UP:
		fprintf(out, "as_root ip link set dev %s up\n", ifname);
		break;
	case CHANGE_OPEN:
		print_open(out, plan, change->tap);
		break;
	case CHANGE_DHCP:
		print_dhcp(out, change->tap);
		break;
	}
}

static void print_changes(FILE *out, const Plan *plan)
{
	for (guint i = 0; i < plan->changes->len; i++)
		print_change(out, plan, &g_array_index(plan->changes, Change, i));
	if (plan->changes->len > 0)
		fputc('\n', out);
}

/* ---- NAT ---- */

static gboolean wants_nat(const Plan *plan)
{
	for (guint i = 0; i < plan->n_taps; i++)
		if (plan->taps[i].nat)
			return TRUE;
	return FALSE;
}

/* Whoever runs this has to let the host forward; that is not done for a VM. */
static void print_nat(FILE *out, const Plan *plan, const Profile *profile)
{
	NetWish wish = plan_wish(plan, profile, FALSE);

	if (!wants_nat(plan))
		return;
	fputs("as_root nft -f - <<'END'\n", out);
	g_autofree char *table = net_print_nat(out, &wish);
	fprintf(out, "END\ntable='%s'\n\n", table);
}

/* ---- provisions ---- */

static void print_directory(FILE *out, const char *path)
{
	g_autofree char *word = shell_word(path);

	fprintf(out, "mkdir -p -m 700 %s\n", word);
}

static void print_file(FILE *out, const FileStep *step)
{
	g_autofree char *path = shell_word(step->path);
	g_autofree char *from = step->from ? shell_word(step->from) : NULL;

	if (step->kind == FILE_DIRECTORY) {
		print_directory(out, step->path);
	} else if (step->kind == FILE_COPY) {
		fprintf(out, "[ -e %s ] || cp %s %s\n", path, from, path);
	} else {
		fprintf(out, "[ -e %s ] || ", path);
		print_words(out, step->argv);
		fputc('\n', out);
	}
}

/* In the background, until its socket is there: its own, not that of a run before. */
static void print_companion(FILE *out, const CompanionCall *call)
{
	g_autofree char *socket = shell_word(call->socket);
	g_autofree char *directory = call->directory ? shell_word(call->directory) : NULL;

	fprintf(out, "rm -f %s\n(", socket);
	if (directory)
		fprintf(out, "cd %s && ", directory);
	fprintf(out, "exec %s", call->kind == COMPANION_VIRTIOFSD && getuid() ? "unshare -r " : "");
	print_words(out, call->script_argv);
	fputs(") </dev/null &\ncompanions=\"$! $companions\"\n", out);
	fprintf(out, "for i in 1 2 3 4 5 6 7 8 9; do [ -S %s ] || sleep 0.3; done\n", socket);
}

/* As a pipe has it for QEMU: a file to read from and one to write to. */
static void print_links(FILE *out, const char *pipe, const char *commands)
{
	g_autofree char *path = shell_word(pipe);
	g_autofree char *text = g_strndup(commands, strlen(commands) - 1);
	g_autofree char *lines = g_shell_quote(text);

	fprintf(out, "echo %s >%s.in\nln -sf /dev/null %s.out\n", lines, path, path);
}

/* The whole of @text, between lines that do not stand in it. */
static void print_document(FILE *out, const char *directory, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);
	g_autofree char *word = shell_word(path);
	g_autoptr(GString) end = g_string_new("END");

	while (strstr(text, end->str))
		g_string_append_c(end, '_');
	fprintf(out, "cat >%s <<'%s'\n%s%s\n", word, end->str, text, end->str);
}

static void print_user_data(FILE *out, const Seed *seed, const char *path, const char *directory)
{
	g_autofree char *from = path ? shell_word(path) : NULL;
	g_autofree char *target = g_build_filename(directory, "user-data", NULL);
	g_autofree char *to = shell_word(target);
	g_autofree char *text = NULL;

	if (path) {
		fprintf(out, "cp %s %s\n", from, to);
		return;
	}
	text = g_strndup(
		g_bytes_get_data(seed->user_data, NULL), g_bytes_get_size(seed->user_data));
	print_document(out, directory, "user-data", text);
}

static void print_seed(FILE *out, const Seed *seed, const Profile *profile)
{
	g_autofree char *directory = g_build_filename(profile->places.run, "seed", NULL);
	g_autofree char *from = shell_word(directory);
	g_autofree char *to = shell_word(seed->path);

	print_directory(out, directory);
	print_document(out, directory, "meta-data", seed->meta_data);
	print_user_data(out, seed, profile->cloud_init->user_data, directory);
	if (seed->network_config)
		print_document(out, directory, "network-config", seed->network_config);
	fprintf(out, "xorriso -as mkisofs -quiet -V CIDATA -J -r -o %s %s\n", to, from);
	fprintf(out, "rm -r %s\n", from);
}

static void print_provisions(
	FILE *out, const Provisions *provisions, const Profile *profile, const char *link_commands)
{
	const char *run = profile->places.run;

	for (guint i = 0; i < provisions->files->len; i++)
		print_file(out, provisions->files->pdata[i]);
	if (run)
		print_directory(out, run);
	if (provisions->seed)
		print_seed(out, provisions->seed, profile);
	for (guint i = 0; i < provisions->companions->len; i++)
		print_companion(out, provisions->companions->pdata[i]);
	if (provisions->links_pipe)
		print_links(out, provisions->links_pipe, link_commands);
	if (provisions->files->len > 0 || run)
		fputc('\n', out);
}

/* ---- what the script made goes with it ---- */

/* A companion ends with QEMU, unless that ended before it said a word. */
static void print_end_of_provisions(FILE *out, const Provisions *provisions)
{
	const GPtrArray *companions = provisions->companions;

	if (companions->len > 0)
		fputs(" [ $? = 0 ] || kill $companions 2>/dev/null || :;", out);
	fputs(" rm -f", out);
	if (provisions->links_pipe) {
		g_autofree char *path = shell_word(provisions->links_pipe);

		fprintf(out, " %s.in %s.out", path, path);
	}
	for (guint i = 0; i < companions->len; i++) {
		const CompanionCall *call = companions->pdata[i];
		g_autofree char *socket = shell_word(call->socket);

		fprintf(out, " %s", socket);
	}
	fputc(';', out);
}

/* Of a change to a tap that is there; the others go with their tap. */
static void print_undo_of(FILE *out, const Change *change)
{
	const NetTap *tap = change->tap;

	switch (change->kind) {
	case CHANGE_MTU:
		fprintf(out, "as_root ip link set dev %s mtu %u\n", tap->ifname, change->old_mtu);
		break;
	case CHANGE_UP:
		fprintf(out, "as_root ip link set dev %s down\n", tap->ifname);
		break;
	case CHANGE_ADDRESS:
		print_address(out, "del", tap, change->address);
		break;
	case CHANGE_ROUTE:
		print_route(out, "del", tap, change->route);
		break;
	default:
		break;
	}
}

/* In reverse; one that fails is no reason to leave the others. */
static void print_undo_of_changes(FILE *out, const Plan *plan)
{
	for (guint i = plan->changes->len; i-- > 0;) {
		const Change *change = &g_array_index(plan->changes, Change, i);

		if (change->tap->state == NET_TAP_INCOMPLETE)
			print_undo_of(out, change);
	}
}

static gboolean adopts(const Plan *plan)
{
	for (guint i = 0; i < plan->n_taps; i++)
		if (plan->taps[i].state == NET_TAP_INCOMPLETE)
			return TRUE;
	return FALSE;
}

static gboolean serves(const Plan *plan)
{
	for (guint i = 0; i < plan->n_taps; i++)
		if (plan->taps[i].dhcp)
			return TRUE;
	return FALSE;
}

static void print_undo(FILE *out, const Plan *plan)
{
	const GPtrArray *companions = plan->provisions->companions;
	gboolean has_taps = plan->changes->len > 0;
	gboolean has_files = companions->len > 0 || plan->provisions->links_pipe;

	if (!has_taps && !has_files)
		return;
	if (has_taps)
		fputs("as_root() { if [ \"$(id -u)\" = 0 ]; then \"$@\"; else sudo \"$@\"; fi; }\n",
			out);
	fputs("undo() {", out);
	if (has_files)
		print_end_of_provisions(out, plan->provisions);
	if (serves(plan))
		fputs(" for pid in $servers; do as_root kill \"$pid\" || :; done;", out);
	if (wants_nat(plan))
		fputs(" [ -z \"$table\" ] || as_root nft delete table $table;", out);
	if (has_taps)
		fputs(" for tap in $made; do as_root ip link delete dev \"$tap\"; done;", out);
	fputs(adopts(plan) ? " set +e\n" : " }\n", out);
	if (adopts(plan)) {
		print_undo_of_changes(out, plan);
		fputs("}\n", out);
	}
	fputs(has_taps ? "made=\n" : "", out);
	fputs(wants_nat(plan) ? "table=\n" : "", out);
	fputs(serves(plan) ? "servers=\n" : "", out);
	fputs(companions->len > 0 ? "companions=\n" : "", out);
	fputs("trap undo EXIT\n"
	      "trap 'exit 129' HUP\n"
	      "trap 'exit 130' INT\n"
	      "trap 'exit 143' TERM\n\n",
		out);
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

/* A hook needs to be told, and somebody to stay: the script leaves both to its reader. */
static void print_hook(FILE *out, const char *key, const char *when, const GStrv argv)
{
	if (!argv)
		return;
	fprintf(out, "# [hooks] %s would run %s: ", key, when);
	print_words(out, argv);
	fputc('\n', out);
}

static void print_notes(FILE *out, const Profile *profile)
{
	print_hook(out, "pre-start", "here", profile->hooks->pre_start);
	print_hook(out, "post-stop", "when all is undone", profile->hooks->post_stop);
	if (g_str_equal(profile->vm->on_terminate, "powerdown"))
		fprintf(out,
			"# SIGTERM, SIGHUP or Ctrl-C would ask the guest to shut down, and give it "
			"%s s\n",
			profile->vm->powerdown_timeout);
}

static gboolean lacks_socket(const Profile *profile, const Provisions *provisions)
{
	const GPtrArray *companions = provisions->companions;

	for (guint i = 0; i < companions->len; i++) {
		const CompanionCall *call = companions->pdata[i];

		if (!call->socket)
			return TRUE;
	}
	return links_are_cut(profile) && !provisions->links_pipe;
}

gboolean dry_run_print(
	FILE *out, const Profile *profile, const Plan *plan, const GStrv qemu_args, GError **error)
{
	g_autofree char *link_commands = links_commands(profile, qemu_args);
	g_auto(GStrv) argv = NULL;

	if (lacks_socket(profile, plan->provisions)) {
		g_set_error(error, RUN_ERROR, EX_OSFILE,
			"there is no run directory for a script's sockets: $XDG_RUNTIME_DIR is not "
			"set, or not yours");
		return FALSE;
	}
	if (PLAN_SCRIPT_FD + plan->n_script_fds > 10) {
		g_set_error(error, RUN_ERROR, EX_UNAVAILABLE,
			"a script can open %d descriptors, not the %u of these macvtaps",
			10 - PLAN_SCRIPT_FD, plan->n_script_fds);
		return FALSE;
	}
	argv = plan_argv(plan, profile, NULL, qemu_args);
	fprintf(out, "#!/bin/sh\n# VM %s by hand: run this with sh, or paste it.\n(\nset -e\n",
		profile->vm->name);
	print_undo(out, plan);
	print_changes(out, plan);
	print_nat(out, plan, profile);
	print_provisions(out, plan->provisions, profile, link_commands);
	print_notes(out, profile);
	print_argv(out, argv);
	fputs(")\n", out);
	return TRUE;
}
