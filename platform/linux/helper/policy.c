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

#define POLICY_MAX (64 * 1024) /* bytes */
#define POLICY_PREFIXES 32     /* in one line */

typedef struct {
	const char *pattern;
	NetAddress prefixes[POLICY_PREFIXES];
	unsigned int n_prefixes;
	unsigned int max; /* taps per user */
} Line;

/* What a refusal is about: a tap, and one of its addresses or -1. */
typedef struct {
	int tap, address;
} Subject;

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

/* NULL, or what is wrong. An empty line has no pattern. */
static const char *parse_line(char *text, Line *line)
{
	static const char blanks[] = " \t\r";
	const char *problem;
	char *rest, *word;
	unsigned long max;

	memset(line, 0, sizeof(*line));
	line->max = UINT_MAX;
	text[strcspn(text, "#")] = '\0';
	word = strtok_r(text, blanks, &rest);
	if (!word)
		return NULL;
	if (strcmp(word, "allow") != 0)
		return "a line begins with allow";
	line->pattern = strtok_r(NULL, blanks, &rest);
	word = strtok_r(NULL, blanks, &rest);
	if (!line->pattern || !word)
		return "write: allow TAP-PATTERN PREFIX[,PREFIX...] [max=N]";
	problem = parse_prefixes(word, line);
	while (!problem && (word = strtok_r(NULL, blanks, &rest))) {
		if (strncmp(word, "max=", 4) != 0 || !parse_number(word + 4, 1024, &max))
			return "the only word known here is max=N, a number of taps";
		line->max = max;
	}
	return problem;
}

/* ---- the question ---- */

static bool line_covers(const Line *line, const NetAddress *address)
{
	for (unsigned int i = 0; i < line->n_prefixes; i++)
		if (net_address_is_inside(address, &line->prefixes[i]))
			return true;
	return false;
}

static bool line_knows_names(const Line *line, const Request *request)
{
	for (unsigned int i = 0; i < request->n_taps; i++)
		if (fnmatch(line->pattern, request->taps[i].ifname, 0) != 0)
			return false;
	return true;
}

/* Where the line does not cover an address, *ret_outside says which is the first. */
static bool line_covers_all(const Line *line, const Request *request, Subject *ret_outside)
{
	for (unsigned int i = 0; i < request->n_taps; i++)
		for (unsigned int j = 0; j < request->taps[i].n_addresses; j++)
			if (!line_covers(line, &request->taps[i].addresses[j])) {
				ret_outside->tap = i;
				ret_outside->address = j;
				return false;
			}
	return true;
}

/* 10.20.30.0/24 for each address, as an administrator would write it. */
static void append_networks(char *text, size_t size, const Request *request)
{
	char printed[NET_ADDRESS_TEXT];
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < request->n_taps; i++)
		for (unsigned int j = 0; j < request->taps[i].n_addresses && used < size; j++) {
			NetAddress network = net_address_network(&request->taps[i].addresses[j]);

			used += snprintf(text + used, size - used, "%s%s", used ? "," : "",
				net_address_print(&network, printed));
		}
	if (used == 0) /* a tap without address matches whatever prefix the line has */
		snprintf(text, size, "192.168.50.0/24");
}

/* The one name, or for several what they begin with and a *: tap0 and tap1 give tap*. */
static void common_pattern(char *pattern, const Request *request)
{
	size_t same = strlen(request->taps[0].ifname);

	for (unsigned int i = 1; i < request->n_taps; i++)
		for (size_t j = 0; j < same; j++)
			if (request->taps[i].ifname[j] != request->taps[0].ifname[j])
				same = j;
	sprintf(pattern, "%.*s%s", (int)same, request->taps[0].ifname,
		request->n_taps > 1 ? "*" : "");
}

static bool refuse(const Request *request, const Subject *subject, const char *why, Fault *fault)
{
	char networks[256], pattern[REQUEST_IFNAME + 1];

	append_networks(networks, sizeof(networks), request);
	common_pattern(pattern, request);
	return fault_about(fault, subject->tap, subject->address, EX_NOPERM,
		"%s; an administrator can add \"allow %s %s\" to " POLICY_FILE, why, pattern,
		networks);
}

static bool within_quota(const Request *request, uid_t user, unsigned int max, Netif *netif,
	bool *ret_within, Fault *fault)
{
	unsigned int owned = 0;

	if (max != UINT_MAX && !netif_count_owned(netif, user, &owned, fault))
		return false;
	*ret_within = max == UINT_MAX || owned + request->n_taps <= max;
	return true;
}

bool policy_allows(const Request *request, uid_t user, Netif *netif, Fault *fault)
{
	bool allowed = false, over_quota = false;
	Subject outside = { .tap = 0, .address = -1 }; /* the names, unless a line knows them */
	unsigned int number = 1;
	char *text, *next;

	if (access(POLICY_FILE, F_OK) < 0 && errno == ENOENT)
		return refuse(request, &outside,
			"there is no policy file, so only root may make taps", fault);
	text = read_policy(fault);
	if (!text)
		return false;
	/* To the end even when a line allows: a file with a fault allows nothing. */
	for (; (next = strsep(&text, "\n")); number++) {
		Line line;
		const char *problem = parse_line(next, &line);
		bool within = false;

		if (problem)
			return fault_set(fault, EX_CONFIG, POLICY_FILE ":%u: %s", number, problem);
		if (!line.pattern || !line_knows_names(&line, request) ||
			!line_covers_all(&line, request, &outside))
			continue;
		if (!within_quota(request, user, line.max, netif, &within, fault))
			return false;
		allowed = allowed || within;
		over_quota = over_quota || !within;
	}
	if (!allowed && over_quota)
		return fault_about(fault, 0, -1, EX_NOPERM,
			"the policy in " POLICY_FILE " allows no further tap (max=)");
	return allowed || refuse(request, &outside, "the policy does not allow it", fault);
}
