/* SPDX-License-Identifier: MIT */
/*
 * places: where a VM keeps what is its own. The state directory stays: firmware settings, the TPM's
 * memory. The run directory is for sockets while the VM runs. Nothing is made here.
 */
#pragma once

#include <glib.h>

/* All zero at first. A directory is looked for when it is asked for, and then it is needed. */
typedef struct {
	char *state; /* $XDG_STATE_HOME/qemu-tapwrap/VM; NULL: nobody has asked */
	char *run;   /* $XDG_RUNTIME_DIR/qemu-tapwrap/VM; likewise */
} Places;

/* The path, borrowed. */
const char *places_state(Places *places, const char *vm_name);

/*
 * The path, borrowed. Without $XDG_RUNTIME_DIR of our own, /run/user/UID or, for root, /run stands
 * in; NULL if there is none of these.
 */
const char *places_run(Places *places, const char *vm_name);

/* The same path, owned by the caller, for who does not need it; @vm_name NULL: of all VMs. */
char *places_find_run(const char *vm_name);

void places_clear(Places *places);
