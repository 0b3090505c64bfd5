/* SPDX-License-Identifier: MIT */
#include "launcher/control/qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

G_DEFINE_QUARK(qemu_tapwrap_qmp, qmp_error)

#define LINE_MAX_BYTES (16 * 1024 * 1024)
#define NO_ANSWER "QEMU does not answer"

struct Qmp {
	int socket;
	GString *input; /* not taken yet */
	guint sent, received;
};

/* ---- open and close ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0) {
		int reason = errno;

		close(fd);
		errno = reason;
	}
	return -1;
}

Qmp *qmp_open(const char *path, GError **error)
{
	int fd = connect_to(path);
	Qmp *qmp;

	if (fd < 0) {
		int reason = errno;

		if (reason == EAGAIN) /* it listens, but accepts nobody */
			g_set_error_literal(error, QMP_ERROR, EX_UNAVAILABLE, NO_ANSWER);
		else
			g_set_error(error, QMP_ERROR, EX_UNAVAILABLE, "%s: %s", path,
				g_strerror(reason));
		return NULL;
	}
	qmp = g_new0(Qmp, 1);
	qmp->socket = fd;
	qmp->input = g_string_new(NULL);
	qmp_send(qmp, "qmp_capabilities", NULL);
	qmp->received = 1; /* if that is refused, so is all that follows */
	return qmp;
}

void qmp_free(Qmp *qmp)
{
	if (!qmp)
		return;
	close(qmp->socket);
	g_string_free(qmp->input, TRUE);
	g_free(qmp);
}

int qmp_pid(const Qmp *qmp)
{
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof(peer);

	(void)!getsockopt(qmp->socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	return peer.pid;
}

/* ---- talk ---- */

/* @fd: to go with it, or -1. */
static void send_line(Qmp *qmp, char *line, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS } };
	struct iovec text = { .iov_base = line, .iov_len = strlen(line) };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.bytes);
	}
	(void)!sendmsg(qmp->socket, &message, MSG_NOSIGNAL);
}

static void send_command(Qmp *qmp, const char *command, const char *arguments, int fd)
{
	g_autofree char *line = g_strdup_printf("{\"execute\":\"%s\",\"id\":%u%s%s}\n", command,
		qmp->sent++, arguments ? ",\"arguments\":" : "", arguments ? arguments : "");

	send_line(qmp, line, fd);
}

void qmp_send(Qmp *qmp, const char *command, const char *arguments)
{
	send_command(qmp, command, arguments, -1);
}

void qmp_send_with(Qmp *qmp, const char *command, int fd)
{
	send_command(qmp, command, NULL, fd);
}

/* FALSE at the deadline, with @ret_ended FALSE, or when QEMU is gone. */
static gboolean read_more(Qmp *qmp, gint64 deadline, gboolean *ret_ended)
{
	struct pollfd poller = { .fd = qmp->socket, .events = POLLIN };
	char buffer[4096];
	ssize_t n = -1;

	*ret_ended = FALSE;
	do {
		gint64 left = MAX(0, deadline - g_get_monotonic_time());
		int ready = poll(&poller, 1, (left + 999) / 1000);

		if (ready > 0)
			n = read(qmp->socket, buffer, sizeof(buffer));
		else if (ready == 0)
			return FALSE;
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	*ret_ended = n <= 0;
	if (n > 0)
		g_string_append_len(qmp->input, buffer, n);
	return n > 0;
}

/* The next line, or NULL with QMP_ERROR. */
static char *read_line(Qmp *qmp, gint64 deadline, GError **error)
{
	gboolean ended;
	gsize searched = 0;
	char *end, *line;

	while (!(end = memchr(qmp->input->str + searched, '\n', qmp->input->len - searched)) &&
		qmp->input->len < LINE_MAX_BYTES) {
		searched = qmp->input->len;
		if (read_more(qmp, deadline, &ended))
			continue;
		g_set_error_literal(error, QMP_ERROR, EX_UNAVAILABLE,
			ended ? "QEMU has ended the talk" : NO_ANSWER);
		return NULL;
	}
	if (!end) {
		g_set_error_literal(error, QMP_ERROR, EX_UNAVAILABLE, "QEMU talks nonsense");
		return NULL;
	}
	line = g_strndup(qmp->input->str, end - qmp->input->str);
	g_string_erase(qmp->input, 0, end - qmp->input->str + 1);
	return line;
}

static JsonObject *as_object(JsonNode *node)
{
	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* Is it the answer to the command with that number? Events, and the greeting, are not. */
static JsonObject *as_answer(JsonNode *node, guint number)
{
	JsonObject *object = as_object(node);
	JsonNode *id = object ? json_object_get_member(object, "id") : NULL;

	return id && JSON_NODE_HOLDS_VALUE(id) && json_node_get_int(id) == number ? object : NULL;
}

static JsonNode *take_result(JsonObject *answer, GError **error)
{
	JsonObject *refusal;

	if (json_object_has_member(answer, "return"))
		return json_object_dup_member(answer, "return");
	refusal = as_object(json_object_get_member(answer, "error"));
	if (refusal)
		g_set_error(error, QMP_ERROR, EX_SOFTWARE, "QEMU refuses: %s",
			json_object_get_string_member_with_default(refusal, "desc", ""));
	else
		g_set_error_literal(error, QMP_ERROR, EX_UNAVAILABLE, "QEMU talks nonsense");
	return NULL;
}

JsonNode *qmp_receive(Qmp *qmp, gint64 deadline, GError **error)
{
	char *text;

	while ((text = read_line(qmp, deadline, error))) {
		g_autofree char *line = text;
		g_autoptr(JsonNode) node = json_from_string(line, NULL);
		JsonObject *answer = as_answer(node, qmp->received);

		if (!answer)
			continue;
		qmp->received++;
		return take_result(answer, error);
	}
	return NULL;
}

JsonNode *qmp_ask(Qmp *qmp, const char *command, gint64 deadline, GError **error)
{
	qmp_send(qmp, command, NULL);
	return qmp_receive(qmp, deadline, error);
}

gboolean qmp_wait_for_end(Qmp *qmp, gint64 deadline)
{
	gboolean ended = FALSE;

	while (read_more(qmp, deadline, &ended))
		g_string_truncate(qmp->input, 0);
	return ended;
}
