/* SPDX-License-Identifier: MIT */
#include "platform/linux/helper/nft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>

#include "platform/linux/netif.h"

#define BATCH_MAX (192 * 1024) /* bytes; of the largest, with 327 messages, 168 KiB */
#define MESSAGE_MAX 1024       /* bytes; of the largest rule 700 */
#define ANSWER_MAX 32768       /* bytes; as the kernel's largest part of a dump */
#define DUMP_TRIES 3
#define NO_NFTABLES "NAT: this kernel has no nftables; load them with: modprobe nf_tables"

struct Nft {
	struct mnl_socket *socket;
	uint32_t sequence;
};

/* ---- socket ---- */

Nft *nft_open(Fault *fault)
{
	Nft *nft = calloc(1, sizeof(*nft));

	if (nft)
		nft->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (nft && nft->socket && mnl_socket_bind(nft->socket, 0, MNL_SOCKET_AUTOPID) == 0)
		return nft;
	if (nft && !nft->socket && errno == EPROTONOSUPPORT)
		fault_set(fault, EX_UNAVAILABLE, NO_NFTABLES);
	else
		fault_set(fault, EX_OSERR, "nftables: %s", strerror(nft ? errno : ENOMEM));
	nft_close(nft);
	return NULL;
}

void nft_close(Nft *nft)
{
	if (!nft)
		return;
	if (nft->socket)
		mnl_socket_close(nft->socket);
	free(nft);
}

/* ---- a batch: messages of which the kernel takes all or none ---- */

typedef enum {
	BATCH_FRAME, /* its begin and its end */
	BATCH_TABLE,
	BATCH_CHAIN,
	BATCH_RULE,
} BatchPart;

typedef struct {
	char bytes[BATCH_MAX];
	size_t used;
	uint32_t next;			    /* sequence number; the first is 0 */
	BatchPart parts[NAT_RULES_MAX + 8]; /* by sequence number */
} Batch;

static bool batch_has_room(const Batch *batch)
{
	return batch->used + MESSAGE_MAX <= sizeof(batch->bytes) &&
	       batch->next < sizeof(batch->parts) / sizeof(*batch->parts);
}

/* A message's header, to be filled and then kept with batch_keep. The batch must have room. */
static struct nlmsghdr *batch_start(Batch *batch, BatchPart part, uint16_t type, uint16_t flags)
{
	batch->parts[batch->next] = part;
	return nftnl_nlmsg_build_hdr(batch->bytes + batch->used, type, NFPROTO_INET,
		NLM_F_CREATE | flags, batch->next++);
}

static void batch_keep(Batch *batch, const struct nlmsghdr *message)
{
	batch->used += MNL_ALIGN(message->nlmsg_len);
}

static void batch_add_frame(Batch *batch, bool begin)
{
	char *at = batch->bytes + batch->used;

	batch->parts[batch->next] = BATCH_FRAME;
	batch_keep(batch,
		begin ? nftnl_batch_begin(at, batch->next++) : nftnl_batch_end(at, batch->next++));
}

static bool batch_add_table(Batch *batch, const char *name)
{
	struct nftnl_table *table = batch_has_room(batch) ? nftnl_table_alloc() : NULL;
	struct nlmsghdr *message;

	if (!table)
		return false;
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, name);
	nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, NFT_TABLE_F_OWNER);
	message = batch_start(batch, BATCH_TABLE, NFT_MSG_NEWTABLE, NLM_F_EXCL);
	nftnl_table_nlmsg_build_payload(message, table);
	batch_keep(batch, message);
	nftnl_table_free(table);
	return true;
}

/* What a chain is called, and where its packets come from. */
static const struct {
	const char *name, *type;
	uint32_t hook;
	int32_t priority;
} chains[] = {
	[NAT_FORWARD] = { "forward", "filter", NF_INET_FORWARD, 0 },
	[NAT_POSTROUTING] = { "postrouting", "nat", NF_INET_POST_ROUTING, 100 },
};

static bool batch_add_chain(Batch *batch, const char *table, NatChain which)
{
	struct nftnl_chain *chain = batch_has_room(batch) ? nftnl_chain_alloc() : NULL;
	struct nlmsghdr *message;

	if (!chain)
		return false;
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, table);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, chains[which].name);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, chains[which].type);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, chains[which].hook);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, chains[which].priority);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	message = batch_start(batch, BATCH_CHAIN, NFT_MSG_NEWCHAIN, NLM_F_EXCL);
	nftnl_chain_nlmsg_build_payload(message, chain);
	batch_keep(batch, message);
	nftnl_chain_free(chain);
	return true;
}

/* ---- a rule: expressions that load something into a register and compare it ---- */

static struct nftnl_expr *add_expression(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *expression = nftnl_expr_alloc(name);

	if (expression)
		nftnl_rule_add_expr(rule, expression);
	return expression;
}

static bool add_compare(struct nftnl_rule *rule, uint32_t operator, const void * data, size_t size)
{
	struct nftnl_expr *compare = add_expression(rule, "cmp");

	if (!compare)
		return false;
	nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_OP, operator);
	nftnl_expr_set(compare, NFTNL_EXPR_CMP_DATA, data, size);
	return true;
}

static bool add_mask(struct nftnl_rule *rule, const void *mask, size_t size)
{
	static const uint8_t zero[16];
	struct nftnl_expr *bitwise = add_expression(rule, "bitwise");

	if (!bitwise)
		return false;
	nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_LEN, size);
	nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_MASK, mask, size);
	nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_XOR, zero, size);
	return true;
}

static bool add_meta(struct nftnl_rule *rule, uint32_t key, const void *data, size_t size)
{
	struct nftnl_expr *meta = add_expression(rule, "meta");

	if (!meta)
		return false;
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
	return add_compare(rule, NFT_CMP_EQ, data, size);
}

/* By index: a rule of a tap that is gone must not fit another of its name. */
static bool add_tap(struct nftnl_rule *rule, uint32_t key, const char *ifname)
{
	uint32_t index;

	if (!ifname)
		return true;
	index = netif_index(ifname);
	return index > 0 && add_meta(rule, key, &index, sizeof(index));
}

static bool add_uplink(struct nftnl_rule *rule, const char *ifname)
{
	char name[REQUEST_IFNAME] = "";

	if (!ifname)
		return true;
	strncpy(name, ifname, sizeof(name) - 1);
	return add_meta(rule, NFT_META_OIFNAME, name, sizeof(name));
}

/* The field for the source is at byte 12 of an IPv4 header, at byte 8 of an IPv6 header. */
static bool add_source(struct nftnl_rule *rule, const NetAddress *network)
{
	bool four = network->family == 4;
	uint8_t protocol = four ? NFPROTO_IPV4 : NFPROTO_IPV6, mask[16] = { 0 };
	size_t size = four ? 4 : 16;
	struct nftnl_expr *payload;

	if (!network->family)
		return true;
	if (!add_meta(rule, NFT_META_NFPROTO, &protocol, sizeof(protocol)))
		return false;
	payload = add_expression(rule, "payload");
	if (!payload)
		return false;
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, four ? 12 : 8);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, size);
	for (unsigned int i = 0; i < network->prefix_len; i++)
		mask[i / 8] |= 0x80 >> (i % 8);
	return add_mask(rule, mask, size) && add_compare(rule, NFT_CMP_EQ, network->octets, size);
}

static bool add_connection(struct nftnl_rule *rule, NatConnection connection)
{
	static const uint32_t zero;
	uint32_t states = NF_CT_STATE_INVALID_BIT | NF_CT_STATE_UNTRACKED_BIT |
			  (connection == NAT_UNASKED ? NF_CT_STATE_BIT(IP_CT_NEW) : 0);
	struct nftnl_expr *state;

	if (connection == NAT_ANY)
		return true;
	state = add_expression(rule, "ct");
	if (!state)
		return false;
	nftnl_expr_set_u32(state, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(state, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	return add_mask(rule, &states, sizeof(states)) &&
	       add_compare(rule, NFT_CMP_NEQ, &zero, sizeof(zero));
}

static bool add_verdict(struct nftnl_rule *rule, NatVerdict verdict)
{
	struct nftnl_expr *expression = add_expression(
		rule, verdict == NAT_MASQUERADE ? "masq" : "immediate");

	if (!expression || verdict == NAT_MASQUERADE)
		return expression != NULL;
	nftnl_expr_set_u32(expression, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(
		expression, NFTNL_EXPR_IMM_VERDICT, verdict == NAT_ACCEPT ? NF_ACCEPT : NF_DROP);
	return true;
}

static bool batch_add_rule(Batch *batch, const char *table, const NatRule *from, bool is_last)
{
	struct nftnl_rule *rule = batch_has_room(batch) ? nftnl_rule_alloc() : NULL;
	struct nlmsghdr *message;
	bool built;

	if (!rule)
		return false;
	nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, table);
	nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chains[from->chain].name);
	built = add_tap(rule, NFT_META_IIF, from->in) && add_tap(rule, NFT_META_OIF, from->out) &&
		add_uplink(rule, from->uplink) && add_source(rule, &from->source) &&
		add_connection(rule, from->connection) && add_verdict(rule, from->verdict);
	if (built) {
		message = batch_start(batch, BATCH_RULE, NFT_MSG_NEWRULE,
			NLM_F_APPEND | (is_last ? NLM_F_ACK : 0));
		nftnl_rule_nlmsg_build_payload(message, rule);
		batch_keep(batch, message);
	}
	nftnl_rule_free(rule);
	return built;
}

static bool batch_fill(Batch *batch, const char *name, const NatRule *rules, unsigned int n_rules)
{
	batch_add_frame(batch, true);
	if (!batch_add_table(batch, name) || !batch_add_chain(batch, name, NAT_FORWARD) ||
		!batch_add_chain(batch, name, NAT_POSTROUTING))
		return false;
	for (unsigned int i = 0; i < n_rules; i++)
		if (!batch_add_rule(batch, name, &rules[i], i == n_rules - 1))
			return false;
	batch_add_frame(batch, false);
	return true;
}

/* ---- sending it ---- */

static bool tell_refusal(int error, BatchPart part, const char *name, Fault *fault)
{
	/* The owner's own, or one without an owner. */
	if (part == BATCH_TABLE && (error == EPERM || error == EEXIST))
		return fault_set(fault, EX_TEMPFAIL,
			"NAT: there is an nftables table inet %s already; nft list ruleset shows it",
			name);
	if (error == EPERM)
		return fault_set(fault, EX_NOPERM, "nftables: %s", strerror(error));
	if (part == BATCH_FRAME && (error == EOPNOTSUPP || error == EINVAL))
		return fault_set(fault, EX_UNAVAILABLE, NO_NFTABLES);
	if (part == BATCH_TABLE && (error == EOPNOTSUPP || error == EINVAL))
		return fault_set(fault, EX_UNAVAILABLE,
			"NAT: the nftables of this kernel know no owner of a table; "
			"Linux 5.12 or later is needed");
	if (error == ENOENT || error == EOPNOTSUPP)
		return fault_set(fault, EX_UNAVAILABLE,
			"NAT: this kernel lacks a part of nftables; load it with: "
			"modprobe -a nft_ct nft_masq nft_chain_nat");
	return fault_set(fault, EX_OSERR, "nftables: %s", strerror(error));
}

/*
 * The kernel has answered by the time that the batch is sent: with a refusal for each message that
 * it does not take, in order, and with an acknowledgement of the last one.
 */
static bool take_answers(Nft *nft, const Batch *batch, const char *name, Fault *fault)
{
	char bytes[ANSWER_MAX];
	int n = recv(mnl_socket_get_fd(nft->socket), bytes, sizeof(bytes), MSG_DONTWAIT);
	const struct nlmsghdr *header = (const struct nlmsghdr *)bytes;
	const struct nlmsgerr *answer;

	if (n < 0)
		return fault_set(fault, EX_OSERR, "nftables: %s", strerror(errno));
	if (!mnl_nlmsg_ok(header, n) || header->nlmsg_type != NLMSG_ERROR ||
		mnl_nlmsg_get_payload_len(header) < sizeof(*answer) ||
		header->nlmsg_seq >= batch->next)
		return fault_set(fault, EX_OSERR, "nftables: an answer that is none");
	answer = mnl_nlmsg_get_payload(header);
	return answer->error == 0 ||
	       tell_refusal(-answer->error, batch->parts[header->nlmsg_seq], name, fault);
}

int nft_make_table(const char *name, const NatRule *rules, unsigned int n_rules, Fault *fault)
{
	static Batch batch;
	Nft *nft = nft_open(fault);
	int fd = -1;

	if (!nft)
		return -1;
	if (!batch_fill(&batch, name, rules, n_rules))
		fault_set(fault, EX_OSERR, "nftables: the rules cannot be built");
	else if (mnl_socket_sendto(nft->socket, batch.bytes, batch.used) < 0)
		tell_refusal(errno, BATCH_FRAME, name, fault);
	else if (take_answers(nft, &batch, name, fault)) {
		fd = fcntl(mnl_socket_get_fd(nft->socket), F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			fault_set(fault, EX_OSERR, "nftables: %s", strerror(errno));
	}
	nft_close(nft);
	return fd;
}

/* ---- listing ---- */

/* What the kernel has of a kind; @on_message is called for each. */
static int ask(Nft *nft, uint16_t type, uint8_t family, struct nftnl_rule *filter,
	mnl_cb_t on_message, void *data)
{
	char question[MESSAGE_MAX], answer[ANSWER_MAX];
	uint32_t sequence = ++nft->sequence;
	struct nlmsghdr *header = nftnl_nlmsg_build_hdr(
		question, type, family, NLM_F_DUMP, sequence);
	int n;

	if (filter)
		nftnl_rule_nlmsg_build_payload(header, filter);
	if (mnl_socket_sendto(nft->socket, header, header->nlmsg_len) < 0)
		return -1;
	do {
		n = mnl_socket_recvfrom(nft->socket, answer, sizeof(answer));
		if (n > 0)
			n = mnl_cb_run(answer, n, sequence, mnl_socket_get_portid(nft->socket),
				on_message, data);
	} while (n > 0);
	return n;
}

static bool dump(Nft *nft, uint16_t type, uint8_t family, struct nftnl_rule *filter,
	mnl_cb_t on_message, void *data, Fault *fault)
{
	int result = -1;

	errno = EINTR; /* the rules changed meanwhile */
	for (int i = 0; i < DUMP_TRIES && result < 0 && errno == EINTR; i++)
		result = ask(nft, type, family, filter, on_message, data);
	if (result >= 0)
		return true;
	if (errno == EOPNOTSUPP || errno == EINVAL)
		return fault_set(fault, EX_UNAVAILABLE, NO_NFTABLES);
	return fault_set(fault, EX_OSERR, "nftables: cannot list the rules: %s", strerror(errno));
}

typedef struct {
	NftChainVisit visit_chain;
	NftRuleVisit visit_rule;
	void *data;
	bool stopped;
} Visitor;

static void copy_name(char *to, size_t size, const char *from)
{
	to[0] = '\0';
	strncat(to, from ? from : "", size - 1);
}

static int on_chain(const struct nlmsghdr *header, void *data)
{
	Visitor *visitor = data;
	struct nftnl_chain *chain = nftnl_chain_alloc();
	const char *type;
	NftChain found;

	if (!chain)
		return MNL_CB_ERROR;
	if (!visitor->stopped && nftnl_chain_nlmsg_parse(header, chain) == 0) {
		type = nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE);
		found.family = nftnl_chain_get_u32(chain, NFTNL_CHAIN_FAMILY);
		copy_name(found.table, NFT_NAME, nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE));
		copy_name(found.name, NFT_NAME, nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME));
		found.has_hook = nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM);
		found.filters_forward = found.has_hook && type && strcmp(type, "filter") == 0 &&
					(found.family == NFPROTO_IPV4 ||
						found.family == NFPROTO_IPV6 ||
						found.family == NFPROTO_INET) &&
					nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM) ==
						NF_INET_FORWARD;
		found.drops = found.has_hook &&
			      nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY) == NF_DROP;
		visitor->stopped = !visitor->visit_chain(&found, visitor->data);
	}
	nftnl_chain_free(chain);
	return MNL_CB_OK;
}

bool nft_each_chain(Nft *nft, NftChainVisit visit, void *data, Fault *fault)
{
	Visitor visitor = { .visit_chain = visit, .data = data };

	return dump(nft, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NULL, on_chain, &visitor, fault);
}

/* What iptables makes of -i tap+ is a comparison of fewer bytes, without the NUL. */
static void read_ifname(const struct nftnl_expr *compare, char *ifname, NftRule *rule)
{
	uint32_t size = 0;
	const char *data = nftnl_expr_get(compare, NFTNL_EXPR_CMP_DATA, &size);

	if (nftnl_expr_get_u32(compare, NFTNL_EXPR_CMP_OP) != NFT_CMP_EQ || !data || size == 0 ||
		size > REQUEST_IFNAME) {
		rule->has_other_match = true;
		return;
	}
	copy_name(ifname, size < REQUEST_IFNAME ? size + 1 : REQUEST_IFNAME, data);
	if (strlen(ifname) == size && size < REQUEST_IFNAME - 1)
		strcat(ifname, "*");
}

static void read_verdict(const struct nftnl_expr *immediate, NftRule *rule)
{
	int verdict = nftnl_expr_get_u32(immediate, NFTNL_EXPR_IMM_VERDICT);

	if (!nftnl_expr_is_set(immediate, NFTNL_EXPR_IMM_VERDICT))
		return;
	rule->accepts = verdict == NF_ACCEPT || verdict == NFT_JUMP || verdict == NFT_GOTO;
	rule->drops = verdict == NF_DROP;
}

/* Reads on from one expression; @pending is where the name goes that is compared next, or NULL. */
static void read_expression(const struct nftnl_expr *expression, char **pending, NftRule *rule)
{
	const char *name = nftnl_expr_get_str(expression, NFTNL_EXPR_NAME), *target;
	char *ifname = *pending;

	*pending = NULL;
	if (strcmp(name, "meta") == 0) {
		uint32_t key = nftnl_expr_get_u32(expression, NFTNL_EXPR_META_KEY);

		if (key == NFT_META_IIFNAME || key == NFT_META_OIFNAME)
			*pending = key == NFT_META_IIFNAME ? rule->in : rule->out;
		else
			rule->has_other_match = true;
	} else if (strcmp(name, "cmp") == 0 && ifname) {
		read_ifname(expression, ifname, rule);
	} else if (strcmp(name, "immediate") == 0) {
		read_verdict(expression, rule);
	} else if (strcmp(name, "reject") == 0) {
		rule->drops = true;
	} else if (strcmp(name, "target") == 0) { /* one of iptables */
		target = nftnl_expr_get_str(expression, NFTNL_EXPR_TG_NAME);
		rule->drops = target && strcmp(target, "REJECT") == 0;
	} else if (strcmp(name, "counter") != 0 && strcmp(name, "log") != 0) {
		rule->has_other_match = true;
	}
}

static int on_rule(const struct nlmsghdr *header, void *data)
{
	Visitor *visitor = data;
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct nftnl_expr_iter *each = NULL;
	struct nftnl_expr *expression;
	char *pending = NULL;
	NftRule found;

	if (!rule)
		return MNL_CB_ERROR;
	memset(&found, 0, sizeof(found));
	if (!visitor->stopped && nftnl_rule_nlmsg_parse(header, rule) == 0)
		each = nftnl_expr_iter_create(rule);
	if (each) {
		copy_name(found.chain, NFT_NAME, nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN));
		while ((expression = nftnl_expr_iter_next(each)))
			read_expression(expression, &pending, &found);
		nftnl_expr_iter_destroy(each);
		visitor->stopped = !visitor->visit_rule(&found, visitor->data);
	}
	nftnl_rule_free(rule);
	return MNL_CB_OK;
}

bool nft_each_rule(
	Nft *nft, uint8_t family, const char *table, NftRuleVisit visit, void *data, Fault *fault)
{
	Visitor visitor = { .visit_rule = visit, .data = data };
	struct nftnl_rule *filter = nftnl_rule_alloc();
	bool listed;

	if (!filter)
		return fault_set(fault, EX_OSERR, "nftables: %s", strerror(ENOMEM));
	nftnl_rule_set_str(filter, NFTNL_RULE_TABLE, table);
	listed = dump(nft, NFT_MSG_GETRULE, family, filter, on_rule, &visitor, fault);
	nftnl_rule_free(filter);
	return listed;
}
