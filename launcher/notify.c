/* SPDX-License-Identifier: MIT */
#include "launcher/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY_MAX 2000 /* bytes; a desktop shows less */

/* ---- when ---- */

static gboolean is_set(const char *variable)
{
	const char *value = g_getenv(variable);

	return value && *value;
}

static gboolean has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || isatty(STDERR_FILENO);
}

/* A program that reads what we say can show it itself. */
static gboolean is_read_by_program(void)
{
	struct stat status;

	return fstat(STDERR_FILENO, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* Desktops start programs in units, too: those are called app-..., as systemd's rules want it. */
static gboolean is_of_desktop(const char *cgroup)
{
	const char *leaf = strrchr(cgroup, '/');

	return leaf && g_str_has_prefix(leaf, "/app-");
}

/* The process that a unit starts, and not what a desktop that is one has started. */
static gboolean is_service(void)
{
	g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
	g_autofree char *cgroup = NULL;

	return g_strcmp0(g_getenv("SYSTEMD_EXEC_PID"), pid) == 0 &&
	       !(g_file_get_contents("/proc/self/cgroup", &cgroup, NULL, NULL) &&
		       is_of_desktop(cgroup));
}

/* pkexec leaves no variable of the desktop's. */
static gboolean has_desktop(void)
{
	return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("PKEXEC_UID");
}

/* Root on behalf of somebody else reads nothing of theirs, so it does not know their desktop. */
static gboolean is_still_root(void)
{
	return getuid() == 0 && (is_set("SUDO_UID") || is_set("PKEXEC_UID") || is_set("DOAS_USER"));
}

static gboolean is_wanted(void)
{
	const char *given = g_getenv("QEMU_TAPWRAP_NOTIFY");

	if (is_still_root() || g_strcmp0(given, "off") == 0)
		return FALSE;
	if (g_strcmp0(given, "on") == 0)
		return TRUE;
	return has_desktop() && !is_set("SSH_CONNECTION") && !has_terminal() &&
	       !is_read_by_program() && !is_service();
}

/* ---- how ---- */

static char *summary_for(const char *profile)
{
	g_autofree char *name = profile ? g_path_get_basename(profile) : NULL;

	if (!name)
		return g_strdup("qemu-tapwrap");
	if (g_str_has_suffix(name, ".ini"))
		name[strlen(name) - strlen(".ini")] = '\0';
	return g_strdup_printf("qemu-tapwrap: VM '%s' did not start", name);
}

/* Its errors are not ours. */
static void become_silent(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
}

void notify_failure(const char *profile, gboolean rootless, const char *text)
{
	g_autofree char *summary = NULL;
	g_autofree char *body = NULL;
	const char *option = rootless ? NOTIFY_ROOTLESS_OPTION : NOTIFY_OPTION;
	pid_t pid;

	if (!is_wanted())
		return;
	summary = summary_for(profile);
	body = g_strndup(text, BODY_MAX);
	pid = fork();
	if (pid == 0) {
		become_silent();
		syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
		execl(CONTROL_PATH, CONTROL_PATH, option, summary, body, (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
