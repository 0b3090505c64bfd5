/* SPDX-License-Identifier: MIT */
#include "launcher/control/monitor.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "launcher/control/command.h"
#include "launcher/run-directory.h"

#define COMMAND_LIMIT 600 /* seconds: savevm may take minutes */
#define END_LIMIT_US (5 * G_USEC_PER_SEC)
#define PAUSE_US (20 * 1000)
#define LOOK_MS 500 /* how often it is looked whether the VM still runs */

/* ---- one command ---- */

/* A command that ends the VM has ended the talk, too. */
static gboolean has_ended(const Running *vm)
{
	gint64 deadline = g_get_monotonic_time() + END_LIMIT_US;

	while (run_directory_is_held(vm->directory, FALSE)) {
		if (g_get_monotonic_time() > deadline)
			return FALSE;
		g_usleep(PAUSE_US);
	}
	return TRUE;
}

static gboolean is_quit(const char *command)
{
	return g_str_equal(command, "quit") || g_str_equal(command, "q");
}

/* QEMU ends its lines as a terminal in raw mode wants it. */
static void print_text(const char *text)
{
	gboolean tame = isatty(STDOUT_FILENO);

	for (; *text; text++) {
		if (*text == '\r' && text[1] == '\n')
			continue;
		if (tame && g_ascii_iscntrl(*text) && !strchr("\n\t", *text))
			putchar('?');
		else
			putchar(*text);
	}
	fflush(stdout);
}

/* QEMU does not mark the text of a failure but by how it begins. */
static int status_of(const char *text)
{
	return g_str_has_prefix(text, "Error: ") || g_str_has_prefix(text, "unknown command: ")
		       ? COMMAND_REFUSED
		       : EXIT_SUCCESS;
}

static int show_answer(JsonNode *answer)
{
	const char *text = JSON_NODE_HOLDS_VALUE(answer) ? json_node_get_string(answer) : NULL;

	print_text(text ? text : "");
	return status_of(text ? text : "");
}

static gboolean is_text(const char *command, GError **error)
{
	if (g_utf8_validate(command, -1, NULL))
		return TRUE;
	g_set_error_literal(error, COMMAND_ERROR, EX_USAGE, "--monitor: a command is UTF-8");
	return FALSE;
}

/* A connection for each, so that other verbs have their turn. @ret_ended: there is no VM any more.
 */
static int do_command(const Running *vm, const char *command, gboolean *ret_ended)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Commander) commander = is_text(command, &error) ? command_open(vm, &error) : NULL;
	g_autoptr(JsonNode) answer = NULL;
	int status;

	*ret_ended = FALSE;
	if (commander) {
		JsonObject *arguments = json_object_new();

		json_object_set_string_member(arguments, "command-line", command);
		answer = command_give(
			commander, "human-monitor-command", arguments, COMMAND_LIMIT, &error);
	}
	status = answer ? show_answer(answer) : error->code;
	if (!answer && status == EX_UNAVAILABLE && commander)
		*ret_ended = has_ended(vm);
	else if (is_quit(command))
		*ret_ended = has_ended(vm);
	if (*ret_ended)
		return EXIT_SUCCESS;
	return answer ? status : command_complain(error);
}

/* ---- lines ---- */

typedef struct {
	const Running *vm;
	gboolean prompt;
	GString *input;
	gboolean ended;
} Talk;

/* FALSE at the end of standard input, or of the VM. */
static gboolean read_more(Talk *talk)
{
	struct pollfd poller = { .fd = STDIN_FILENO, .events = POLLIN };
	char buffer[4096];
	ssize_t n;

	while (poll(&poller, 1, LOOK_MS) <= 0) {
		talk->ended = !run_directory_is_held(talk->vm->directory, FALSE);
		if (talk->ended)
			return FALSE;
	}
	n = read(STDIN_FILENO, buffer, sizeof(buffer));
	if (n > 0)
		g_string_append_len(talk->input, buffer, n);
	return n > 0 || (n < 0 && errno == EINTR);
}

/* NULL at the end. A last line without its end is one. */
static char *read_line(Talk *talk)
{
	char *end, *line;

	while (!(end = memchr(talk->input->str, '\n', talk->input->len)))
		if (!read_more(talk))
			break;
	if (!end && (talk->input->len == 0 || talk->ended)) {
		if (talk->prompt)
			putchar('\n'); /* behind the prompt */
		return NULL;
	}
	line = g_strndup(talk->input->str, end ? end - talk->input->str : (gssize)talk->input->len);
	g_string_erase(talk->input, 0, end ? end - talk->input->str + 1 : -1);
	return line;
}

static void show_prompt(const Talk *talk)
{
	if (!talk->prompt)
		return;
	fputs("(qemu) ", stdout);
	fflush(stdout);
}

static int talk_by_lines(Talk *talk)
{
	int status = EXIT_SUCCESS;

	while (!talk->ended) {
		g_autofree char *line = NULL;

		show_prompt(talk);
		line = read_line(talk);
		if (!line)
			break;
		if (*g_strstrip(line))
			status = do_command(talk->vm, line, &talk->ended);
	}
	return status;
}

static int talk_with(const Running *vm)
{
	Talk talk = { .vm = vm, .prompt = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) };
	int status;

	talk.input = g_string_new(NULL);
	status = talk_by_lines(&talk);
	g_string_free(talk.input, TRUE);
	if (talk.ended && talk.prompt)
		fprintf(stderr, "qemu-tapwrap: VM '%s' has ended\n", vm->name);
	return talk.prompt ? EXIT_SUCCESS : status;
}

/* ---- all ---- */

/* Before anything is typed for nobody. */
static gboolean answers(const Running *vm, GError **error)
{
	g_autoptr(Commander) commander = command_open(vm, error);

	return commander != NULL;
}

int monitor_run(const Options *options)
{
	g_autofree char *command = g_strjoinv(" ", options->arguments);
	g_autoptr(GError) error = NULL;
	g_autoptr(Running) vm = running_find(options->profile, &error);
	gboolean ended;

	if (!vm || (!options->arguments[0] && !answers(vm, &error)))
		return command_complain(error);
	return options->arguments[0] ? do_command(vm, command, &ended) : talk_with(vm);
}
