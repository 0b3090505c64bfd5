/* SPDX-License-Identifier: MIT */
#include "launcher/qemu-argv.h"

#include "launcher/argv-parts.h"

static void add_words(Builder *builder, const GStrv words)
{
	for (guint i = 0; words && words[i]; i++)
		argv_add(builder, words[i]);
}

char *qemu_argv_program(const Profile *profile)
{
	return profile->qemu->binary ? g_strdup(profile->qemu->binary)
				     : g_strconcat("qemu-system-", profile->vm->arch, NULL);
}

GStrv qemu_argv_build(const Profile *profile, const Backends *backends, const GStrv extra)
{
	Builder builder = {
		.profile = profile,
		.backends = backends,
		.argv = g_ptr_array_new(),
	};

	g_ptr_array_add(builder.argv, qemu_argv_program(profile));
	argv_add(&builder, "-nodefaults");
	argv_add(&builder, "-no-user-config");
	argv_add_machine(&builder);
	argv_add_storage(&builder);
	argv_add_screen(&builder);
	argv_add_ports(&builder);
	argv_add_network(&builder);
	argv_add_guest_setup(&builder);
	add_words(&builder, profile->qemu->args);
	add_words(&builder, extra);
	g_ptr_array_add(builder.argv, NULL);
	return (GStrv)g_ptr_array_free(builder.argv, FALSE);
}
