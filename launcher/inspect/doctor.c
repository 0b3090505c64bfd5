/* SPDX-License-Identifier: MIT */
#include "launcher/inspect/doctor.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/companions.h"
#include "launcher/inspect/ask.h"
#include "launcher/inspect/check-parts.h"
#include "launcher/preflight.h"
#include "platform/survey.h"

#define PATIENCE_US (2 * G_USEC_PER_SEC) /* for QEMU's version */

static void tell(SurveyRank rank, int status, const char *subject, const char *line, gpointer data)
{
	static const FindingSeverity severities[] = {
		[SURVEY_OK] = FINDING_OK,
		[SURVEY_NOTE] = FINDING_NOTE,
		[SURVEY_WARNING] = FINDING_WARNING,
		[SURVEY_ERROR] = FINDING_ERROR,
	};

	findings_add_line(data, severities[rank], status, subject, line);
}

/* ---- QEMU ---- */

/* "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)" and a line about rights. */
static void look_at_version(Findings *findings, char *emulator)
{
	char *argv[] = { emulator, "--version", NULL };
	g_autoptr(GError) error = NULL;
	g_autofree char *answer = ask_program(
		argv, "", g_get_monotonic_time() + PATIENCE_US, &error);
	const char *version = answer ? strstr(answer, "version ") : NULL;

	if (!version)
		findings_add(findings, FINDING_ERROR, error ? error->code : FINDING_QEMU_FAILS,
			emulator, "install it anew", "%s",
			error ? error->message : "does not tell its version");
	else
		findings_add(findings, FINDING_OK, 0, emulator, NULL, "is QEMU %.*s",
			(int)strcspn(version + strlen("version "), "\n"),
			version + strlen("version "));
}

static void look_at_qemu(Findings *findings)
{
	const char *program = "qemu-system-" HOST_ARCH, *cure = NULL, *why;
	g_autoptr(GError) error = NULL;
	g_autofree char *emulator = preflight_program(program, "install QEMU", &error);

	if (emulator)
		look_at_version(findings, emulator);
	else
		findings_add_line(findings, FINDING_ERROR, error->code, program, error->message);
	why = preflight_kvm_problem(&cure);
	if (why)
		findings_add(findings, FINDING_WARNING, 0, PREFLIGHT_KVM, cure,
			"%s: VMs will be slow", why);
	else
		findings_add(findings, FINDING_OK, 0, PREFLIGHT_KVM, NULL, "can be used");
}

/* ---- taps ---- */

/* One that nobody needs, without an address, to ask the helper about. */
static NetTap make_probe(const char *ifname)
{
	static const NetAddress address;
	static const NetRoute route;
	NetTap tap = {
		.ifname = ifname,
		.state = NET_TAP_MISSING,
		.n_queues = 1,
		.addresses = &address,
		.routes = &route,
	};

	return tap;
}

static gboolean judge(
	const NetTap *tap, char **ret_warning, NetSubject *ret_subject, GError **error)
{
	NetWish wish = { .taps = tap, .n_taps = 1, .label = "doctor" };
	g_autoptr(NetHelper) helper = NULL;

	return net_judge(&wish, &helper, ret_warning, ret_subject, error);
}

/* The same with one address, and NAT or DHCP for it. */
static gboolean judge_extra(const SurveyAllowance *allowance, gboolean is_v6, NetKey key,
	char **ret_warning, NetSubject *ret_subject, GError **error)
{
	NetTap tap = make_probe(allowance->ifname);

	tap.addresses = &allowance->hosts[is_v6];
	tap.n_addresses = 1;
	if (key == NET_KEY_NAT) {
		tap.nat = "";
	} else {
		tap.dhcp = TRUE;
		tap.guests[is_v6] = allowance->guests[is_v6];
		memcpy(tap.guest_mac, "\x52\x54\x00\x12\x34\x56", sizeof(tap.guest_mac));
	}
	return judge(&tap, ret_warning, ret_subject, error);
}

/* What some VMs want beside the tap. What hinders it is told; what hinders the probe is not. */
static void look_at_extra(
	Findings *findings, const SurveyAllowance *allowance, gboolean is_v6, NetKey key)
{
	g_autofree char *name = g_strdup_printf(
		"%s = on, IPv%d", key == NET_KEY_NAT ? "nat" : "dhcp", is_v6 ? 6 : 4);
	g_autofree char *warning = NULL;
	g_autoptr(GError) error = NULL;
	NetSubject subject = { .tap = -1 };

	if (judge_extra(allowance, is_v6, key, &warning, &subject, &error))
		findings_add(findings, FINDING_OK, 0, name, NULL, "can be had");
	else if (subject.tap == 0 && subject.key == key)
		findings_add_line(findings, FINDING_NOTE, 0, name, error->message);
	check_tell_warnings(findings, name, warning);
}

/* By the first lines of the policy that allow them. */
static void look_at_extras(Findings *findings, const GArray *allowances)
{
	gboolean nat[2] = { FALSE }, dhcp[2] = { FALSE };

	for (guint i = 0; i < allowances->len; i++) {
		const SurveyAllowance *allowance = &g_array_index(allowances, SurveyAllowance, i);

		for (int v6 = 0; v6 < 2; v6++) {
			if (!allowance->hosts[v6].family)
				continue;
			if (allowance->nat && !nat[v6])
				look_at_extra(findings, allowance, v6, NET_KEY_NAT);
			if (allowance->dhcp && !dhcp[v6])
				look_at_extra(findings, allowance, v6, NET_KEY_DHCP);
			nat[v6] |= allowance->nat;
			dhcp[v6] |= allowance->dhcp;
		}
	}
}

/* Whatever the policy allows first; without a line, what a message can show. */
static gboolean judge_plain(const GArray *allowances, GError **error)
{
	NetAddress host = { .family = 4, .prefix_len = 24, .octets = { 192, 168, 50, 1 } };
	NetTap tap = make_probe("tap0");
	g_autofree char *warning = NULL;
	NetSubject subject;

	for (guint i = 0; i < allowances->len; i++) {
		NetTap probe = make_probe(g_array_index(allowances, SurveyAllowance, i).ifname);

		g_clear_error(error);
		g_clear_pointer(&warning, g_free);
		if (judge(&probe, &warning, &subject, error))
			return TRUE;
	}
	tap.addresses = &host;
	tap.n_addresses = 1;
	return allowances->len == 0 && judge(&tap, &warning, &subject, error);
}

static void look_at_privilege(Findings *findings, gboolean has_device)
{
	g_autoptr(GArray) allowances = survey_allowances();
	g_autoptr(GError) error = NULL;

	if (judge_plain(allowances, &error)) {
		check_tell_privilege(findings, FALSE);
		look_at_extras(findings, allowances);
		survey_policy(tell, findings);
		return;
	}
	if (has_device || !strstr(error->message, "/dev/net/tun"))
		findings_add_line(
			findings, FINDING_ERROR, error->code, HELPER_PATH, error->message);
	if (!strstr(error->message, "setcap"))
		survey_capability(tell, findings);
	if (error->code != EX_CONFIG) /* then it allows nothing, whatever it says */
		survey_policy(tell, findings);
}

static void look_at_taps(Findings *findings)
{
	NetTap tap = make_probe("tap0");
	NetWish wish = { .taps = &tap, .n_taps = 1, .label = "doctor" };
	gboolean has_device = survey_device(tell, findings);

	if (net_asks_for_password(&wish))
		check_tell_password(findings);
	else if (survey_helper(tell, findings))
		look_at_privilege(findings, has_device);
	survey_pkexec(tell, findings);
	survey_rootless(tell, findings);
	survey_neighbours(tell, findings);
	survey_leftovers(tell, findings);
}

/* ---- the rest ---- */

static void look_at_programs(Findings *findings)
{
	static const struct {
		const char *name, *use;
	} programs[] = {
		{ "swtpm", "[tpm] type = emulator" },
		{ "virtiofsd", "[share] type = virtiofs" },
		{ "passt", "[nic] type = passt" },
		{ "pasta", "a way out of --rootless" },
		{ "qemu-img", "disks that are created" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
		g_autofree char *path = companions_find_program(programs[i].name);
		g_autofree char *cure = g_strdup_printf("install %s", programs[i].name);

		if (path)
			findings_add(findings, FINDING_OK, 0, path, NULL, "is there, for %s",
				programs[i].use);
		else
			findings_add(findings, FINDING_NOTE, 0, programs[i].name, cure,
				"is not installed; it is needed for %s", programs[i].use);
	}
}

static void look_at_run_directory(Findings *findings)
{
	Places places = { 0 };
	const char *given = g_getenv("XDG_RUNTIME_DIR");
	const char *run = places_run(&places, "vm");

	g_autofree char *ours = run ? g_path_get_dirname(run) : NULL;

	if (run && check_can_create(run))
		findings_add(findings, FINDING_OK, 0, ours, NULL,
			"can be written to, for sockets, a TPM and [cloud-init]");
	else
		findings_add(findings, FINDING_WARNING, 0, given ? given : "XDG_RUNTIME_DIR",
			"log in by a session that sets it, or: "
			"export XDG_RUNTIME_DIR=$(mktemp -d)",
			"%s: no VM with a socket there, a TPM or [cloud-init] can start",
			given ? "is not a directory of yours that can be written to"
			      : "is not set");
	places_clear(&places);
}

int doctor_run(const Options *options)
{
	g_autoptr(Findings) findings = findings_new(options->json);

	look_at_qemu(findings);
	look_at_taps(findings);
	look_at_programs(findings);
	look_at_run_directory(findings);
	findings_print(findings, stdout);
	return findings_status(findings);
}
