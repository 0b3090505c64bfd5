/* SPDX-License-Identifier: MIT */
/*
 * Taps, the helper that would make them, and the ports that the VM would listen on.
 */
#include "launcher/inspect/check-parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher/argv-parts.h"

/* ---- taps ---- */

static void raise_about(
	Check *check, const NetSubject *subject, const char *otherwise, GError *error)
{
	g_autofree char *place = subject->tap < 0
					 ? NULL
					 : plan_place(check->plan, check->profile, subject);

	check_raise(check, place ? place : otherwise, error);
}

static void check_tap(Check *check, guint i)
{
	NetTap *tap = &check->plan->taps[i];
	const ProfileSection *section = &check->plan->nics[i]->section;
	NetSubject subject;
	GError *error = NULL;

	if (!net_observe(tap, &tap->state, &subject, &error)) {
		subject.tap = i;
		raise_about(check, &subject, NULL, error);
		tap->ifname = NULL; /* nothing more to ask about it */
	} else if (tap->state == NET_TAP_READY) {
		check_ok(check, section, "ifname", "%s is there, and right", tap->ifname);
	} else if (tap->state == NET_TAP_INCOMPLETE) {
		check_ok(check, section, "ifname",
			"%s is there; what it lacks is added while the VM runs", tap->ifname);
	} else {
		check_ok(check, section, "ifname", "%s is a free name", tap->ifname);
	}
}

void check_taps(Check *check)
{
	for (guint i = 0; i < check->plan->n_taps; i++)
		check_tap(check, i);
}

/* ---- the helper ---- */

/* Those that net_observe did not refuse; where each stands in the plan is in @ret_index. */
static guint list_sound_taps(const Plan *plan, NetTap *taps, guint *ret_index)
{
	guint n = 0;

	for (guint i = 0; i < plan->n_taps; i++) {
		if (!plan->taps[i].ifname)
			continue;
		taps[n] = plan->taps[i];
		ret_index[n++] = i;
	}
	return n;
}

static gboolean is_helper_needed(const NetWish *wish)
{
	for (guint i = 0; i < wish->n_taps; i++)
		if (wish->taps[i].state != NET_TAP_READY)
			return TRUE;
	return FALSE;
}

void check_tell_privilege(Findings *findings, gboolean is_lent)
{
	findings_add(findings, FINDING_OK, 0, "helper", NULL,
		"the taps can be had, with the privilege of %s",
		is_lent		? "sudo or pkexec"
		: getuid() == 0 ? "root"
				: "the file capability of " HELPER_PATH);
}

void check_tell_password(Findings *findings)
{
	findings_add(findings, FINDING_NOTE, 0, "helper", NULL,
		"a dialog of pkexec will ask for an administrator's password");
}

void check_tell_warnings(Findings *findings, const char *place, const char *text)
{
	g_auto(GStrv) warnings = g_strsplit(text ? text : "", "\n", -1);

	for (guint i = 0; warnings[i]; i++)
		findings_add(findings, FINDING_WARNING, 0, place, NULL, "%s", warnings[i]);
}

void check_helper(Check *check)
{
	NetTap taps[NET_TAPS_MAX];
	guint index[NET_TAPS_MAX];
	gboolean is_lent = check->helper != NULL;
	NetWish wish = plan_wish(check->plan, check->profile, check->options->force);
	g_autofree char *warning = NULL;
	NetSubject subject;
	GError *error = NULL;

	wish.taps = taps;
	wish.n_taps = list_sound_taps(check->plan, taps, index);
	if (!check->helper && net_asks_for_password(&wish)) {
		check_tell_password(check->findings);
		return;
	}
	if (!net_judge(&wish, &check->helper, &warning, &subject, &error)) {
		if (subject.tap >= 0)
			subject.tap = index[subject.tap];
		raise_about(check, &subject, HELPER_PATH, error);
	} else if (is_helper_needed(&wish)) {
		check_tell_privilege(check->findings, is_lent);
	}
	check_tell_warnings(check->findings, "helper", warning);
}

/* ---- ports ---- */

typedef struct {
	const ProfileSection *section;
	const char *key;
	gboolean udp;
	char *host; /* an address, or "" for all */
	int port;
} Port;

static gboolean is_loopback(const char *host)
{
	return g_str_has_prefix(host, "127.") || g_str_equal(host, "::1");
}

/* An address that will be there when QEMU listens on it. */
static gboolean is_of_a_tap(const Check *check, const char *host)
{
	char text[NET_ADDRESS_TEXT];

	for (guint i = 0; i < check->plan->n_taps; i++) {
		const NetTap *tap = &check->plan->taps[i];

		for (guint j = 0; j < tap->n_addresses; j++)
			if (g_str_equal(net_address_print_host(&tap->addresses[j], text), host))
				return TRUE;
	}
	return FALSE;
}

static socklen_t fill_address(const Port *port, struct sockaddr_storage *address)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET6, port->host, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = htons(port->port);
		return sizeof(*ipv6);
	}
	inet_pton(AF_INET, *port->host ? port->host : "0.0.0.0", &ipv4->sin_addr);
	ipv4->sin_family = AF_INET;
	ipv4->sin_port = htons(port->port);
	return sizeof(*ipv4);
}

/* 0, or why it cannot be bound. Never listens: nobody can tell that we were there. */
static int try_port(const Port *port)
{
	struct sockaddr_storage address;
	socklen_t len = fill_address(port, &address);
	int type = port->udp ? SOCK_DGRAM : SOCK_STREAM, on = 1, reason = 0;
	int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	/* As QEMU does; with UDP it would also let in a second one. */
	if (!port->udp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, len) < 0)
		reason = errno;
	close(fd);
	return reason;
}

static const char *cure_for(int reason)
{
	return reason == EACCES		 ? "take a port from 1024 on"
	       : reason == EADDRINUSE	 ? "take another one; ss -lnp shows who has it"
	       : reason == EADDRNOTAVAIL ? "take an address of this host"
					 : NULL;
}

static void check_port(Check *check, GHashTable *seen, const Port *port)
{
	gboolean v6 = strchr(port->host, ':') != NULL;
	g_autofree char *name = g_strdup_printf("%s port %s%s%s:%d", port->udp ? "UDP" : "TCP",
		v6 ? "[" : "", *port->host ? port->host : "0.0.0.0", v6 ? "]" : "", port->port);
	int reason = try_port(port);

	if (reason == EADDRNOTAVAIL && is_of_a_tap(check, port->host))
		reason = 0;
	if (!g_hash_table_add(seen, g_strdup(name)))
		check_refused_by_qemu(check, port->section, port->key, "take another one",
			"%s is asked for twice", name);
	else if (reason)
		check_refused_by_qemu(check, port->section, port->key, cure_for(reason), "%s: %s",
			name, g_strerror(reason));
	else
		check_ok(check, port->section, port->key, "%s is free", name);
}

/* In the directory of a socket must be room for it; our run directory is made. */
static void check_socket(
	Check *check, const ProfileSection *section, const char *key, const char *path)
{
	g_autofree char *directory = g_path_get_dirname(path);

	if (g_strcmp0(directory, check->profile->places.run) == 0)
		return;
	if (access(directory, W_OK | X_OK) < 0)
		check_refused_by_qemu(
			check, section, key, NULL, "%s: %s", directory, g_strerror(errno));
}

/* Where QEMU listens and asks for no password. */
static void check_endpoint(Check *check, GHashTable *seen, const ProfileSection *section,
	const char *key, const char *endpoint, gboolean udp)
{
	Port port = { .section = section, .key = key, .udp = udp };
	const char *number;

	if (!endpoint)
		return;
	if (*endpoint == '/') {
		check_socket(check, section, key, endpoint);
		return;
	}
	port.host = argv_split_endpoint(endpoint, &number);
	port.port = atoi(number);
	check_port(check, seen, &port);
	if (!is_loopback(port.host))
		check_warn(check, section, key, "take 127.0.0.1, and reach it through ssh -L",
			"whoever reaches %s can use it, without a password", endpoint);
	g_free(port.host);
}

/* tcp:127.0.0.1:2222-:22 */
static void check_hostfwd(
	Check *check, GHashTable *seen, const ProfileNic *nic, const char *hostfwd)
{
	g_auto(GStrv) parts = g_strsplit(hostfwd, ":", -1);
	Port port = { &nic->section, "hostfwd", g_str_equal(parts[0], "udp"), parts[1],
		atoi(parts[2]) };

	check_port(check, seen, &port);
}

void check_ports(Check *check)
{
	const Profile *profile = check->profile;
	const ProfileMonitor *monitor = profile->monitor;
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < profile->nics->len; i++) {
		const ProfileNic *nic = profile->nics->pdata[i];

		for (guint j = 0; nic->hostfwd && nic->hostfwd[j]; j++)
			if (g_str_equal(nic->type, "user") || g_str_equal(nic->type, "passt"))
				check_hostfwd(check, seen, nic, nic->hostfwd[j]);
		if (g_str_equal(nic->type, "passt") && g_str_equal(nic->model, "e1000"))
			check_warn(check, &nic->section, "model", "take virtio-net-pci",
				"passt of 2023 loses what the driver of an e1000 sends");
		if (!g_str_equal(nic->type, "none"))
			check_endpoint(check, seen, &nic->section, "listen", nic->listen,
				g_str_equal(nic->type, "dgram"));
	}
	check_endpoint(
		check, seen, &profile->display->section, "listen", profile->display->listen, FALSE);
	for (guint i = 0; i < profile->serials->len; i++) {
		const ProfileSerial *serial = profile->serials->pdata[i];

		check_endpoint(check, seen, &serial->section, "listen", serial->listen, FALSE);
		if (g_str_equal(serial->type, "unix"))
			check_endpoint(check, seen, &serial->section, "path", serial->path, FALSE);
	}
	check_endpoint(check, seen, &monitor->section, "qmp", monitor->qmp, FALSE);
	check_endpoint(check, seen, &monitor->section, "hmp", monitor->hmp, FALSE);
	check_endpoint(check, seen, &monitor->section, "gdb", monitor->gdb, FALSE);
}
