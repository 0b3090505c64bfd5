/* SPDX-License-Identifier: MIT */
#include "launcher/control/command.h"

#include <stdio.h>
#include <sysexits.h>

#include "launcher/control/qmp.h"
#include "launcher/run-directory.h"

G_DEFINE_QUARK(qemu_tapwrap_command, command_error)

#define SECOND G_USEC_PER_SEC
#define PAUSE_US (20 * 1000)
#define START_LIMIT 1  /* seconds until a QEMU that starts listens */
#define ANSWER_LIMIT 2 /* and until it has said anything */

struct Commander {
	const Running *vm;
	Qmp *qmp;
	char *state;
};

void command_tame(char *text)
{
	for (char *c = text; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?';
}

int command_complain(const GError *error)
{
	g_autofree char *line = g_strdup(error->message);

	command_tame(line);
	fprintf(stderr, "qemu-tapwrap: %s\n", line);
	return error->code;
}

static gint64 after(guint seconds)
{
	return g_get_monotonic_time() + seconds * (gint64)SECOND;
}

/* Takes @cause, of QMP_ERROR. */
static void raise_cause(const Commander *commander, GError *cause, GError **error)
{
	int status = cause->code == EX_SOFTWARE ? COMMAND_REFUSED : cause->code;

	g_set_error(
		error, COMMAND_ERROR, status, "VM '%s': %s", commander->vm->name, cause->message);
	g_error_free(cause);
}

static gboolean connect_to_it(Commander *commander, GError **error)
{
	g_autofree char *path = g_build_filename(
		commander->vm->directory, RUN_DIRECTORY_CONTROL, NULL);
	gint64 deadline = after(START_LIMIT);

	while (!(commander->qmp = qmp_open(path, NULL)) && g_get_monotonic_time() < deadline)
		g_usleep(PAUSE_US);
	return commander->qmp || (commander->qmp = qmp_open(path, error));
}

static gboolean hear_state(Commander *commander, GError **error)
{
	g_autoptr(JsonNode)
		answer = qmp_ask(commander->qmp, "query-status", after(ANSWER_LIMIT), error);

	if (!answer)
		return FALSE;
	if (JSON_NODE_HOLDS_OBJECT(answer))
		commander->state = g_strdup(json_object_get_string_member_with_default(
			json_node_get_object(answer), "status", NULL));
	return TRUE;
}

Commander *command_open(const Running *vm, GError **error)
{
	g_autoptr(Commander) commander = g_new0(Commander, 1);
	GError *cause = NULL;

	commander->vm = vm;
	if (connect_to_it(commander, &cause) && hear_state(commander, &cause))
		return g_steal_pointer(&commander);
	raise_cause(commander, cause, error);
	return NULL;
}

void command_close(Commander *commander)
{
	if (!commander)
		return;
	qmp_free(commander->qmp);
	g_free(commander->state);
	g_free(commander);
}

gboolean command_state_is(const Commander *commander, const char *state)
{
	return g_strcmp0(commander->state, state) == 0;
}

static JsonNode *receive(Commander *commander, guint seconds, GError **error)
{
	GError *cause = NULL;
	JsonNode *answer = qmp_receive(commander->qmp, after(seconds), &cause);

	if (!answer)
		raise_cause(commander, cause, error);
	return answer;
}

JsonNode *command_give(Commander *commander, const char *command, JsonObject *arguments,
	guint seconds, GError **error)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;

	json_node_take_object(node, arguments ? arguments : json_object_new());
	text = json_to_string(node, FALSE);
	qmp_send(commander->qmp, command, text);
	return receive(commander, seconds, error);
}

gint64 command_give_fd(Commander *commander, int fd, GError **error)
{
	g_autoptr(JsonNode) answer = NULL;

	qmp_send_with(commander->qmp, "add-fd", fd);
	answer = receive(commander, ANSWER_LIMIT, error);
	if (!answer)
		return -1;
	return JSON_NODE_HOLDS_OBJECT(answer) ? json_object_get_int_member_with_default(
							json_node_get_object(answer), "fdset-id", 0)
					      : 0;
}
