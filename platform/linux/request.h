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

#define REQUEST_VERSION 0x51545705 /* "QTW", 5 */
#define REQUEST_TAPS 8
#define REQUEST_ADDRESSES 8
#define REQUEST_ROUTES 8
#define REQUEST_QUEUES 8
#define REQUEST_PREFIXES (REQUEST_ADDRESSES + 2 + REQUEST_ROUTES) /* of one tap, at most */
#define REQUEST_IFNAME 16					  /* IFNAMSIZ, with the NUL */
#define REQUEST_LABEL 32					  /* with the NUL */
#define REQUEST_MTU_MAX 65521

enum { /* RequestTap.op */
	REQUEST_CREATE = 1,
	REQUEST_COMPLETE, /* it is there: add what it lacks */
	REQUEST_MACVTAP,  /* a macvtap link, not a tap */
};

enum { /* RequestTap.flags */
	REQUEST_NAT = 1 << 0,
	REQUEST_PERSIST = 1 << 1, /* of a new tap: it stays when its last descriptor closes */
	REQUEST_DHCP = 1 << 2,	  /* a server gives the guest its addresses */
};

typedef struct {
	char ifname[REQUEST_IFNAME];
	char bridge[REQUEST_IFNAME]; /* to be a port of, or "" */
	char parent[REQUEST_IFNAME]; /* of a macvtap, else "" */
	char uplink[REQUEST_IFNAME]; /* of NAT: only through this one; "": through any */
	uint8_t op;
	uint8_t flags;
	uint8_t n_addresses;
	uint8_t n_routes;
	uint32_t mtu;	/* 0: the kernel's own */
	uint8_t queues; /* from 1 on; more: multi-queue */
	uint8_t mode;	/* a NetMacvtapMode, of a macvtap, else zero, as is */
	uint8_t mac[6]; /* the guest's */
	NetAddress addresses[REQUEST_ADDRESSES];
	NetAddress peers[2]; /* of IPv4 and of IPv6; family 0: none */
	NetRoute routes[REQUEST_ROUTES];
	uint8_t guest_mac[6]; /* of REQUEST_DHCP, as the next one */
	uint8_t zero[2];
	NetAddress guests[2]; /* the guest's own, IPv4 and IPv6, /32 and /128; family 0: none */
} RequestTap;

enum {			  /* Request.mode */
	REQUEST_MAKE = 1, /* the taps */
	REQUEST_JUDGE,	  /* whether they would be made */
};

typedef struct {
	uint32_t version;
	uint32_t mode;
	uint32_t force; /* 1: overlaps are meant so; only root may */
	uint32_t n_taps;
	char label[REQUEST_LABEL]; /* of the VM, for the link's alias: [A-Za-z0-9_.-]+ */
	RequestTap taps[REQUEST_TAPS];
} Request;

/*
 * With status 0, to REQUEST_MAKE, one descriptor for each queue of each tap comes along by
 * SCM_RIGHTS, in order, and behind them those that QEMU is only to hold: what they stand for ends
 * with the last who has them.
 */
#define REPLY_HOLDINGS (2 + REQUEST_TAPS) /* at most: a leash for each macvtap */
#define REPLY_FDS (REQUEST_TAPS * REQUEST_QUEUES + REPLY_HOLDINGS)
typedef struct {
	uint32_t version;
	uint32_t n_holdings;
	Fault fault;
	char warning[1500]; /* lines, or "" */
} Reply;

/* NULL if a tap can be called @ifname, else why not (static text). */
const char *request_ifname_problem(const char *ifname);

/* NULL if another interface of the host can be called @ifname, else why not (static text). */
const char *request_link_problem(const char *ifname);

/* The peer of the tap's @address; family 0: it has none. */
const NetAddress *request_peer(const RequestTap *tap, const NetAddress *address);

/* The tap's own address in whose subnet @guest is; NULL: there is none. */
const NetAddress *request_host_of(const RequestTap *tap, const NetAddress *guest);

/* How many descriptors the taps have together. */
unsigned int request_count_queues(const Request *request);

/* How many of the taps, and macvtaps, are to be created. */
unsigned int request_count_new(const Request *request);

/* Calls @visit for every prefix that the tap takes on the host, until it returns false. */
typedef bool (*RequestVisit)(const NetAddress *prefix, NetKey key, void *data);
bool request_each_prefix(const RequestTap *tap, RequestVisit visit, void *data);

/* Everything that can be judged without looking at the host or the policy. */
bool request_is_sane(const Request *request, Fault *fault);
