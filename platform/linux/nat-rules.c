/* SPDX-License-Identifier: MIT */
#include "platform/linux/nat-rules.h"

#include <string.h>

bool nat_is_wanted(const Request *request)
{
	for (unsigned int i = 0; i < request->n_taps; i++)
		if (request->taps[i].flags & REQUEST_NAT)
			return true;
	return false;
}

const char *nat_table_name(const Request *request, char *name)
{
	unsigned int first = 0;

	while (first < request->n_taps - 1 && !(request->taps[first].flags & REQUEST_NAT))
		first++;
	snprintf(name, NAT_TABLE, "qemu-tapwrap-%.15s", request->taps[first].ifname);
	return name;
}

/* ---- the list ---- */

typedef struct {
	NatRule *rules;
	unsigned int n;
} List;

static void add(List *list, NatRule rule)
{
	list->rules[list->n++] = rule;
}

typedef struct {
	List *list;
	NatRule rule;
} Networks;

/* An address of full length is the host's alone: the guest has the peer. */
static bool add_network(const NetAddress *prefix, NetKey key, void *data)
{
	Networks *networks = data;

	if (key == NET_KEY_ADDRESS && prefix->prefix_len == (prefix->family == 4 ? 32 : 128))
		return true;
	networks->rule.source = net_address_network(prefix);
	add(networks->list, networks->rule);
	return true;
}

/* One verdict for all that comes from @tap under an address that belongs there. */
static void add_networks(List *list, const RequestTap *tap, NatChain chain, NatVerdict verdict)
{
	Networks networks = {
		.list = list,
		.rule = {
			.chain = chain,
			.in = tap->ifname,
			.uplink = *tap->uplink ? tap->uplink : NULL,
			.verdict = verdict,
		},
	};

	request_each_prefix(tap, add_network, &networks);
}

static bool has_nat(const RequestTap *tap)
{
	return tap->flags & REQUEST_NAT;
}

/* To a tap goes only what was asked for, be it from another tap; from it only what is its own. */
static void add_forward(List *list, const Request *request)
{
	const RequestTap *end = request->taps + request->n_taps;

	for (const RequestTap *tap = request->taps; tap < end; tap++)
		if (has_nat(tap))
			add(list, (NatRule){ .chain = NAT_FORWARD,
					  .out = tap->ifname,
					  .connection = NAT_UNASKED,
					  .verdict = NAT_DROP });
	for (const RequestTap *tap = request->taps; tap < end; tap++) {
		if (!has_nat(tap))
			continue;
		add(list, (NatRule){ .chain = NAT_FORWARD,
				  .in = tap->ifname,
				  .connection = NAT_STRAY,
				  .verdict = NAT_DROP });
		add_networks(list, tap, NAT_FORWARD, NAT_ACCEPT);
		add(list,
			(NatRule){ .chain = NAT_FORWARD, .in = tap->ifname, .verdict = NAT_DROP });
	}
}

/* Between the taps of the VM nothing is translated. */
static void add_postrouting(List *list, const Request *request)
{
	const RequestTap *end = request->taps + request->n_taps;

	for (const RequestTap *tap = request->taps; tap < end; tap++)
		add(list, (NatRule){ .chain = NAT_POSTROUTING,
				  .out = tap->ifname,
				  .verdict = NAT_ACCEPT });
	for (const RequestTap *tap = request->taps; tap < end; tap++)
		if (has_nat(tap))
			add_networks(list, tap, NAT_POSTROUTING, NAT_MASQUERADE);
}

unsigned int nat_rules(const Request *request, NatRule *rules)
{
	List list = { .rules = rules };

	add_forward(&list, request);
	add_postrouting(&list, request);
	return list.n;
}

/* ---- as a text ---- */

static void print_rule(FILE *out, const NatRule *rule)
{
	static const char *const verdicts[] = {
		[NAT_ACCEPT] = "accept",
		[NAT_DROP] = "drop",
		[NAT_MASQUERADE] = "masquerade",
	};
	char network[NET_ADDRESS_TEXT];

	fputs("\t\t", out);
	if (rule->in)
		fprintf(out, "iif \"%s\" ", rule->in);
	if (rule->out)
		fprintf(out, "oif \"%s\" ", rule->out);
	if (rule->uplink)
		fprintf(out, "oifname \"%s\" ", rule->uplink);
	if (rule->source.family)
		fprintf(out, "%s saddr %s ", rule->source.family == 4 ? "ip" : "ip6",
			net_address_print(&rule->source, network));
	if (rule->connection)
		fprintf(out, "ct state invalid,%suntracked ",
			rule->connection == NAT_UNASKED ? "new," : "");
	fprintf(out, "%s\n", verdicts[rule->verdict]);
}

static void print_chain(FILE *out, NatChain chain, const NatRule *rules, unsigned int n)
{
	fprintf(out, "\tchain %s\n",
		chain == NAT_FORWARD
			? "forward {\n\t\ttype filter hook forward priority filter; policy accept;"
			: "postrouting {\n\t\ttype nat hook postrouting priority srcnat; policy "
			  "accept;");
	for (unsigned int i = 0; i < n; i++)
		if (rules[i].chain == chain)
			print_rule(out, &rules[i]);
	fputs("\t}\n", out);
}

void nat_print(FILE *out, const Request *request)
{
	NatRule rules[NAT_RULES_MAX];
	unsigned int n = nat_rules(request, rules);
	char name[NAT_TABLE];

	fprintf(out, "table inet %s {\n", nat_table_name(request, name));
	print_chain(out, NAT_FORWARD, rules, n);
	print_chain(out, NAT_POSTROUTING, rules, n);
	fputs("}\n", out);
}
