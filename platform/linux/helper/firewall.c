/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/firewall.h"

#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>

#include "platform/linux/helper/legacy.h"
#include "platform/linux/helper/nft.h"

#define CHAINS_MAX 64
#define DOCKER_CHAIN "DOCKER-USER" /* where Docker wants the rules of others */

/* All chains that packets enter by a hook, and Docker's for others. */
typedef struct {
	NftChain chains[CHAINS_MAX];
	unsigned int n;
} Chains;

/* What the rules of a table say about one chain of it and one tap. */
typedef struct {
	const Chains *chains;
	const NftChain *chain;
	const RequestTap *tap;
	bool drops_rest; /* its last rule drops what is left */
	bool lets_tap_pass;
} Look;

/* ---- the cure ---- */

/* A name that a shell and nft take as it is. */
static bool is_plain(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789_-")] == '\0';
}

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

static const NftChain *find_chain(
	const Chains *chains, uint8_t family, const char *table, const char *name)
{
	for (unsigned int i = 0; i < chains->n; i++)
		if (chains->chains[i].family == family &&
			strcmp(chains->chains[i].table, table) == 0 &&
			strcmp(chains->chains[i].name, name) == 0)
			return &chains->chains[i];
	return NULL;
}

static bool is_iptables(const NftChain *chain)
{
	return chain->family != NFPROTO_INET && strcmp(chain->table, "filter") == 0 &&
	       strcmp(chain->name, "FORWARD") == 0;
}

static bool is_firewalld(const NftChain *chain)
{
	return strcmp(chain->table, "firewalld") == 0;
}

static void write_iptables(
	const char *command, const char *chain, const char *ifname, char *text, size_t size)
{
	snprintf(text, size,
		"%s -I %s -i %s -j ACCEPT && "
		"%s -I %s -o %s -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		command, chain, ifname, command, chain, ifname);
}

static void write_nft(const NftChain *chain, const char *ifname, char *text, size_t size)
{
	const char *family = family_name(chain->family);

	if (!is_plain(chain->table) || !is_plain(chain->name)) {
		snprintf(text, size, "a rule of your own there");
		return;
	}
	snprintf(text, size,
		"nft insert rule %s %s %s iifname %s accept && "
		"nft insert rule %s %s %s oifname %s ct state established,related accept",
		family, chain->table, chain->name, ifname, family, chain->table, chain->name,
		ifname);
}

static void write_cure(
	const Chains *chains, const NftChain *chain, const char *ifname, char *text, size_t size)
{
	bool has_docker = find_chain(chains, chain->family, chain->table, DOCKER_CHAIN) != NULL;

	if (is_iptables(chain))
		write_iptables(chain->family == NFPROTO_IPV4 ? "iptables" : "ip6tables",
			has_docker ? DOCKER_CHAIN : "FORWARD", ifname, text, size);
	else if (is_firewalld(chain))
		snprintf(text, size, "firewall-cmd --zone=trusted --add-interface=%s", ifname);
	else
		write_nft(chain, ifname, text, size);
}

/* A line that does not fit is left out as a whole. */
static void add_line(
	const NftChain *chain, const char *ifname, const char *cure, char *text, size_t size)
{
	size_t used = strlen(text);
	int n = snprintf(text + used, size - used,
		"%sthe firewall (table %s %s, chain %s) drops what %s forwards; let it pass with: %s",
		used ? "\n" : "", family_name(chain->family),
		is_plain(chain->table) ? chain->table : "?",
		is_plain(chain->name) ? chain->name : "?", ifname, cure);

	if (n < 0 || (size_t)n >= size - used)
		text[used] = '\0';
}

/* ---- looking ---- */

static bool visit_chain(const NftChain *chain, void *data)
{
	Chains *chains = data;

	if (chain->has_hook || strcmp(chain->name, DOCKER_CHAIN) == 0)
		chains->chains[chains->n++] = *chain;
	return chains->n < CHAINS_MAX;
}

static bool names(const char *pattern, const char *ifname)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncmp(pattern, ifname, len - 1) == 0;
	return strcmp(pattern, ifname) == 0;
}

/*
 * firewalld lets pass what goes to an interface of the same zone, and a tap that has no zone is in
 * the default zone. So a rule that only names the uplink is enough there.
 */
static bool is_zone_with_uplink(const Look *look, const NftRule *rule)
{
	return is_firewalld(look->chain) && strncmp(rule->chain, "filter_FWD_", 11) == 0 &&
	       !*rule->in && *rule->out && !rule->has_other_match &&
	       (!*look->tap->uplink || names(rule->out, look->tap->uplink));
}

/* Rules are looked at in the chain itself and in those that it may go on to. */
static bool visit_rule(const NftRule *rule, void *data)
{
	Look *look = data;
	bool is_same_chain = strcmp(rule->chain, look->chain->name) == 0;
	const NftChain *other = find_chain(
		look->chains, look->chain->family, look->chain->table, rule->chain);

	if (is_same_chain)
		look->drops_rest = rule->drops && !rule->has_other_match && !*rule->in &&
				   !*rule->out;
	if (rule->accepts && (is_same_chain || !other || !other->has_hook) &&
		((*rule->in && names(rule->in, look->tap->ifname)) ||
			is_zone_with_uplink(look, rule)))
		look->lets_tap_pass = true;
	return true;
}

static bool concerns(const NftChain *chain, const RequestTap *tap)
{
	for (unsigned int i = 0; i < tap->n_addresses; i++)
		if (chain->family == NFPROTO_INET ||
			(chain->family == NFPROTO_IPV4) == (tap->addresses[i].family == 4))
			return true;
	return false;
}

static void look_at(Nft *nft, Look *look, char *text, size_t size)
{
	char cure[1200];
	Fault ignored;

	if (!nft_each_rule(
		    nft, look->chain->family, look->chain->table, visit_rule, look, &ignored) ||
		look->lets_tap_pass || !(look->chain->drops || look->drops_rest))
		return;
	write_cure(look->chains, look->chain, look->tap->ifname, cure, sizeof(cure));
	add_line(look->chain, look->tap->ifname, cure, text, size);
}

static void look_at_legacy(const RequestTap *tap, uint8_t family, char *text, size_t size)
{
	NftChain chain = {
		.family = family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6,
		.table = "filter",
		.name = "FORWARD",
	};
	LegacyForward forward;
	char cure[1200];

	if (!concerns(&chain, tap))
		return;
	forward = legacy_look(family, tap->ifname);
	if (!forward.drops || forward.lets_tap_pass)
		return;
	write_iptables(family == 4 ? "iptables-legacy" : "ip6tables-legacy",
		forward.has_docker_user ? DOCKER_CHAIN : "FORWARD", tap->ifname, cure,
		sizeof(cure));
	add_line(&chain, tap->ifname, cure, text, size);
}

static void look_at_tap(
	Nft *nft, const Chains *chains, const RequestTap *tap, char *text, size_t size)
{
	for (unsigned int i = 0; i < chains->n; i++) {
		Look look = { .chains = chains, .chain = &chains->chains[i], .tap = tap };

		if (look.chain->filters_forward && concerns(look.chain, tap))
			look_at(nft, &look, text, size);
	}
	look_at_legacy(tap, 4, text, size);
	look_at_legacy(tap, 6, text, size);
}

bool firewall_warn(const Request *request, char *text, size_t size, Fault *fault)
{
	static Chains chains;
	Nft *nft = nft_open(fault);
	bool listed = nft && nft_each_chain(nft, visit_chain, &chains, fault);

	text[0] = '\0';
	for (unsigned int i = 0; listed && i < request->n_taps; i++)
		if (request->taps[i].flags & REQUEST_NAT)
			look_at_tap(nft, &chains, &request->taps[i], text, size);
	nft_close(nft);
	return listed;
}
