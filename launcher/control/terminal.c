/* SPDX-License-Identifier: MIT */
#include "launcher/control/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A signal's handler has nothing but this: what is to be undone, and done again. */
static struct {
	volatile sig_atomic_t fd; /* -1: nothing */
	gboolean is_raw;	  /* or its cursor is hidden */
	struct termios before, raw;
} changed = { .fd = -1 };

#define HIDE "\033[?25l"
#define SHOW "\033[?25h"

/* ---- doing and undoing; also in a handler ---- */

static void apply(void)
{
	if (changed.fd < 0)
		return;
	if (changed.is_raw)
		tcsetattr(changed.fd, TCSANOW, &changed.raw);
	else
		(void)!write(changed.fd, HIDE, strlen(HIDE));
}

static void undo(void)
{
	if (changed.fd < 0)
		return;
	if (changed.is_raw)
		tcsetattr(changed.fd, TCSANOW, &changed.before);
	else
		(void)!write(changed.fd, SHOW, strlen(SHOW));
}

/* ---- signals ---- */

/* These do not end a process, or cannot be caught. */
static const int others[] = { SIGKILL, SIGSTOP, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGURG,
	SIGWINCH };
static struct sigaction before_ends[NSIG];

static gboolean is_end(int number)
{
	for (guint i = 0; i < G_N_ELEMENTS(others); i++)
		if (others[i] == number)
			return FALSE;
	return TRUE;
}

static void raise_now(int number)
{
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, number);
	raise(number);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

/* What would have happened without us happens after all. */
static void end_at(int number)
{
	sigaction(number, &before_ends[number], NULL);
	undo();
	raise_now(number);
}

static void stop_at(int number);

static void catch_stop(void)
{
	struct sigaction action = { .sa_handler = stop_at };

	sigaction(SIGTSTP, &action, NULL);
}

/* Whoever else stops us, like the shell, restores the terminal itself, or nobody does. */
static void stop_at(int number)
{
	int reason = errno;
	struct sigaction action = { .sa_handler = SIG_DFL };

	undo();
	sigaction(number, &action, NULL);
	raise_now(number); /* returns when we go on */
	catch_stop();
	errno = reason;
}

/* In the background it is not ours; SIGCONT comes once more when it is. */
static void go_on(int number)
{
	int reason = errno;

	(void)number;
	if (changed.fd >= 0 && tcgetpgrp(changed.fd) == getpgrp())
		apply();
	errno = reason;
}

static void ignore(int number)
{
	(void)number; /* but it ends a system call that waits */
}

static gboolean is_ignored(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void catch_signals(void)
{
	struct sigaction end = { .sa_handler = end_at }, again = { .sa_handler = go_on },
			 size = { .sa_handler = ignore };

	for (int number = 1; number < NSIG; number++)
		if (is_end(number) && !is_ignored(number))
			sigaction(number, &end, &before_ends[number]);
	if (!is_ignored(SIGTSTP))
		catch_stop();
	sigaction(SIGCONT, &again, NULL);
	sigaction(SIGWINCH, &size, NULL);
}

/* ---- for others ---- */

gboolean terminal_make_raw(int fd)
{
	if (tcgetattr(fd, &changed.before) < 0)
		return FALSE;
	changed.raw = changed.before;
	cfmakeraw(&changed.raw);
	changed.is_raw = TRUE;
	changed.fd = fd;
	catch_signals();
	apply();
	return TRUE;
}

gboolean terminal_hide_cursor(int fd)
{
	if (!isatty(fd))
		return FALSE;
	changed.is_raw = FALSE;
	changed.fd = fd;
	catch_signals();
	apply();
	return TRUE;
}

void terminal_restore(void)
{
	undo();
	changed.fd = -1;
}

void terminal_size(int fd, int *ret_columns, int *ret_rows)
{
	struct winsize size = { .ws_col = 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		size.ws_col = size.ws_row = 0;
	*ret_columns = size.ws_col ? size.ws_col : 80;
	*ret_rows = size.ws_row ? size.ws_row : 24;
}
