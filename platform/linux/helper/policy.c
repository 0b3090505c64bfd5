/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "platform/linux/macvtap.h"

#define POLICY_MAX (64 * 1024) /* bytes */
#define POLICY_PREFIXES 32     /* in one line */
#define BLANKS " \t\r"

typedef struct {
	const char *pattern;
	const char *bridge; /* NULL in a line that allows no bridge */
	const char *parent; /* NULL in a line that allows no macvtap */
	NetAddress prefixes[POLICY_PREFIXES];
	unsigned int n_prefixes;
	unsigned int max; /* taps per user */
	bool nat, dhcp, persistent;
} Line;

/* How near a tap came to be allowed by any line so far: the greater, the nearer. */
typedef enum {
	NAME_UNKNOWN,
	ADDRESS_OUTSIDE,
	WORD_MISSING,
	OVER_QUOTA,
	ALLOWED,
} Standing;

typedef struct {
	Standing standing;
	NetKey key; /* what is outside, or lacks its word */
} Verdict;

/* ---- the file ---- */

static bool is_roots_alone(const struct stat *status)
{
	return status->st_uid == 0 && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static int open_checked(Fault *fault)
{
	char directory[PATH_MAX] = POLICY_FILE;
	struct stat status;
	int fd;

	*strrchr(directory, '/') = '\0';
	fd = open(POLICY_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		fault_set(fault, EX_CONFIG, "%s: %s", POLICY_FILE,
			errno == ELOOP ? "must not be a symbolic link" : strerror(errno));
		return -1;
	}
	if (stat(directory, &status) < 0 || !S_ISDIR(status.st_mode) || !is_roots_alone(&status))
		fault_set(fault, EX_CONFIG,
			"%s: must be a directory of root that nobody else can write to", directory);
	else if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || !is_roots_alone(&status))
		fault_set(fault, EX_CONFIG,
			"%s: must be a regular file of root that nobody else can write to",
			POLICY_FILE);
	else if (status.st_size > POLICY_MAX)
		fault_set(fault, EX_CONFIG, "%s: is larger than 64 KiB", POLICY_FILE);
	else
		return fd;
	close(fd);
	return -1;
}

/* The whole file with a NUL behind it, in static storage; NULL on failure. */
static char *read_policy(Fault *fault)
{
	static char text[POLICY_MAX + 1];
	size_t used = 0;
	ssize_t n = 1;
	int fd = open_checked(fault);

	if (fd < 0)
		return NULL;
	while (n > 0 && used < POLICY_MAX) {
		n = read(fd, text + used, POLICY_MAX - used);
		used += n > 0 ? n : 0;
	}
	close(fd);
	if (n < 0 || memchr(text, '\0', used)) {
		fault_set(fault, EX_CONFIG, "%s: %s", POLICY_FILE,
			n < 0 ? strerror(errno) : "holds a NUL byte");
		return NULL;
	}
	text[used] = '\0';
	return text;
}

/* ---- its lines ---- */

static bool parse_number(const char *text, unsigned long max, unsigned long *ret_number)
{
	char *end;

	if (!*text || text[strspn(text, "0123456789")] != '\0' || (*text == '0' && text[1]))
		return false;
	errno = 0;
	*ret_number = strtoul(text, &end, 10);
	return errno == 0 && *ret_number <= max;
}

static bool parse_prefix(char *text, NetAddress *ret_prefix)
{
	char *slash = strchr(text, '/');
	NetAddress prefix = { .family = strchr(text, ':') ? 6 : 4 }, network;
	unsigned long prefix_len;

	if (!slash || !parse_number(slash + 1, prefix.family == 4 ? 32 : 128, &prefix_len))
		return false;
	*slash = '\0';
	if (inet_pton(prefix.family == 4 ? AF_INET : AF_INET6, text, prefix.octets) != 1)
		return false;
	prefix.prefix_len = prefix_len;
	network = net_address_network(&prefix);
	*ret_prefix = prefix;
	return net_address_same_host(&prefix, &network);
}

static const char *parse_prefixes(char *text, Line *line)
{
	char *rest = text, *item;

	while ((item = strsep(&rest, ","))) {
		if (line->n_prefixes == POLICY_PREFIXES)
			return "more than 32 prefixes in one line";
		if (!parse_prefix(item, &line->prefixes[line->n_prefixes++]))
			return "not a list of prefixes, like 192.168.50.0/24,fd00:5a17::/48";
	}
	return NULL;
}

/* The words behind the places of a line. NULL, or what is wrong. */
static const char *parse_words(char **rest, Line *line)
{
	unsigned long max;
	char *word;

	while ((word = strtok_r(NULL, BLANKS, rest))) {
		if (strcmp(word, "nat") == 0 && !line->bridge && !line->parent) {
			line->nat = true;
			continue;
		}
		if (strcmp(word, "dhcp") == 0 && !line->bridge && !line->parent) {
			line->dhcp = true;
			continue;
		}
		if (strcmp(word, "persistent") == 0 && !line->parent) {
			line->persistent = true;
			continue;
		}
		if (strncmp(word, "max=", 4) != 0 || !parse_number(word + 4, 1024, &max))
			return line->parent ? "the word known here is max=N, a number of taps"
			       : line->bridge
				       ? "the words known here are persistent, and max=N, a number of "
					 "taps"
				       : "the words known here are nat, dhcp, persistent, and max=N, "
					 "a number of taps";
		line->max = max;
	}
	return NULL;
}

static const char *parse_allow(char **rest, Line *line)
{
	const char *problem;
	char *prefixes;

	line->pattern = strtok_r(NULL, BLANKS, rest);
	prefixes = strtok_r(NULL, BLANKS, rest);
	if (!line->pattern || !prefixes)
		return "write: allow TAP-PATTERN PREFIX[,PREFIX...] [max=N] [nat] [dhcp] [persistent]";
	problem = parse_prefixes(prefixes, line);
	return problem ? problem : parse_words(rest, line);
}

static const char *parse_bridge(char **rest, Line *line)
{
	line->bridge = strtok_r(NULL, BLANKS, rest);
	line->pattern = strtok_r(NULL, BLANKS, rest);
	if (!line->bridge || !line->pattern)
		return "write: bridge BRIDGE TAP-PATTERN [max=N] [persistent]";
	return parse_words(rest, line);
}

static const char *parse_macvtap(char **rest, Line *line)
{
	line->parent = strtok_r(NULL, BLANKS, rest);
	line->pattern = strtok_r(NULL, BLANKS, rest);
	if (!line->parent || !line->pattern)
		return "write: macvtap PARENT PATTERN [max=N]";
	return parse_words(rest, line);
}

/* NULL, or what is wrong. An empty line has no pattern. */
static const char *parse_line(char *text, Line *line)
{
	char *rest, *word;

	memset(line, 0, sizeof(*line));
	line->max = UINT_MAX;
	text[strcspn(text, "#")] = '\0';
	word = strtok_r(text, BLANKS, &rest);
	if (!word)
		return NULL;
	if (strcmp(word, "allow") == 0)
		return parse_allow(&rest, line);
	if (strcmp(word, "bridge") == 0)
		return parse_bridge(&rest, line);
	if (strcmp(word, "macvtap") == 0)
		return parse_macvtap(&rest, line);
	return "a line begins with allow, bridge or macvtap";
}

/* ---- the question ---- */

typedef struct {
	const Line *line;
	NetKey key; /* of the first prefix that is outside */
} Coverage;

static bool line_covers(const NetAddress *prefix, NetKey key, void *data)
{
	Coverage *coverage = data;

	coverage->key = key;
	for (unsigned int i = 0; i < coverage->line->n_prefixes; i++)
		if (net_address_is_inside(prefix, &coverage->line->prefixes[i]))
			return true;
	return false;
}

/* What one line says of one tap, the user's number of taps left aside. */
static Verdict judge_tap(const Line *line, const RequestTap *tap)
{
	Coverage coverage = { .line = line };

	if (fnmatch(line->pattern, tap->ifname, 0) != 0)
		return (Verdict){ NAME_UNKNOWN, NET_KEY_IFNAME };
	if (strcmp(line->bridge ? line->bridge : "", tap->bridge) != 0)
		return (Verdict){ NAME_UNKNOWN, *tap->bridge ? NET_KEY_BR : NET_KEY_IFNAME };
	if (strcmp(line->parent ? line->parent : "", tap->parent) != 0)
		return (Verdict){ NAME_UNKNOWN, *tap->parent ? NET_KEY_PARENT : NET_KEY_IFNAME };
	if (!line->bridge && !line->parent && !request_each_prefix(tap, line_covers, &coverage))
		return (Verdict){ ADDRESS_OUTSIDE, coverage.key };
	if (tap->flags & REQUEST_NAT && !line->nat)
		return (Verdict){ WORD_MISSING, NET_KEY_NAT };
	if (tap->flags & REQUEST_DHCP && !line->dhcp)
		return (Verdict){ WORD_MISSING, NET_KEY_DHCP };
	if (tap->flags & REQUEST_PERSIST && !line->persistent)
		return (Verdict){ WORD_MISSING, NET_KEY_PERSIST };
	return (Verdict){ ALLOWED, NET_KEY_IFNAME };
}

typedef struct {
	char *text;
	size_t size, used;
} Networks;

/* 10.20.30.0/24 for each prefix, as an administrator would write it. */
static bool append_network(const NetAddress *prefix, NetKey key, void *data)
{
	NetAddress network = net_address_network(prefix);
	Networks *networks = data;
	char printed[NET_ADDRESS_TEXT];

	(void)key;
	if (networks->used < networks->size)
		networks->used += snprintf(networks->text + networks->used,
			networks->size - networks->used, "%s%s", networks->used ? "," : "",
			net_address_print(&network, printed));
	return true;
}

static void write_rule(char *text, size_t size, const RequestTap *tap)
{
	char prefixes[256] = "192.168.50.0/24"; /* what a tap without address matches as well */
	Networks networks = { .text = prefixes, .size = sizeof(prefixes) };

	const char *persistent = tap->flags & REQUEST_PERSIST ? " persistent" : "";

	if (*tap->bridge) {
		snprintf(text, size, "bridge %s %s%s", tap->bridge, tap->ifname, persistent);
		return;
	}
	if (*tap->parent) {
		snprintf(text, size, "macvtap %s %s", tap->parent, tap->ifname);
		return;
	}
	request_each_prefix(tap, append_network, &networks);
	snprintf(text, size, "allow %s %s%s%s%s", tap->ifname, prefixes,
		tap->flags & REQUEST_NAT ? " nat" : "", tap->flags & REQUEST_DHCP ? " dhcp" : "",
		persistent);
}

static bool refuse(
	const Request *request, unsigned int i, NetKey key, const char *why, Fault *fault)
{
	char rule[320];

	write_rule(rule, sizeof(rule), &request->taps[i]);
	return fault_about(fault, i, key, EX_NOPERM,
		"%s; an administrator can add \"%s\" to " POLICY_FILE, why, rule);
}

/* A macvtap of the user's that a killed keeper has left makes room for the new one. */
static bool count_replaced(
	const Request *request, uid_t user, Netif *netif, unsigned int *ret_count, Fault *fault)
{
	*ret_count = 0;
	for (unsigned int i = 0; i < request->n_taps; i++) {
		const RequestTap *tap = &request->taps[i];
		NetifLink link;
		bool found;

		if (tap->op != REQUEST_MACVTAP)
			continue;
		if (!netif_find(netif, tap->ifname, &found, &link, fault))
			return false;
		*ret_count += found && macvtap_is_ours(&link) && netif_is_owned(&link, user);
	}
	return true;
}

/* Of the new taps; those that are there belong to whom they belong. */
static bool within_quota(const Request *request, uid_t user, unsigned int max, Netif *netif,
	bool *ret_within, Fault *fault)
{
	unsigned int new = request_count_new(request), owned, replaced;

	*ret_within = max == UINT_MAX || new == 0;
	if (*ret_within)
		return true;
	if (!netif_count_owned(netif, user, &owned, fault) ||
		!count_replaced(request, user, netif, &replaced, fault))
		return false;
	*ret_within = owned - replaced + new <= max;
	return true;
}

/* What the line changes about the verdicts so far. */
static bool apply_line(const Line *line, const Request *request, uid_t user, Netif *netif,
	Verdict *verdicts, Fault *fault)
{
	for (unsigned int i = 0; i < request->n_taps; i++) {
		Verdict verdict = judge_tap(line, &request->taps[i]);
		bool within = true;

		if (verdict.standing == ALLOWED &&
			!within_quota(request, user, line->max, netif, &within, fault))
			return false;
		if (!within)
			verdict.standing = OVER_QUOTA;
		if (verdict.standing >= verdicts[i].standing)
			verdicts[i] = verdict;
	}
	return true;
}

static bool tell(const Request *request, const Verdict *verdicts, Fault *fault)
{
	for (unsigned int i = 0; i < request->n_taps; i++) {
		if (verdicts[i].standing == OVER_QUOTA)
			return fault_about(fault, i, NET_KEY_IFNAME, EX_NOPERM,
				"the policy in " POLICY_FILE " allows no further tap (max=)");
		if (verdicts[i].standing != ALLOWED)
			return refuse(
				request, i, verdicts[i].key, "the policy does not allow it", fault);
	}
	return true;
}

bool policy_allows(const Request *request, uid_t user, Netif *netif, Fault *fault)
{
	Verdict verdicts[REQUEST_TAPS] = { 0 };
	unsigned int number = 1;
	char *text, *next;

	if (access(POLICY_FILE, F_OK) < 0 && errno == ENOENT)
		return refuse(request, 0, NET_KEY_IFNAME,
			"there is no policy file, so only root may make taps", fault);
	text = read_policy(fault);
	if (!text)
		return false;
	/* To the end even when a line allows: a file with a fault allows nothing. */
	for (; (next = strsep(&text, "\n")); number++) {
		Line line;
		const char *problem = parse_line(next, &line);

		if (problem)
			return fault_set(fault, EX_CONFIG, POLICY_FILE ":%u: %s", number, problem);
		if (line.pattern && !apply_line(&line, request, user, netif, verdicts, fault))
			return false;
	}
	return tell(request, verdicts, fault);
}
