/* SPDX-License-Identifier: MIT */
#include "platform/linux/dnsmasq.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RA_INTERVAL 60 /* seconds; a guest that asks is answered at once */

void dnsmasq_begin(DnsmasqArgv *argv)
{
	memset(argv, 0, sizeof(*argv));
}

void dnsmasq_add(DnsmasqArgv *argv, const char *format, ...)
{
	char *word = argv->text[argv->n_words];
	va_list args;

	va_start(args, format);
	vsnprintf(word, DNSMASQ_WORD_MAX, format, args);
	va_end(args);
	argv->words[argv->n_words++] = word;
}

/* No other interface, no file, no lease that would have to be remembered. */
static void add_bounds(DnsmasqArgv *argv, const RequestTap *tap)
{
	dnsmasq_add(argv, "--conf-file=/dev/null");
	dnsmasq_add(argv, "--interface=%s", tap->ifname);
	dnsmasq_add(argv, "--except-interface=lo");
	dnsmasq_add(argv, "--bind-interfaces");
	dnsmasq_add(argv, "--no-hosts");
	dnsmasq_add(argv, "--no-ping");
	dnsmasq_add(argv, "--dhcp-authoritative");
	dnsmasq_add(argv, "--leasefile-ro");
	dnsmasq_add(argv, "--dhcp-leasefile=/dev/null");
	dnsmasq_add(argv, "--quiet-dhcp");
	dnsmasq_add(argv, "--quiet-dhcp6");
	dnsmasq_add(argv, "--quiet-ra");
	if (!(tap->flags & REQUEST_NAT)) {
		dnsmasq_add(argv, "--port=0");
		dnsmasq_add(argv, "--no-resolv");
	}
}

static void add_host(DnsmasqArgv *argv, const RequestTap *tap)
{
	const uint8_t *mac = tap->guest_mac;
	char ipv4[NET_ADDRESS_TEXT + 1] = "", ipv6[NET_ADDRESS_TEXT + 3] = "";
	char text[NET_ADDRESS_TEXT];

	if (tap->guests[0].family)
		snprintf(ipv4, sizeof(ipv4), ",%s", net_address_print_host(&tap->guests[0], text));
	if (tap->guests[1].family)
		snprintf(
			ipv6, sizeof(ipv6), ",[%s]", net_address_print_host(&tap->guests[1], text));
	dnsmasq_add(argv, "--dhcp-host=%02x:%02x:%02x:%02x:%02x:%02x%s%s,infinite", mac[0], mac[1],
		mac[2], mac[3], mac[4], mac[5], ipv4, ipv6);
}

/* "static": those of --dhcp-host only. An empty option is not sent. */
static void add_ipv4(DnsmasqArgv *argv, const RequestTap *tap, const NetAddress *host)
{
	NetAddress network = net_address_network(host);
	NetAddress mask = { .family = 4, .prefix_len = host->prefix_len };
	char text[NET_ADDRESS_TEXT], other[NET_ADDRESS_TEXT];

	memset(mask.octets, 0xff, 4);
	mask = net_address_network(&mask);
	dnsmasq_add(argv, "--dhcp-range=%s,static,%s,infinite",
		net_address_print_host(&network, text), net_address_print_host(&mask, other));
	net_address_print_host(host, text);
	if (tap->flags & REQUEST_NAT) {
		dnsmasq_add(argv, "--dhcp-option=option:router,%s", text);
		dnsmasq_add(argv, "--dhcp-option=option:dns-server,%s", text);
	} else {
		dnsmasq_add(argv, "--dhcp-option=option:router");
		dnsmasq_add(argv, "--dhcp-option=option:dns-server");
	}
	if (tap->mtu)
		dnsmasq_add(argv, "--dhcp-option=option:mtu,%u", tap->mtu);
}

/* Router advertisements tell the guest to ask by DHCPv6; it makes up no address of its own. */
static void add_ipv6(DnsmasqArgv *argv, const RequestTap *tap, const NetAddress *host)
{
	NetAddress network = net_address_network(host);
	char text[NET_ADDRESS_TEXT];

	dnsmasq_add(argv, "--enable-ra");
	dnsmasq_add(argv, "--dhcp-range=%s,static,%u,infinite",
		net_address_print_host(&network, text), network.prefix_len);
	if (!(tap->flags & REQUEST_NAT)) /* no router: its lifetime is 0 */
		dnsmasq_add(argv, "--ra-param=%s,%d,0", tap->ifname, RA_INTERVAL);
}

void dnsmasq_add_options(DnsmasqArgv *argv, const RequestTap *tap)
{
	const NetAddress *ipv4 = tap->guests[0].family ? request_host_of(tap, &tap->guests[0])
						       : NULL;
	const NetAddress *ipv6 = tap->guests[1].family ? request_host_of(tap, &tap->guests[1])
						       : NULL;

	add_bounds(argv, tap);
	if (ipv4)
		add_ipv4(argv, tap, ipv4);
	if (ipv6)
		add_ipv6(argv, tap, ipv6);
	add_host(argv, tap);
}
