/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define PREFIXES_MAX 32 /* in one line */
#define PATTERN_MAX 64	/* bytes */
#define NUMBER_MAX 1024 /* of max= */
#define BLANKS " \t"

typedef struct {
	const char *pattern;
	const char *bridge; /* NULL in a line that allows no bridge */
	const char *parent; /* NULL in a line that allows no macvtap */
	NetAddress prefixes[PREFIXES_MAX];
	unsigned int n_prefixes;
	unsigned int max; /* taps per user; 0: not said */
	bool nat, dhcp, persistent;
} Line;

/* How near a tap came to be allowed by any line so far: the greater, the nearer. */
typedef enum {
	NAME_UNKNOWN,
	ADDRESS_OUTSIDE,
	WORD_MISSING,
	ALLOWED,
} Standing;

typedef struct {
	Standing standing;
	NetKey key;	  /* what is outside, or lacks its word */
	unsigned int max; /* where it is allowed: the most that a line says */
} Verdict;

/* ---- the parts of a line ---- */

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
		if (line->n_prefixes == PREFIXES_MAX)
			return "more than 32 prefixes in one line";
		if (!parse_prefix(item, &line->prefixes[line->n_prefixes++]))
			return "not a list of prefixes, like 192.168.50.0/24,fd00:5a17::/48";
	}
	return NULL;
}

/* What fnmatch(3) would take as plain characters is a slip of the pen. */
static const char *pattern_problem(const char *pattern)
{
	const char *open = strchr(pattern, '[');

	if (strlen(pattern) > PATTERN_MAX)
		return "a pattern has at most 64 characters";
	if (pattern[strspn(pattern, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-*?[]!")])
		return "not a pattern of interface names, like tap[0-9]* or tw-*";
	for (; open; open = strchr(open, '[')) {
		open += open[1] == '!' ? 2 : 1;
		if (!*open || !(open = strchr(open + 1, ']')))
			return "a [ in the pattern has no ] that ends it";
	}
	return NULL;
}

static const char *known_words(const Line *line)
{
	if (line->parent)
		return "the word known here is max=N, a number of taps";
	if (line->bridge)
		return "the words known here are persistent, and max=N, a number of taps";
	return "the words known here are nat, dhcp, persistent, and max=N, a number of taps";
}

static bool *find_flag(Line *line, const char *word)
{
	if (strcmp(word, "persistent") == 0 && !line->parent)
		return &line->persistent;
	if (line->bridge || line->parent)
		return NULL;
	return strcmp(word, "nat") == 0	   ? &line->nat
	       : strcmp(word, "dhcp") == 0 ? &line->dhcp
					   : NULL;
}

/* The words behind the places of a line. NULL, or what is wrong. */
static const char *parse_words(char **rest, Line *line)
{
	unsigned long max;
	char *word;

	while ((word = strtok_r(NULL, BLANKS, rest))) {
		bool *flag = find_flag(line, word);
		bool is_max = strncmp(word, "max=", 4) == 0;

		if ((flag && *flag) || (is_max && line->max))
			return "a word is there twice";
		if (flag) {
			*flag = true;
			continue;
		}
		if (!is_max || !parse_number(word + 4, NUMBER_MAX, &max))
			return known_words(line);
		if (max == 0)
			return "max= is at least 1; to allow nothing, leave the line out";
		line->max = max;
	}
	if (!line->max)
		line->max = POLICY_NO_LIMIT;
	return pattern_problem(line->pattern);
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

/* A line that names another interface first. */
static const char *parse_other(char **rest, Line *line, const char **other, const char *form)
{
	const char *problem;

	*other = strtok_r(NULL, BLANKS, rest);
	line->pattern = strtok_r(NULL, BLANKS, rest);
	if (!*other || !line->pattern)
		return form;
	problem = request_link_problem(*other);
	return problem ? problem : parse_words(rest, line);
}

/* NULL, or what is wrong. An empty line has no pattern. */
static const char *parse_line(char *text, Line *line)
{
	char *rest, *word;
	size_t len = strlen(text);

	memset(line, 0, sizeof(*line));
	if (len > 0 && text[len - 1] == '\r')
		text[len - 1] = '\0';
	text[strcspn(text, "#")] = '\0';
	word = strtok_r(text, BLANKS, &rest);
	if (!word)
		return NULL;
	if (strcmp(word, "allow") == 0)
		return parse_allow(&rest, line);
	if (strcmp(word, "bridge") == 0)
		return parse_other(&rest, line, &line->bridge,
			"write: bridge BRIDGE TAP-PATTERN [max=N] [persistent]");
	if (strcmp(word, "macvtap") == 0)
		return parse_other(
			&rest, line, &line->parent, "write: macvtap PARENT PATTERN [max=N]");
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

	if (fnmatch(line->pattern, tap->ifname, FNM_NOESCAPE) != 0)
		return (Verdict){ NAME_UNKNOWN, NET_KEY_IFNAME, 0 };
	if (strcmp(line->bridge ? line->bridge : "", tap->bridge) != 0)
		return (Verdict){ NAME_UNKNOWN, *tap->bridge ? NET_KEY_BR : NET_KEY_IFNAME, 0 };
	if (strcmp(line->parent ? line->parent : "", tap->parent) != 0)
		return (Verdict){ NAME_UNKNOWN, *tap->parent ? NET_KEY_PARENT : NET_KEY_IFNAME, 0 };
	if (!line->bridge && !line->parent && !request_each_prefix(tap, line_covers, &coverage))
		return (Verdict){ ADDRESS_OUTSIDE, coverage.key, 0 };
	if (tap->flags & REQUEST_NAT && !line->nat)
		return (Verdict){ WORD_MISSING, NET_KEY_NAT, 0 };
	if (tap->flags & REQUEST_DHCP && !line->dhcp)
		return (Verdict){ WORD_MISSING, NET_KEY_DHCP, 0 };
	if (tap->flags & REQUEST_PERSIST && !line->persistent)
		return (Verdict){ WORD_MISSING, NET_KEY_PERSIST, 0 };
	return (Verdict){ ALLOWED, NET_KEY_IFNAME, line->max };
}

/* What the line changes about the verdicts so far. */
static void apply_line(const Line *line, const Request *request, Verdict *verdicts)
{
	for (unsigned int i = 0; i < request->n_taps; i++) {
		Verdict verdict = judge_tap(line, &request->taps[i]);

		if (verdict.standing >= verdicts[i].standing && verdict.max >= verdicts[i].max)
			verdicts[i] = verdict;
	}
}

/* ---- the answer ---- */

typedef struct {
	char text[REQUEST_PREFIXES * (NET_ADDRESS_TEXT + 1)];
	size_t used;
} Networks;

/* 10.20.30.0/24 for each prefix, as an administrator would write it. */
static bool append_network(const NetAddress *prefix, NetKey key, void *data)
{
	NetAddress network = net_address_network(prefix);
	Networks *networks = data;
	char printed[NET_ADDRESS_TEXT];

	(void)key;
	networks->used += snprintf(networks->text + networks->used,
		sizeof(networks->text) - networks->used, "%s%s", networks->used ? "," : "",
		net_address_print(&network, printed));
	return true;
}

static void write_rule(char *text, size_t size, const RequestTap *tap)
{
	/* What a tap without address matches as well. */
	Networks networks = { .text = "192.168.50.0/24" };
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
	snprintf(text, size, "allow %s %s%s%s%s", tap->ifname, networks.text,
		tap->flags & REQUEST_NAT ? " nat" : "", tap->flags & REQUEST_DHCP ? " dhcp" : "",
		persistent);
}

static bool refuse(
	const Request *request, unsigned int i, NetKey key, const char *why, Fault *fault)
{
	char rule[sizeof(Networks) + 64];

	write_rule(rule, sizeof(rule), &request->taps[i]);
	return fault_about(fault, i, key, EX_NOPERM,
		"%s; an administrator can add \"%s\" to " POLICY_FILE, why, rule);
}

bool policy_is_absent(const Request *request, Fault *fault)
{
	return refuse(request, 0, NET_KEY_IFNAME,
		"there is no policy file, so only root may make taps", fault);
}

/* Of the limits of several taps the least holds. */
static bool sum_up(
	const Request *request, const Verdict *verdicts, unsigned int *ret_max, Fault *fault)
{
	unsigned int max = POLICY_NO_LIMIT;

	for (unsigned int i = 0; i < request->n_taps; i++) {
		if (verdicts[i].standing != ALLOWED)
			return refuse(
				request, i, verdicts[i].key, "the policy does not allow it", fault);
		if (verdicts[i].max < max)
			max = verdicts[i].max;
	}
	*ret_max = max;
	return true;
}

bool policy_allows(
	char *text, size_t size, const Request *request, unsigned int *ret_max, Fault *fault)
{
	Verdict verdicts[REQUEST_TAPS] = { 0 };
	unsigned int number = 1;
	char *rest = text, *next;

	if (memchr(text, '\0', size))
		return fault_set(fault, EX_CONFIG, POLICY_FILE ": holds a NUL byte");
	/* To the end even when a line allows: a file with a fault allows nothing. */
	for (; (next = strsep(&rest, "\n")); number++) {
		Line line;
		const char *problem = parse_line(next, &line);

		/* What is cut off could be the second digit of a prefix length. */
		if (!rest && *next)
			problem = "the file ends within this line; every line ends with a newline";
		if (problem)
			return fault_set(fault, EX_CONFIG, POLICY_FILE ":%u: %s", number, problem);
		if (line.pattern)
			apply_line(&line, request, verdicts);
	}
	return sum_up(request, verdicts, ret_max, fault);
}
