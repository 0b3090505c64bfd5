/* SPDX-License-Identifier: MIT */
#include "platform/linux/macvtap.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>

#include "platform/tap-terms.h"

bool macvtap_is_ours(const NetifLink *link)
{
	return strcmp(link->kind, "macvtap") == 0 && link->group == NET_LINK_GROUP &&
	       (!*link->alias ||
		       strncmp(link->alias, "qemu-tapwrap:", strlen("qemu-tapwrap:")) == 0);
}

/* An abstract name, as /proc/net/unix shows it; like the link it is of one network namespace. */
static void write_name(char *name, size_t size, const char *ifname, MacvtapEnd end)
{
	snprintf(name, size, "@qemu-tapwrap/%s/%s", end == MACVTAP_LEASH ? "leash" : "keeper",
		ifname);
}

bool macvtap_take(int socket, const char *ifname, MacvtapEnd end, Fault *fault)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len;

	write_name(address.sun_path, sizeof(address.sun_path), ifname, end);
	len = offsetof(struct sockaddr_un, sun_path) + strlen(address.sun_path);
	address.sun_path[0] = '\0';
	if (bind(socket, (struct sockaddr *)&address, len) == 0)
		return true;
	if (errno == EADDRINUSE)
		return fault_set(fault, EX_TEMPFAIL, "%s is in use", ifname);
	return fault_set(fault, EX_OSERR, "bind: %s", strerror(errno));
}

bool macvtap_is_taken(const char *ifname, MacvtapEnd end)
{
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path)], line[256];
	FILE *sockets = fopen("/proc/net/unix", "re");
	bool found = false;

	write_name(name, sizeof(name), ifname, end);
	while (sockets && !found && fgets(line, sizeof(line), sockets)) {
		const char *path = strrchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		found = path && strcmp(path + 1, name) == 0;
	}
	if (sockets)
		fclose(sockets);
	return found;
}
