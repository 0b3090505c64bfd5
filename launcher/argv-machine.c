/* SPDX-License-Identifier: MIT */
#include "launcher/argv-parts.h"
#include "launcher/guest-network.h"

static gboolean has_virtiofs(const Profile *profile)
{
	for (guint i = 0; i < profile->shares->len; i++) {
		const ProfileShare *share = profile->shares->pdata[i];

		if (g_str_equal(share->type, "virtiofs"))
			return TRUE;
	}
	return FALSE;
}

/* virtiofsd works in the guest's memory. */
static gboolean is_memory_shared(const Profile *profile)
{
	return profile->machine->memory_shared || has_virtiofs(profile);
}

/* Does anything about the memory ask for more than -m? */
static gboolean has_memory_backend(const Profile *profile)
{
	const ProfileMachine *machine = profile->machine;

	return machine->memory_file || machine->hugepages || machine->memory_prealloc ||
	       is_memory_shared(profile);
}

static void add_memory_backend(Builder *builder, const char *id, guint mib)
{
	const ProfileMachine *machine = builder->profile->machine;
	gboolean shared = is_memory_shared(builder->profile);
	g_autofree char *path = argv_property("mem-path", machine->memory_file);
	const char *kind = machine->memory_file		  ? "file"
			   : machine->hugepages || shared ? "memfd"
							  : "ram";

	argv_add_option(builder, "-object", "memory-backend-%s,id=%s,size=%uM%s%s%s%s", kind, id,
		mib, path, machine->hugepages ? ",hugetlb=on" : "", shared ? ",share=on" : "",
		machine->memory_prealloc ? ",prealloc=on" : "");
}

static void add_numa(Builder *builder, const ProfileNuma *numa, guint index)
{
	g_autofree char *id = g_strconcat("numa-", numa->section.id, NULL);
	g_autofree char *cpus = g_strjoinv(",cpus=", numa->cpus);

	add_memory_backend(builder, id, numa->memory);
	argv_add_option(builder, "-numa", "node,nodeid=%u,cpus=%s,memdev=%s", index, cpus, id);
}

static void add_memory(Builder *builder)
{
	const Profile *profile = builder->profile;

	argv_add_option(builder, "-m", "%uM", profile->machine->memory);
	for (guint i = 0; i < profile->numas->len; i++)
		add_numa(builder, profile->numas->pdata[i], i);
	if (profile->numas->len == 0 && has_memory_backend(profile))
		add_memory_backend(builder, "ram", profile->machine->memory);
	if (profile->machine->memory_lock)
		argv_add_option(builder, "-overcommit", "mem-lock=on");
}

static void add_board(Builder *builder)
{
	const Profile *profile = builder->profile;
	const ProfileMachine *machine = profile->machine;
	const Firmware *firmware = builder->backends->firmware;
	gboolean smm = firmware && firmware->needs_smm && profile_is_x86(profile);
	gboolean backend = profile->numas->len == 0 && has_memory_backend(profile);

	argv_add_option(builder, "-machine", "%s%saccel=%s%s%s", machine->type ? machine->type : "",
		machine->type ? "," : "", machine->accel, smm ? ",smm=on" : "",
		backend ? ",memory-backend=ram" : "");
	if (smm)
		argv_add_option(builder, "-global", "driver=cfi.pflash01,property=secure,value=on");
}

static void add_flash(
	Builder *builder, guint unit, const char *file, const char *format, gboolean readonly)
{
	g_autofree char *path = argv_double_commas(file);

	argv_add_option(builder, "-drive", "if=pflash,unit=%u,file=%s,format=%s%s", unit, path,
		format, readonly ? ",readonly=on" : "");
}

static void add_firmware(Builder *builder)
{
	const ProfileFirmware *bios = builder->profile->firmware;
	const Firmware *uefi = builder->backends->firmware;

	if (!uefi) {
		argv_add_if_given(builder, "-bios", bios->code);
		return;
	}
	add_flash(builder, 0, uefi->code, uefi->code_format, TRUE);
	if (uefi->nvram)
		add_flash(builder, 1, uefi->nvram, uefi->nvram_format, FALSE);
}

/* In front: what follows a "--" in append is not for the kernel. */
static char *build_append(const Profile *profile)
{
	const char *append = profile->boot->append;
	g_autofree char *network = guest_network_kernel(profile);

	if (!*network)
		return g_strdup(append);
	return append ? g_strconcat(network, " ", append, NULL) : g_steal_pointer(&network);
}

static void add_boot(Builder *builder)
{
	const ProfileBoot *boot = builder->profile->boot;
	g_autofree char *append = build_append(builder->profile);
	g_autofree char *order = argv_property("order", boot->order);
	g_autofree char *once = argv_property("once", boot->once);
	g_autofree char *all = g_strconcat(order, once, boot->menu ? ",menu=on" : "", NULL);

	if (*all)
		argv_add_option(builder, "-boot", "%s", all + 1);
	/* These four are taken whole: their commas stay single. */
	argv_add_if_given(builder, "-kernel", boot->kernel);
	argv_add_if_given(builder, "-initrd", boot->initrd);
	argv_add_if_given(builder, "-append", append);
	argv_add_if_given(builder, "-dtb", boot->dtb);
}

void argv_add_machine(Builder *builder)
{
	const Profile *profile = builder->profile;
	const ProfileMachine *machine = profile->machine;
	g_autofree char *name = argv_double_commas(profile->vm->name);

	argv_add_option(builder, "-name", "guest=%s", name);
	argv_add_if_given(builder, "-uuid", profile->vm->uuid);
	add_board(builder);
	argv_add_option(builder, "-cpu", "%s", machine->cpu);
	argv_add_option(builder, "-smp", "%s", machine->smp);
	add_memory(builder);
	if (!g_str_equal(machine->rtc, "utc"))
		argv_add_option(builder, "-rtc", "base=%s", machine->rtc);
	if (!machine->reboot)
		argv_add(builder, "-no-reboot");
	add_firmware(builder);
	add_boot(builder);
}
