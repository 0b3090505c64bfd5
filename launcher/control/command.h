/* SPDX-License-Identifier: MIT */
/*
 * command: commands to the QEMU of a VM that runs. A QEMU that does not answer is told from a
 * command that takes its time.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "launcher/control/running.h"

typedef struct Commander Commander;

#define COMMAND_ERROR (command_error_quark())
GQuark command_error_quark(void);

/* The exit status when QEMU does not do it. */
#define COMMAND_REFUSED 1

/*
 * Connects to the VM's QEMU, waiting a moment for one that is starting, and makes sure that it
 * answers within two seconds. NULL and COMMAND_ERROR, EX_UNAVAILABLE, with the VM's name in the
 * line. @vm is borrowed.
 */
Commander *command_open(const Running *vm, GError **error);
void command_close(Commander *commander);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Commander, command_close)

/* Is QEMU's state, of the moment of command_open, that one, as in "paused"? */
gboolean command_state_is(const Commander *commander, const char *state);

/*
 * Gives @command and returns what it returns, owned by the caller. @arguments is taken, and may be
 * NULL. @seconds: how long it may take. NULL and COMMAND_ERROR: COMMAND_REFUSED with QEMU's words,
 * or EX_UNAVAILABLE.
 */
JsonNode *command_give(Commander *commander, const char *command, JsonObject *arguments,
	guint seconds, GError **error);

/* Gives QEMU a copy of @fd; its number is for "/dev/fdset/NUMBER". -1 and COMMAND_ERROR. */
gint64 command_give_fd(Commander *commander, int fd, GError **error);

/* Makes what came from elsewhere harmless to a terminal: no control characters. In place. */
void command_tame(char *text);

/* Prints the one line of an error and returns its code. */
int command_complain(const GError *error);
