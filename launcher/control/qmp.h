/* SPDX-License-Identifier: MIT */
/*
 * qmp: QEMU's monitor for programs, from the other side. Nothing here waits longer than it is told.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

typedef struct Qmp Qmp;

#define QMP_ERROR (qmp_error_quark())
GQuark qmp_error_quark(void);

/*
 * Connects to the socket @path. NULL and QMP_ERROR, EX_UNAVAILABLE: there is none, or nobody
 * listens any more. That QEMU answers is not known yet.
 */
Qmp *qmp_open(const char *path, GError **error);
void qmp_free(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_free)

/* Who listens there, as the kernel knows it. */
int qmp_pid(const Qmp *qmp);

/*
 * Sends a command; its answer is for qmp_receive, in the same order. @arguments is JSON, an object,
 * or NULL. A QEMU that is gone or does not read is found by qmp_receive.
 */
void qmp_send(Qmp *qmp, const char *command, const char *arguments);

/* The same with a descriptor that QEMU gets a copy of. */
void qmp_send_with(Qmp *qmp, const char *command, int fd);

/*
 * What the command that was sent next to the last one received returns, owned by the caller.
 * @deadline is of g_get_monotonic_time. NULL and QMP_ERROR, EX_UNAVAILABLE: no answer until then,
 * or QEMU is gone; EX_SOFTWARE: QEMU refuses it, with its words.
 */
JsonNode *qmp_receive(Qmp *qmp, gint64 deadline, GError **error);

/* Both of these in one. */
JsonNode *qmp_ask(Qmp *qmp, const char *command, gint64 deadline, GError **error);

/* Reads and forgets, until QEMU is gone (TRUE) or the time is over. */
gboolean qmp_wait_for_end(Qmp *qmp, gint64 deadline);
