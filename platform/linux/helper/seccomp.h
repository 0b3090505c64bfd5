/* SPDX-License-Identifier: MIT */
/*
 * seccomp: which system calls the helper and its keeper can still make. The only one that knows
 * libseccomp.
 *
 * The request has been read and judged by then, and the policy too; what is left to do is known,
 * and so are its calls. A call that is not among them ends the process at once, and with it goes
 * what it had made. It is a second wall: nothing here replaces a check. A kernel without such
 * filters is refused, because a wall that is silently absent is none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/linux/fault.h"
#include "platform/linux/request.h"

/* What a process still has to do, beside waiting and answering. */
enum {
	SECCOMP_MAKE = 1 << 0,	 /* taps and links, or a judgement of them */
	SECCOMP_NAT = 1 << 1,	 /* a table, and a look at the firewalls */
	SECCOMP_KEEPER = 1 << 2, /* start a keeper */
	SECCOMP_DHCP = 1 << 3,	 /* let the keeper start dnsmasq, which inherits this */
};

/* What takes @request. */
uint32_t seccomp_work_of(const Request *request);

/*
 * From here on only the calls for @work, of SECCOMP_*, are left. With SECCOMP_DHCP an unknown call
 * fails with ENOSYS, for dnsmasq and its libraries may try new ones, and only what nobody should
 * try ends the process. EX_UNAVAILABLE if the kernel has no filters.
 */
bool seccomp_confine(uint32_t work, Fault *fault);

/* In a keeper that has made all, once more: what is left is to wait, and to undo. */
bool seccomp_confine_keeper(Fault *fault);

/*
 * For tests: the same filter, not set but written into @fd, for a machine of libseccomp's
 * @architecture. 0 or -errno.
 */
int seccomp_write(uint32_t work, uint32_t architecture, int fd);
