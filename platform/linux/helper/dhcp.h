/* SPDX-License-Identifier: MIT */
/*
 * dhcp: a dnsmasq on one tap, which gives one guest its addresses. A keeper starts and ends it; if
 * the keeper is killed, the kernel ends it.
 *
 * It runs as the caller, and as nobody if that is root; with the capabilities that it cannot do
 * without and no way to more, an empty environment, no descriptors but its own, and in a session
 * of its own. What it says goes into a pipe that the keeper reads.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "platform/linux/fault.h"
#include "platform/linux/request.h"

typedef struct {
	const RequestTap *tap; /* borrowed */
	uid_t uid;	       /* of the caller */
	pid_t pid;	       /* 0: it does not run */
	int process;	       /* a pidfd; -1: it does not run */
	int log;	       /* the pipe; -1: nobody writes into it */
} DhcpServer;

/* Is there what the servers of @request need? EX_OSFILE when it is the program that is not. */
bool dhcp_is_possible(const Request *request, Fault *fault);

/*
 * Returns when it serves, at most 2 seconds later. EX_UNAVAILABLE when somebody else has its port.
 * Its PID, and the keeper's end of the pipe, are then in @server.
 */
bool dhcp_start(DhcpServer *server, Fault *fault);

/* What to wait for while it runs, and what to do when it has come. */
#define DHCP_POLLS 2
void dhcp_watch(const DhcpServer *server, struct pollfd *ret_polls);
void dhcp_react(DhcpServer *server, const struct pollfd *polls);

/* Ends it, and waits until it has ended. */
void dhcp_end(DhcpServer *server);
