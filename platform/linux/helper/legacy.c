/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/legacy.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#define TABLE "filter"
#define RULES_MAX (16 * 1024 * 1024) /* bytes */

/* Both families have the same, at other places. */
typedef struct {
	const char *tables;
	int domain, level;
	size_t size, ifname, mask, target, next;
} Layout;

#define LAYOUT(type, address, ...)                                                               \
	{                                                                                        \
		__VA_ARGS__, sizeof(struct type), offsetof(struct type, address.iniface),        \
			offsetof(struct type, address.iniface_mask),                             \
			offsetof(struct type, target_offset), offsetof(struct type, next_offset) \
	}

static const Layout ipv4 = LAYOUT(
	ipt_entry, ip, "/proc/self/net/ip_tables_names", AF_INET, IPPROTO_IP);
static const Layout ipv6 = LAYOUT(
	ip6t_entry, ipv6, "/proc/self/net/ip6_tables_names", AF_INET6, IPPROTO_IPV6);

/* The numbers of the two families are the same. */
_Static_assert(IPT_SO_GET_INFO == IP6T_SO_GET_INFO, "");
_Static_assert(IPT_SO_GET_ENTRIES == IP6T_SO_GET_ENTRIES, "");
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "");
_Static_assert(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries), "");

/* ---- reading ---- */

static bool has_table(const Layout *layout)
{
	char names[256] = "\n"; /* a name to a line */
	int fd = open(layout->tables, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, names + 1, sizeof(names) - 2);

	if (fd >= 0)
		close(fd);
	return n > 0 && strstr(names, "\n" TABLE "\n");
}

/* NULL if it cannot be read. The caller frees it. */
static struct ipt_get_entries *read_table(
	const Layout *layout, int fd, struct ipt_getinfo *ret_info)
{
	socklen_t size = sizeof(*ret_info);
	struct ipt_get_entries *entries;

	memset(ret_info, 0, sizeof(*ret_info));
	strcpy(ret_info->name, TABLE);
	if (getsockopt(fd, layout->level, IPT_SO_GET_INFO, ret_info, &size) < 0 ||
		ret_info->size > RULES_MAX)
		return NULL;
	size = sizeof(*entries) + ret_info->size;
	entries = calloc(1, size);
	if (!entries)
		return NULL;
	strcpy(entries->name, TABLE);
	entries->size = ret_info->size;
	if (getsockopt(fd, layout->level, IPT_SO_GET_ENTRIES, entries, &size) == 0)
		return entries;
	free(entries);
	return NULL;
}

/* ---- one rule ---- */

typedef struct {
	const Layout *layout;
	const struct ipt_getinfo *info;
	const char *bytes; /* of the rule */
	size_t at;	   /* in the table */
} Rule;

static uint16_t number(const Rule *rule, size_t offset)
{
	uint16_t value;

	memcpy(&value, rule->bytes + offset, sizeof(value));
	return value;
}

static const struct xt_entry_target *target(const Rule *rule)
{
	return (const struct xt_entry_target *)(rule->bytes + number(rule, rule->layout->target));
}

/* The name of a target of the kernel's own, accept, drop or another chain, is empty. */
static bool has_verdict(const Rule *rule, bool *ret_accepts)
{
	int verdict = ((const struct xt_standard_target *)target(rule))->verdict;

	*ret_accepts = verdict == -NF_ACCEPT - 1 || verdict >= 0;
	return !*target(rule)->u.user.name && (*ret_accepts || verdict == -NF_DROP - 1);
}

static bool names(const Rule *rule, const char *ifname)
{
	const char *wanted = rule->bytes + rule->layout->ifname;
	const char *mask = rule->bytes + rule->layout->mask;
	char name[IFNAMSIZ] = "";

	strncpy(name, ifname, IFNAMSIZ - 1);
	for (size_t i = 0; i < IFNAMSIZ; i++)
		if ((name[i] ^ wanted[i]) & mask[i])
			return false;
	return *mask;
}

/* Neither addresses, interfaces and protocol, which come first, nor further matches. */
static bool fits_all(const Rule *rule)
{
	size_t size = rule->layout == &ipv4 ? sizeof(struct ipt_ip) : sizeof(struct ip6t_ip6);

	for (size_t i = 0; i < size; i++)
		if (rule->bytes[i])
			return false;
	return number(rule, rule->layout->target) == rule->layout->size;
}

/* Which hook's chain the rule is in; NF_INET_NUMHOOKS for chains without one. */
static unsigned int hook_of(const Rule *rule)
{
	for (unsigned int hook = 0; hook < NF_INET_NUMHOOKS; hook++)
		if (rule->info->valid_hooks & 1u << hook &&
			rule->at >= rule->info->hook_entry[hook] &&
			rule->at <= rule->info->underflow[hook])
			return hook;
	return NF_INET_NUMHOOKS;
}

/* ---- all of them ---- */

static void look_at_rule(const Rule *rule, const char *ifname, LegacyForward *ret_forward)
{
	const char *name = target(rule)->u.user.name;
	unsigned int hook = hook_of(rule);
	bool accepts = false, has = has_verdict(rule, &accepts);

	if (strcmp(name, XT_ERROR_TARGET) == 0 && /* where a chain begins */
		strcmp(((const struct xt_error_target *)target(rule))->errorname, "DOCKER-USER") ==
			0)
		ret_forward->has_docker_user = true;
	if (hook == NF_INET_FORWARD && fits_all(rule) &&
		((has && !accepts) || strcmp(name, "REJECT") == 0))
		ret_forward->drops = true;
	if ((hook == NF_INET_FORWARD || hook == NF_INET_NUMHOOKS) && has && accepts &&
		names(rule, ifname))
		ret_forward->lets_tap_pass = true;
}

LegacyForward legacy_look(uint8_t family, const char *ifname)
{
	LegacyForward forward = { 0 };
	const Layout *layout = family == 4 ? &ipv4 : &ipv6;
	int fd = has_table(layout) ? socket(layout->domain, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	struct ipt_getinfo info;
	struct ipt_get_entries *entries = fd < 0 ? NULL : read_table(layout, fd, &info);

	for (size_t at = 0; entries && at < info.size;) {
		Rule rule = { layout, &info, (const char *)entries->entrytable + at, at };

		look_at_rule(&rule, ifname, &forward);
		at += number(&rule, layout->next);
	}
	free(entries);
	if (fd >= 0)
		close(fd);
	return forward;
}
