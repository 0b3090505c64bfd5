/* SPDX-License-Identifier: MIT */
/*
 * The system as such; survey-helper.c looks at the helper and its policy.
 */
#include "platform/survey.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/macvtap.h"
#include "platform/linux/observe.h"
#include "platform/linux/tap.h"
#include "platform/rootless.h"

#define TUN "/dev/net/tun"
#define TUN_NUMBER makedev(10, 200)
#define MODULES "/lib/modules"

/* ---- /dev/net/tun ---- */

static gboolean file_has(const char *path, const char *word)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, word);
}

static gboolean is_empty(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);

	return !dir || !g_dir_read_name(dir);
}

/*
 * NULL if the driver is in the kernel, or will be when the device is opened; opening it here would
 * load it. A container has no modules to look for, and then it is left open. Owned by the caller.
 */
static char *driver_problem(void)
{
	struct utsname host;
	g_autofree char *modules = NULL, *list = NULL, *builtin = NULL;

	if (file_has("/proc/misc", " tun\n") || uname(&host) < 0 || is_empty(MODULES))
		return NULL;
	modules = g_build_filename(MODULES, host.release, NULL);
	list = g_build_filename(modules, "modules.dep", NULL);
	builtin = g_build_filename(modules, "modules.builtin", NULL);
	if (access(modules, F_OK) < 0)
		return g_strdup_printf("the modules of the running kernel, %s, are gone; reboot "
				       "into the one that is installed",
			host.release);
	if (access(list, R_OK) < 0 || file_has(list, "/tun.ko") || file_has(builtin, "/tun.ko"))
		return NULL;
	return g_strdup_printf("there is no module tun in %s; install the package with the rest "
			       "of this kernel's modules",
		modules);
}

/* NULL if the node is right, else what is wrong (static text), and the exit status. */
static const char *node_problem(int *ret_status)
{
	struct statvfs filesystem;
	struct stat status;

	*ret_status = EX_OSFILE;
	if (stat(TUN, &status) < 0)
		return NULL; /* tap_is_possible tells */
	if (!S_ISCHR(status.st_mode) || status.st_rdev != TUN_NUMBER)
		return "is not the device 10:200; make it anew with: rm " TUN
		       " && mknod -m 0666 " TUN " c 10 200";
	*ret_status = EX_NOPERM;
	if (statvfs(TUN, &filesystem) == 0 && filesystem.f_flag & ST_NODEV)
		return "is on a file system mounted nodev; mount it without";
	return NULL;
}

gboolean survey_device(SurveyTell tell, gpointer data)
{
	g_autofree char *driver = NULL;
	const char *node;
	Fault fault;
	int status;

	if (!tap_is_possible(&fault)) {
		tell(SURVEY_ERROR, fault.status, TUN, fault.text, data);
		return FALSE;
	}
	node = node_problem(&status);
	if (node) {
		tell(SURVEY_ERROR, status, TUN, node, data);
		return FALSE;
	}
	driver = driver_problem();
	if (driver)
		tell(SURVEY_ERROR, EX_OSFILE, TUN, driver, data);
	else
		tell(SURVEY_OK, 0, TUN, "can be opened", data);
	return !driver;
}

/* ---- --rootless ---- */

/*
 * In a child, which takes the namespaces with it. A program that its user may not read, as this one
 * is installed, owns no /proc/self/uid_map; a child that holds nothing may be looked into.
 */
static gboolean can_be_rootless(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		gboolean can = syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0) == 0 &&
			       prctl(PR_SET_DUMPABLE, 1) == 0 && rootless_enter(NULL);
		_exit(can ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

static const struct {
	const char *path, *value; /* that forbids it */
	const char *cure;
} switches[] = {
	{ "/proc/sys/user/max_user_namespaces", "0\n",
		"an administrator can allow them: sysctl -w user.max_user_namespaces=10000" },
	{ "/proc/sys/user/max_net_namespaces", "0\n",
		"an administrator can allow them: sysctl -w user.max_net_namespaces=10000" },
	{ "/proc/sys/kernel/unprivileged_userns_clone", "0\n",
		"an administrator can allow them: sysctl -w kernel.unprivileged_userns_clone=1" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
		"AppArmor restricts them; an administrator can lift that: "
		"sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
};

static const char *cure_for_namespaces(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(switches); i++) {
		g_autofree char *value = NULL;

		if (g_file_get_contents(switches[i].path, &value, NULL, NULL) &&
			g_str_equal(value, switches[i].value))
			return switches[i].cure;
	}
	return "a container or a sandbox may be why";
}

void survey_rootless(SurveyTell tell, gpointer data)
{
	g_autofree char *line = NULL;

	if (can_be_rootless()) {
		tell(SURVEY_OK, 0, "--rootless", "you can have namespaces of your own", data);
		return;
	}
	line = g_strconcat("this system does not let you have namespaces of your own; ",
		cure_for_namespaces(), NULL);
	tell(SURVEY_NOTE, 0, "--rootless", line, data);
}

/* ---- neighbours ---- */

/* A process's name has at most 15 bytes. */
static gboolean runs(const char *name)
{
	g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
	const char *pid;

	while (dir && (pid = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename("/proc", pid, "comm", NULL);
		g_autofree char *text = NULL;

		if (g_ascii_isdigit(*pid) && g_file_get_contents(path, &text, NULL, NULL) &&
			g_str_equal(g_strchomp(text), name))
			return TRUE;
	}
	return FALSE;
}

void survey_neighbours(SurveyTell tell, gpointer data)
{
	static const struct {
		const char *name, *comm, *file;
	} neighbours[] = {
		{ "NetworkManager", "NetworkManager", NM_FILE },
		{ "systemd-networkd", "systemd-network", NETWORKD_FILE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(neighbours); i++) {
		const char *file = neighbours[i].file;
		g_autofree char *line = NULL;

		if (!runs(neighbours[i].comm))
			continue;
		if (access(file, F_OK) == 0) {
			line = g_strdup_printf(
				"leaves tap0, tap1, ... and tw-* alone, by %s", file);
			tell(SURVEY_OK, 0, neighbours[i].name, line, data);
			continue;
		}
		line = g_strdup_printf("may configure taps, since there is no %s; make install has "
				       "one",
			file);
		tell(SURVEY_WARNING, 0, neighbours[i].name, line, data);
	}
}

/* ---- leftovers ---- */

/* By its alias, which only the helper or an administrator can have given it. */
static gboolean is_ours(const NetifLink *link)
{
	guint uid;

	return sscanf(link->alias, "qemu-tapwrap:%*s pid=%*d uid=%u", &uid) == 1 && uid == getuid();
}

static void tell_leftover(const NetifLink *link, SurveyTell tell, gpointer data)
{
	g_autofree char *line = NULL;

	if (macvtap_is_ours(link)) {
		if (macvtap_is_taken(link->ifname, MACVTAP_LEASH))
			return;
		line = g_strdup_printf("is left of a VM whose keeper was killed; the next one "
				       "replaces it, or: ip link delete %s",
			link->ifname);
	} else if (link->tun.persistent) {
		line = g_strdup_printf("is a tap of yours that stays; if it is not wanted: "
				       "ip link delete %s",
			link->ifname);
	}
	if (line)
		tell(SURVEY_NOTE, 0, link->ifname, line, data);
}

void survey_leftovers(SurveyTell tell, gpointer data)
{
	struct if_nameindex *links = if_nameindex();
	g_autoptr(Netif) netif = observe_open(NULL);
	NetifLink link;
	Fault fault;
	bool found;

	for (guint i = 0; netif && links && links[i].if_index > 0; i++)
		if (netif_find(netif, links[i].if_name, &found, &link, &fault) && found &&
			is_ours(&link))
			tell_leftover(&link, tell, data);
	if (links)
		if_freenameindex(links);
}
