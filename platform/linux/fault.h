/* SPDX-License-Identifier: MIT */
/*
 * fault: one error of the GLib-free side, fit to be sent over the helper's socket as it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "platform/tap-terms.h"

typedef struct {
	int32_t status;	 /* exit status of <sysexits.h>; 0: none */
	int32_t tap;	 /* index of the tap it is about, -1: none */
	uint32_t key;	 /* a NetKey: what about that tap */
	char text[1500]; /* a line of policy with all prefixes of a tap fits in */
} Fault;

/* Fills @fault; always returns false, so that a caller can return it. */
bool fault_set(Fault *fault, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for one of the taps. */
bool fault_about(Fault *fault, int tap, NetKey key, int status, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
