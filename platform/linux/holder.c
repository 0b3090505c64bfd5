/* SPDX-License-Identifier: MIT */
#include "platform/linux/holder.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/net.h"

/* A tap has no alias for the first moments of its life: wait for one this often, this long. */
#define ALIAS_TRIES 50
#define ALIAS_PAUSE_US 4000

typedef struct {
	char *vm; /* NULL when the tap is not one of ours */
	int pid;  /* 0: unknown */
	unsigned int uid;
	gboolean is_old; /* the alias may be from before: who made the tap need not use it */
} Holder;

/* ---- from the alias ---- */

/* qemu-tapwrap:win10 pid=4242 uid=1000, as the helper writes it */
static void read_alias(const NetifLink *link, Holder *holder)
{
	const char *alias = link->alias;
	char vm[64];
	int pid;
	unsigned int uid;

	if (sscanf(alias, "qemu-tapwrap:%63s pid=%d uid=%u", vm, &pid, &uid) != 3)
		return;
	holder->vm = g_strdup(vm);
	holder->pid = pid;
	holder->uid = uid;
	holder->is_old = link->tun.persistent && !strstr(alias, " adopted");
}

/* ---- from /proc ---- */

static gboolean is_in_our_network(int pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/ns/net", pid);
	struct stat ours, theirs;

	return stat("/proc/self/ns/net", &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_ino == theirs.st_ino;
}

static gboolean has_tap_open(int pid, const char *ifname)
{
	g_autofree char *directory = g_strdup_printf("/proc/%d/fdinfo", pid);
	g_autofree char *wanted = g_strdup_printf("iff:\t%s\n", ifname);
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);
		g_autofree char *text = NULL;

		if (g_file_get_contents(path, &text, NULL, NULL) && strstr(text, wanted))
			return TRUE;
	}
	return FALSE;
}

/* NULL when it has ended. */
static char *program_of(int pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/comm", pid);
	char *name = NULL;

	return g_file_get_contents(path, &name, NULL, NULL) ? g_strchomp(name) : NULL;
}

/*
 * A launcher or helper has the tap only for a moment, until QEMU does: the alias knows better. One
 * that has ended since we saw the tap with it was such.
 */
static gboolean is_on_the_way(int pid)
{
	g_autofree char *program = program_of(pid);

	return !program || g_str_has_prefix(program, "qemu-tapwrap");
}

/* 0 when it is a process we may not look into. */
static int find_process(const char *ifname)
{
	g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		int pid = g_ascii_isdigit(*name) ? atoi(name) : 0;

		if (pid > 0 && has_tap_open(pid, ifname) && is_in_our_network(pid) &&
			!is_on_the_way(pid))
			return pid;
	}
	return 0;
}

/* The profile that a VM of ours was started from; NULL if it cannot be seen. */
static char *profile_of(int pid)
{
	static const char variable[] = NET_PROFILE_VARIABLE "=";
	g_autofree char *path = g_strdup_printf("/proc/%d/environ", pid);
	g_autofree char *environment = NULL;
	gsize len = 0;

	if (!g_file_get_contents(path, &environment, &len, NULL))
		return NULL;
	for (const char *at = environment; at < environment + len; at += strlen(at) + 1)
		if (g_str_has_prefix(at, variable))
			return g_strdup(at + strlen(variable));
	return NULL;
}

/* ---- together ---- */

static char *describe_vm(const char *ifname, const Holder *holder)
{
	g_autofree char *profile = profile_of(holder->pid);
	g_autofree char *user = holder->uid == getuid()
					? g_strdup("")
					: g_strdup_printf(" of user %u", holder->uid);

	return g_strdup_printf("%s is in use by VM '%s' (pid %d%s%s%s)", ifname, holder->vm,
		holder->pid, user, profile ? ", " : "", profile ? profile : "");
}

static char *describe_process(const char *ifname, int pid)
{
	g_autofree char *program = pid ? program_of(pid) : NULL;

	return program ? g_strdup_printf("%s is in use by %s (pid %d)", ifname, program, pid)
		       : g_strdup_printf("%s is in use by a process of another user", ifname);
}

char *holder_describe(Netif *netif, const char *ifname)
{
	Holder holder = { 0 };
	NetifLink link;
	Fault fault;
	bool found = true;
	int pid = 0;
	char *text;

	for (int i = 0; i < ALIAS_TRIES && found && !holder.vm && !pid; i++) {
		if (i > 0)
			g_usleep(ALIAS_PAUSE_US);
		pid = find_process(ifname); /* first: a tap has its alias before QEMU has the tap */
		if (!netif_find(netif, ifname, &found, &link, &fault) || !found)
			break;
		read_alias(&link, &holder);
	}
	if (holder.is_old && pid != holder.pid)
		g_clear_pointer(&holder.vm, g_free);
	if (pid)
		holder.pid = pid; /* -daemonize has changed it */
	text = holder.vm ? describe_vm(ifname, &holder)
	       : found	 ? describe_process(ifname, pid)
			 : g_strdup_printf("%s was in use until just now; try again", ifname);
	g_free(holder.vm);
	return text;
}
