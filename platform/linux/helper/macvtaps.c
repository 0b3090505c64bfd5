/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/macvtaps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux/helper/keeper.h"
#include "platform/linux/macvtap.h"
#include "platform/linux/tap.h"

/* How long to wait: for a keeper that is at its end, and for a device to come and be opened to us.
 */
#define PAUSE_NS 20000000
#define KEEPER_TRIES 50
#define DEVICE_TRIES 100

#define ALIAS_SIZE 128
#define CHANGES 4

typedef struct {
	int tries; /* that are left, for all links together */
	NetifLink link;
	dev_t number; /* of its device */
	char path[32];
} Device;

static void rest(void)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };

	nanosleep(&pause, NULL);
}

/* ---- is it to be had? ---- */

static bool find_parent(Netif *netif, const RequestTap *tap, NetifLink *ret_link, Fault *fault)
{
	bool found;

	if (!netif_find(netif, tap->parent, &found, ret_link, fault))
		return false;
	if (found)
		return true;
	fault_set(fault, EX_UNAVAILABLE, "there is no interface %s", tap->parent);
	fault->key = NET_KEY_PARENT;
	return false;
}

/* A link that a keeper has left may be replaced by whose it was. */
static bool is_for(const NetifLink *link, uid_t user)
{
	unsigned int owner;

	return user == 0 || sscanf(link->alias, "%*s pid=%*d uid=%u", &owner) != 1 || owner == user;
}

/* *ret_stale: the ifindex of one that a killed keeper has left, or 0. */
static bool is_free(
	Netif *netif, const RequestTap *tap, const Caller *caller, int *ret_stale, Fault *fault)
{
	NetifLink link;
	bool found;

	*ret_stale = 0;
	if (!netif_find(netif, tap->ifname, &found, &link, fault))
		return false;
	if (!found)
		return true;
	if (!macvtap_is_ours(&link) || strcmp(link.ifname, tap->ifname) != 0)
		return fault_set(
			fault, EX_UNAVAILABLE, "%s exists; choose another ifname", tap->ifname);
	if (!is_for(&link, caller->uid))
		return fault_set(fault, EX_NOPERM, "%s does not belong to you", tap->ifname);
	*ret_stale = link.index;
	return true;
}

static bool is_possible(Netif *netif, const RequestTap *tap, const Caller *caller, Fault *fault)
{
	NetifLink parent;
	int stale;

	return find_parent(netif, tap, &parent, fault) &&
	       is_free(netif, tap, caller, &stale, fault);
}

bool macvtaps_are_possible(Netif *netif, const Request *request, const Caller *caller, Fault *fault)
{
	for (unsigned int i = 0; i < request->n_taps; i++) {
		if (request->taps[i].op != REQUEST_MACVTAP ||
			is_possible(netif, &request->taps[i], caller, fault))
			continue;
		fault->tap = i;
		return false;
	}
	return true;
}

/* ---- the link ---- */

/* All but the first are of the link that the first makes. */
static void list_changes(KeeperChange *changes, const RequestTap *tap, unsigned int i, int parent,
	int stale, const char *alias)
{
	static const struct {
		KeeperKind kind;
		NetKey key; /* what a refusal is about */
	} steps[CHANGES] = {
		{ KEEPER_MACVTAP, NET_KEY_PARENT },
		{ KEEPER_ALIAS, NET_KEY_IFNAME },
		{ KEEPER_DISABLE_IPV6, NET_KEY_IFNAME },
		{ KEEPER_UP, NET_KEY_MAC },
	};

	memset(changes, 0, CHANGES * sizeof(*changes));
	for (unsigned int j = 0; j < CHANGES; j++) {
		changes[j].kind = steps[j].kind;
		changes[j].key = steps[j].key;
		changes[j].make = true;
		changes[j].tap = i;
	}
	changes[0].undo = true;
	changes[0].macvtap.link = (NetifMacvtap){
		.ifname = tap->ifname,
		.parent = parent,
		.mode = tap->mode,
		.group = NET_LINK_GROUP,
		.mtu = tap->mtu,
	};
	memcpy(changes[0].macvtap.link.mac, tap->mac, sizeof(tap->mac));
	changes[0].macvtap.alias = alias;
	changes[0].macvtap.stale = stale;
	changes[1].alias.now = alias;
}

/* -1, and EX_TEMPFAIL if another VM or its keeper has the link. */
static int start_keeper(
	Netif *netif, const Request *request, unsigned int i, const Caller *caller, Fault *fault)
{
	const RequestTap *tap = &request->taps[i];
	KeeperChange changes[CHANGES];
	char alias[ALIAS_SIZE];
	NetifLink parent;
	int stale;

	if (!find_parent(netif, tap, &parent, fault) || !is_free(netif, tap, caller, &stale, fault))
		return -1;
	snprintf(alias, sizeof(alias), "qemu-tapwrap:%s pid=%d uid=%u", request->label,
		(int)caller->pid, (unsigned int)caller->uid);
	list_changes(changes, tap, i, parent.index, stale, alias);
	return keeper_start_named(tap->ifname, changes, CHANGES, fault);
}

static int start_keeper_patiently(
	Netif *netif, const Request *request, unsigned int i, const Caller *caller, Fault *fault)
{
	Fault outcome = { .status = 0 };
	int leash;

	for (int tries = KEEPER_TRIES;; tries--) {
		leash = start_keeper(netif, request, i, caller, &outcome);
		if (leash >= 0)
			return leash;
		/* Who has the leash is a VM; only a keeper comes to its end. */
		if (outcome.status != EX_TEMPFAIL || tries == 0 ||
			macvtap_is_taken(request->taps[i].ifname, MACVTAP_LEASH))
			break;
		rest();
	}
	*fault = outcome;
	return -1;
}

/* ---- its device ---- */

static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool done = file && fgets(line, size, file);

	if (file)
		fclose(file);
	return done;
}

/* The device's number is in /sys, if that shows this network namespace. */
static bool find_device(const RequestTap *tap, Device *device, Fault *fault)
{
	char path[96], line[32];
	unsigned int major_number, minor_number;
	int ifindex;

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", tap->ifname);
	if (!read_line(path, line, sizeof(line)) || sscanf(line, "%d", &ifindex) != 1 ||
		ifindex != device->link.index)
		return fault_set(fault, EX_UNAVAILABLE,
			"%s: %s; it is of another network namespace, or not mounted", path,
			strerror(ENOENT));
	snprintf(path, sizeof(path), "/sys/class/net/%s/tap%d/dev", tap->ifname, ifindex);
	if (!read_line(path, line, sizeof(line)) ||
		sscanf(line, "%u:%u", &major_number, &minor_number) != 2)
		return fault_set(fault, EX_UNAVAILABLE, "%s: %s", path, strerror(errno));
	device->number = makedev(major_number, minor_number);
	snprintf(device->path, sizeof(device->path), "/dev/tap%d", ifindex);
	return true;
}

static bool tell_device(const Device *device, int error, Fault *fault)
{
	if (error == EACCES || error == EPERM)
		return fault_set(fault, EX_NOPERM,
			"%s: %s; start it with sudo, or let udev give such devices to a group of yours, "
			"by a line in /etc/udev/rules.d/80-macvtap.rules: "
			"SUBSYSTEM==\"macvtap\", GROUP=\"kvm\", MODE=\"0660\"",
			device->path, strerror(error));
	if (error == EEXIST)
		return fault_set(fault, EX_UNAVAILABLE,
			"%s is another device; a container with a network of its own may have it",
			device->path);
	return fault_set(fault, EX_OSFILE, "%s: %s; it comes from udev or devtmpfs", device->path,
		strerror(error));
}

/* -1 and errno; EEXIST if it is another device. */
static int try_device(const Device *device)
{
	int fd = open(device->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == device->number)
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

/* The node comes, and is opened to its group, a moment after the link. */
static int open_device(Device *device, Fault *fault)
{
	int fd;

	while ((fd = try_device(device)) < 0) {
		int error = errno;

		if (device->tries-- <= 0) {
			tell_device(device, error, fault);
			return -1;
		}
		rest();
	}
	return fd;
}

static bool open_queues(
	Netif *netif, const RequestTap *tap, int *tries, Queues ret_fds, Fault *fault)
{
	Device device = { .tries = *tries };
	bool found;

	if (!netif_find(netif, tap->ifname, &found, &device.link, fault))
		return false;
	if (!found || !macvtap_is_ours(&device.link))
		return fault_set(
			fault, EX_SOFTWARE, "%s is not the link that was just made", tap->ifname);
	if (!find_device(tap, &device, fault))
		return false;
	for (unsigned int i = 0; i < tap->queues; i++) {
		ret_fds[i] = open_device(&device, fault);
		if (ret_fds[i] < 0 || !tap_set_up_macvtap(ret_fds[i], tap->queues, fault))
			return false;
	}
	*tries = device.tries;
	return true;
}

bool macvtaps_make(Netif *netif, const Request *request, const Caller *caller, Queues *fds,
	int *leashes, unsigned int *ret_n_leashes, Fault *fault)
{
	int tries = DEVICE_TRIES;

	*ret_n_leashes = 0;
	for (unsigned int i = 0; i < request->n_taps; i++) {
		const RequestTap *tap = &request->taps[i];
		int leash;

		if (tap->op != REQUEST_MACVTAP)
			continue;
		leash = start_keeper_patiently(netif, request, i, caller, fault);
		if (leash >= 0)
			leashes[(*ret_n_leashes)++] = leash;
		if (leash >= 0 && open_queues(netif, tap, &tries, fds[i], fault))
			continue;
		fault->tap = i;
		return false;
	}
	return true;
}
