/* SPDX-License-Identifier: MIT */
/*
 * qemu-facts: what an installed QEMU has, from itself: over QMP, with a machine that is none, and
 * from the lists that only its command line prints.
 */
#pragma once

#include <glib.h>

typedef enum {
	/* over QMP */
	FACT_MACHINE, /* aliases too */
	FACT_CPU,
	FACT_DEVICE, /* without the aliases that -device takes */
	FACT_CHARDEV,
	FACT_OBJECT,
	FACT_TPM,
	/* of a run of its own each */
	FACT_DISPLAY,
	FACT_AUDIO,
	FACT_NETDEV,
} FactKind;
#define FACT_KINDS (FACT_NETDEV + 1)

typedef struct QemuFacts QemuFacts;

/*
 * Asks the QEMU at the path @emulator. All questions together may take it 10 seconds. ASK_ERROR
 * if it does not answer, or not in QMP.
 */
QemuFacts *qemu_facts_ask(const char *emulator, GError **error);
void qemu_facts_free(QemuFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuFacts, qemu_facts_free)

/* "7.2.22 (Debian 1:7.2+dfsg-7)" */
const char *qemu_facts_version(const QemuFacts *facts);

/* Was it built with KVM, and with VNC? TRUE when it did not say. */
gboolean qemu_facts_has_kvm(const QemuFacts *facts);
gboolean qemu_facts_has_vnc(const QemuFacts *facts);

/* The set of the names of that kind; NULL when it did not say. Borrowed. */
GHashTable *qemu_facts_names(QemuFacts *facts, FactKind kind);
