/* SPDX-License-Identifier: MIT */
/*
 * request: what launcher and helper say to each other, one message each way over a SEQPACKET
 * socket. Fixed sizes, no pointers, no paths, no PIDs; what is not used is zero. Who asks is
 * not in it: the helper has that from the kernel.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/address.h"
#include "platform/linux/fault.h"

#define REQUEST_VERSION 0x51545702 /* "QTW", 2 */
#define REQUEST_TAPS 8
#define REQUEST_ADDRESSES 8
#define REQUEST_IFNAME 16 /* IFNAMSIZ, with the NUL */
#define REQUEST_LABEL 32  /* with the NUL */

typedef struct {
	char ifname[REQUEST_IFNAME];
	uint8_t n_addresses;
	uint8_t zero[3];
	NetAddress addresses[REQUEST_ADDRESSES];
} RequestTap;

enum {
	REQUEST_MAKE = 1, /* the taps */
	REQUEST_JUDGE,	  /* whether they would be made */
};

typedef struct {
	uint32_t version;
	uint32_t mode;
	uint32_t n_taps;
	char label[REQUEST_LABEL]; /* of the VM, for the link's alias: [A-Za-z0-9_.-]+ */
	RequestTap taps[REQUEST_TAPS];
} Request;

/* With status 0, to REQUEST_MAKE, one descriptor for each tap comes along by SCM_RIGHTS, in order.
 */
typedef struct {
	uint32_t version;
	Fault fault;
} Reply;

/* NULL if a tap can be called @ifname, else why not (static text). */
const char *request_ifname_problem(const char *ifname);

/* Everything that can be judged without looking at the host or the policy. */
bool request_is_sane(const Request *request, Fault *fault);
