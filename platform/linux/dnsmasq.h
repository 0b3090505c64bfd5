/* SPDX-License-Identifier: MIT */
/*
 * dnsmasq: its command line for one tap, made of nothing but what a request holds. The helper runs
 * it, the launcher shows it.
 */
#pragma once

#include "platform/linux/request.h"

#define DNSMASQ_WORDS_MAX 32
#define DNSMASQ_WORD_MAX 160 /* bytes, enough for the longest of them */

typedef struct {
	char *words[DNSMASQ_WORDS_MAX + 1]; /* NULL behind the last */
	unsigned int n_words;
	char text[DNSMASQ_WORDS_MAX][DNSMASQ_WORD_MAX];
} DnsmasqArgv;

void dnsmasq_begin(DnsmasqArgv *argv);
void dnsmasq_add(DnsmasqArgv *argv, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The guest with its MAC gets its addresses, for ever, and nobody else gets one. Only with NAT it
 * also gets a router and a name server, which is dnsmasq, asking those of the host.
 */
void dnsmasq_add_options(DnsmasqArgv *argv, const RequestTap *tap);
