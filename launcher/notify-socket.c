/* SPDX-License-Identifier: MIT */
#include "launcher/notify-socket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define VARIABLE "NOTIFY_SOCKET"

/* A path, or with a '@' in front an abstract name. 0 or an errno. */
static int parse_address(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_len)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || !name[1])
		return EAFNOSUPPORT;
	if (len >= sizeof(ret_address->sun_path))
		return ENAMETOOLONG;
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret_address->sun_path, name, len);
	if (name[0] == '@')
		ret_address->sun_path[0] = '\0';
	*ret_len = offsetof(struct sockaddr_un, sun_path) + len;
	return 0;
}

/* A manager that is too busy to read must not hold up a start for ever. 0 or an errno. */
static int send_text(const char *name, const char *text)
{
	const struct timeval patience = { .tv_sec = 5 };
	struct sockaddr_un address;
	socklen_t len;
	int error = parse_address(name, &address, &len), fd;

	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, len) < 0)
		error = errno;
	close(fd);
	return error;
}

char *notify_ready(const char *vm_name)
{
	g_autofree char *name = g_strdup(g_getenv(VARIABLE));
	g_autofree char *text = g_strdup_printf(
		"READY=1\nSTATUS=VM '%s': its network is up\nMAINPID=%d", vm_name, (int)getpid());
	int error;

	g_unsetenv(VARIABLE);
	if (!name || !*name)
		return NULL;
	error = send_text(name, text);
	return error ? g_strdup_printf(VARIABLE " %s: %s", name, g_strerror(error)) : NULL;
}
