/* SPDX-License-Identifier: MIT */
#include "launcher/control/watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/columns.h"
#include "launcher/control/terminal.h"

#define PERIOD_MS 1000

/* Three of them: to the corner, the rest of a line, the rest of the screen. */
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

/* ---- on a terminal ---- */

static void add_line(GString *screen, const char *line, int width)
{
	g_string_append_len(screen, line, columns_fit(line, width));
	g_string_append(screen, CLEAR_LINE "\n");
}

/* The cursor's line, the last one, stays empty: nothing scrolls. */
static char *make_screen(const char *text, int width, int height)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	int n = g_strv_length(lines), room = MAX(1, height - 1);
	GString *screen = g_string_new(HOME);

	if (n > 0 && !*lines[n - 1])
		n--; /* behind the last newline */
	for (int i = 0; i < n && i < (n > room ? room - 1 : room); i++)
		add_line(screen, lines[i], width);
	if (n > room) {
		g_autofree char *rest = g_strdup_printf("... and %d more", n - room + 1);

		add_line(screen, rest, width);
	}
	g_string_append(screen, CLEAR_REST);
	return g_string_free(screen, FALSE);
}

static void draw(const char *text)
{
	g_autofree char *screen = NULL;
	pid_t foreground = tcgetpgrp(STDOUT_FILENO);
	int width, height;

	if (foreground >= 0 && foreground != getpgrp())
		return; /* it is somebody else's now */
	terminal_size(STDOUT_FILENO, &width, &height);
	screen = make_screen(text, width, height);
	fputs(screen, stdout);
}

/* ---- elsewhere ---- */

/* Takes @news. */
static void append(const char *text, char *news, char **last)
{
	if (g_strcmp0(news, *last) != 0)
		printf("%s%s", *last ? "\n" : "", text);
	g_free(*last);
	*last = news;
}

/* ---- both ---- */

/* Until the next time; a terminal of another size does not wait. FALSE: nobody reads any more. */
static gboolean wait_a_while(void)
{
	struct pollfd poller = { .fd = STDOUT_FILENO };

	if (fflush(stdout) != 0)
		return FALSE;
	return poll(&poller, 1, PERIOD_MS) <= 0;
}

int watch_run(WatchShow show, gpointer data)
{
	gboolean on_terminal = terminal_hide_cursor(STDOUT_FILENO), is_read = TRUE;
	char *last = NULL, *text, *news = NULL;

	while (is_read && (text = show(data, &news))) {
		if (on_terminal)
			draw(text);
		else
			append(text, g_steal_pointer(&news), &last);
		g_free(text);
		g_clear_pointer(&news, g_free);
		is_read = wait_a_while();
	}
	g_free(last);
	terminal_restore();
	return is_read ? EXIT_SUCCESS : EX_IOERR;
}
