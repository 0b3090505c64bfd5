/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "launcher/argv-parts.h"
#include "launcher/guest-network.h"

/* systemd takes what SMBIOS type 11 holds for a credential: systemd.system-credentials(7). */
static void add_credentials(Builder *builder)
{
	g_autoptr(GPtrArray) guests = guest_network_list(builder->profile, "systemd");

	for (guint i = 0; i < guests->len;) {
		const GuestAddress *guest = guests->pdata[i];
		g_autofree char *text = guest_network_systemd(guests, &i);
		g_autofree char *base64 = g_base64_encode((const guchar *)text, strlen(text));

		argv_add_option(builder, "-smbios",
			"type=11,value=io.systemd.credential.binary:network.network.10-%s=%s",
			guest->nic->section.id, base64);
	}
}

/*
 * A CD, because SeaBIOS boots no other disk than the first, and that could be this one. On
 * virtio-scsi, because the kernels of cloud images lack the drivers of real hardware.
 */
static void add_seed(Builder *builder)
{
	const Profile *profile = builder->profile;
	g_autofree char *path = g_build_filename(profile->places.run, PROFILE_SEED, NULL);
	g_autofree char *file = argv_double_commas(path);
	const char *machine = profile->machine->type ? profile->machine->type : "";
	gboolean isa = g_str_has_prefix(machine, "isapc");
	g_autofree char *ide = isa ? argv_take_ide(builder) : NULL;

	if (!isa)
		argv_need_scsi(builder);
	argv_add_option(builder, "-drive",
		"if=none,id=cloud-init,media=cdrom,file=%s,format=raw,readonly=on", file);
	argv_add_option(builder, "-device", "%s%s,drive=cloud-init,id=cloud-init-device",
		isa ? "ide-cd" : "scsi-cd,bus=scsi.0", isa ? ide : "");
}

void argv_add_guest_setup(Builder *builder)
{
	add_credentials(builder);
	if (builder->profile->cloud_init->section.source)
		add_seed(builder);
}
