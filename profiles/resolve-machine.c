/* SPDX-License-Identifier: MIT */
#include "profiles/resolve-parts.h"

#include <string.h>

#define DEFAULT_MEMORY 2048 /* MiB */

/* What each architecture's machine is, without a word in the profile. */
static const char *default_machine(const char *arch)
{
	static const struct {
		const char *arch, *machine;
	} defaults[] = {
		{ "x86_64", "q35" },
		{ "i386", "q35" },
		{ "aarch64", "virt" },
		{ "arm", "virt" },
		{ "riscv32", "virt" },
		{ "riscv64", "virt" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(defaults); i++)
		if (g_str_equal(arch, defaults[i].arch))
			return defaults[i].machine;
	return NULL;
}

/* KVM runs the host's own instructions; an x86_64 has those of i386. */
static gboolean can_have_kvm(const char *arch)
{
	return g_str_equal(arch, HOST_ARCH) ||
	       (g_str_equal(HOST_ARCH, "x86_64") && g_str_equal(arch, "i386"));
}

static void complete_machine(Profile *profile, ProfileMachine *machine)
{
	const char *arch = profile->vm->arch;

	if (machine->type && strstr(machine->type, "accel="))
		complain(profile, machine, "type", "the accelerator has a key of its own, accel");
	if (arch && resolve_is_open(machine, type, "type"))
		machine->type = g_strdup(default_machine(arch));
	if (arch && resolve_is_open(machine, accel, "accel"))
		machine->accel = g_strdup(can_have_kvm(arch) ? "kvm:tcg" : "tcg");
}

static void complete_memory(Profile *profile, ProfileMachine *machine)
{
	guint64 sum = 0;

	for (guint i = 0; i < profile->numas->len; i++) {
		const ProfileNuma *numa = profile->numas->pdata[i];

		resolve_require(profile, &numa->section, "cpus", "RANGES, like 0-3");
		resolve_require(profile, &numa->section, "memory", "SIZE, like 1G");
		sum += numa->memory;
	}
	if (resolve_is_open(machine, memory, "memory"))
		machine->memory = sum ? MIN(sum, G_MAXUINT) : DEFAULT_MEMORY;
	if (sum && machine->memory && sum != machine->memory)
		complain(profile, machine, "memory",
			"is %uM, but the [numa] nodes have %" G_GUINT64_FORMAT
			"M together; leave it out",
			machine->memory, sum);
	if (sum && machine->memory_file)
		complain(profile, machine, "memory-file",
			"cannot hold [numa] nodes; leave one of them out");
	if (machine->memory_file && machine->hugepages)
		resolve_refuse_both(profile, &machine->section, "hugepages", "memory-file",
			"memory-file = /dev/hugepages has them, too");
}

/* "pc-q35-7.2,smm=on" is a q35. */
static gboolean is_q35(const ProfileMachine *machine)
{
	return machine->type && strstr(machine->type, "q35");
}

static void complete_firmware(Profile *profile, ProfileFirmware *firmware)
{
	const ProfileSection *section = &firmware->section;
	gboolean arm = resolve_is_one_of(profile->vm->arch, "arm aarch64");
	gboolean virt = profile->machine->type && g_str_has_prefix(profile->machine->type, "virt");

	if (resolve_is_open(firmware, type, "type"))
		firmware->type = g_strdup(arm && virt && !resolve_is_given(profile->boot, "kernel")
						  ? "uefi"
						  : "bios");
	if (g_strcmp0(firmware->type, "bios") == 0) {
		resolve_refuse(profile, section, "vars", "only UEFI has it: add type = uefi");
		resolve_refuse(profile, section, "nvram", "only UEFI has it: add type = uefi");
		return;
	}
	if (!resolve_is_given(firmware, "code"))
		resolve_refuse(profile, section, "vars", "goes with code, which is not given");
	else if (!resolve_is_given(firmware, "vars"))
		resolve_refuse(profile, section, "nvram",
			"needs vars = PATH, which a new one is copied from");
	if (g_strcmp0(firmware->type, "uefi-secure") == 0 && profile_is_x86(profile) &&
		!is_q35(profile->machine))
		complain(profile, firmware, "type", "uefi-secure needs [machine] type = q35");
	if (profile->vm->name && !firmware->nvram && (!firmware->code || firmware->vars))
		places_state(&profile->places, profile->vm->name);
}

/* As QEMU has it. */
static void check_boot(Profile *profile, const ProfileSection *boot)
{
	if (resolve_is_given(boot, "kernel"))
		return;
	resolve_refuse(profile, boot, "initrd", "goes with kernel, which is not given");
	resolve_refuse(profile, boot, "append", "goes with kernel, which is not given");
}

static gboolean is_daemonize(const char *word)
{
	return g_str_equal(word, "-daemonize") || g_str_equal(word, "--daemonize");
}

/* Somebody stays beside a QEMU that must not go into the background then. */
static void check_supervised(
	Profile *profile, const ProfileSection *item, const char *key, const GStrv args)
{
	for (guint i = 0; args && args[i]; i++)
		if (is_daemonize(args[i]))
			profile_problem(profile, item, key, EX_DATAERR,
				"does not go together with -daemonize in [qemu] args");
}

static void check_end(Profile *profile)
{
	const ProfileVm *vm = profile->vm;
	g_autofree char *socket = NULL;

	if (profile->hooks->post_stop)
		check_supervised(
			profile, &profile->hooks->section, "post-stop", profile->qemu->args);
	if (g_strcmp0(vm->on_terminate, "powerdown") != 0) {
		resolve_refuse(profile, &vm->section, "powerdown-timeout",
			"goes with on-terminate = powerdown");
		return;
	}
	check_supervised(profile, &vm->section, "on-terminate", profile->qemu->args);
	socket = resolve_run_path(profile, &vm->section, PROFILE_CONTROL_SOCKET);
	resolve_check_socket(profile, &vm->section, "on-terminate", socket);
}

void resolve_machine(Profile *profile)
{
	check_end(profile);
	complete_machine(profile, profile->machine);
	complete_memory(profile, profile->machine);
	complete_firmware(profile, profile->firmware);
	check_boot(profile, &profile->boot->section);
}
