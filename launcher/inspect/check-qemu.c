/* SPDX-License-Identifier: MIT */
/*
 * Does the QEMU that is installed know everything its command line will name? The command line is
 * the real one, so that what stands in [qemu] args and behind -- is looked at, too.
 */
#include "launcher/inspect/check-parts.h"

#include <string.h>

#include "launcher/inspect/qemu-facts.h"
#include "launcher/preflight.h"
#include "profiles/schema.h"
#include "profiles/suggest.h"

typedef struct {
	Check *check;
	QemuFacts *facts;
	GStrv argv;
	guint own_end;	/* where the words of [qemu] args begin */
	guint args_end; /* where those behind -- begin */
	guint n_asked;	/* names that were looked up */
	guint n_unknown;
} Questions;

/* One word of the command line: "-device" "e1000,netdev=nic-lan,id=nic-lan-device". */
typedef struct {
	guint at; /* its index */
	const char *option;
	char *name; /* "e1000" */
	char *id;   /* "nic-lan-device"; NULL without one */
} Word;

/* ---- where it comes from ---- */

/* What the builder of the command line calls the parts of sections that there is one of. */
static const struct {
	const char *name; /* id, driver or option */
	const char *section, *key;
} origins[] = {
	{ "video", "video", "model" },
	{ "hda", "audio", "model" },
	{ "audio-device", "audio", "model" },
	{ "audio", "audio", "type" },
	{ "usb", "usb", "controller" },
	{ "usb-tablet", "usb", "tablet" },
	{ "usb-kbd", "usb", "keyboard" },
	{ "usb-host", "usb", "host" },
	{ "usb-redir", "usb", "redirect" },
	{ "rng", "guest", "rng" },
	{ "rng-device", "guest", "rng" },
	{ "balloon", "guest", "balloon" },
	{ "agent", "guest", "agent" },
	{ "vdagent", "guest", "clipboard" },
	{ "qmp", "monitor", "qmp" },
	{ "hmp", "monitor", "hmp" },
	{ "gdb", "monitor", "gdb" },
	{ "tpm", "tpm", "type" },
	{ "tpm-device", "tpm", "model" },
	{ "-machine", "machine", "type" },
	{ "-cpu", "machine", "cpu" },
	{ "-display", "display", "type" },
	{ "-vnc", "display", "type" },
	{ "-spice", "display", "type" },
};

/* The key that chose it, in sections that there can be many of. */
static const char *choosing_key(const Word *word, const char *section)
{
	gboolean device = g_str_equal(word->option, "-device");

	return g_str_equal(section, "nic") ? (device ? "model" : "type")
	       : g_str_equal(section, "disk") || g_str_equal(section, "cdrom") ? "if"
	       : g_str_equal(section, "serial") ? (device ? "model" : "type")
	       : g_str_equal(section, "vfio")	? "host"
	       : g_str_equal(section, "share")	? "type"
						: NULL;
}

/* SECTION-ID and SECTION-ID-device, as qemu-argv.h has it. */
static gboolean is_named_for(const char *id, const ProfileSection *section)
{
	g_autofree char *backend = g_strconcat(section->name, "-", section->id, NULL);
	g_autofree char *device = g_strconcat(backend, "-device", NULL);

	return g_strcmp0(id, backend) == 0 || g_strcmp0(id, device) == 0;
}

static const ProfileSection *find_in_lists(const Profile *profile, const Word *word)
{
	for (const SchemaSection *kind = schema; kind->name; kind++) {
		const GPtrArray *list = kind->many ? G_STRUCT_MEMBER(
							     GPtrArray *, profile, kind->offset)
						   : NULL;

		for (guint i = 0; list && i < list->len; i++)
			if (is_named_for(word->id, list->pdata[i]))
				return list->pdata[i];
	}
	return NULL;
}

static const ProfileSection *find_single(
	const Profile *profile, const Word *word, const char **ret_key)
{
	for (guint i = 0; i < G_N_ELEMENTS(origins); i++) {
		const char *name = origins[i].name;

		if (g_strcmp0(word->id, name) != 0 && !g_str_equal(word->option, name) &&
			(word->id || !g_str_equal(word->name, name)))
			continue;
		*ret_key = origins[i].key;
		return G_STRUCT_MEMBER(
			ProfileSection *, profile, schema_find_section(origins[i].section)->offset);
	}
	return NULL;
}

/* Owned by the caller; the word itself when it is nobody's in the profile. */
static char *place_of(const Questions *questions, const Word *word)
{
	const Profile *profile = questions->check->profile;
	const ProfileSection *section;
	const char *key;

	if (word->at >= questions->args_end)
		return g_strdup_printf("%s %s", word->option, word->name);
	if (word->at >= questions->own_end)
		return profile_place(profile, &profile->qemu->section, "args");
	section = find_in_lists(profile, word);
	if (section)
		return profile_place(profile, section, choosing_key(word, section->name));
	section = find_single(profile, word, &key);
	return section ? profile_place(profile, section, key)
		       : g_strdup_printf("%s %s", word->option, word->name);
}

/* ---- is it known? ---- */

/* A device has aliases, which qom-list-types does not tell: these, and those without a bus. */
static gboolean has_device(GHashTable *devices, const char *name)
{
	static const char *const buses[] = { "", "-pci", "-ccw", "-device" };
	static const struct {
		const char *alias, *name;
	} aliases[] = {
		{ "ahci", "ich9-ahci" },
		{ "lsi", "lsi53c895a" },
		{ "e1000-82540em", "e1000" },
		{ "ac97", "AC97" },
		{ "es1370", "ES1370" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(buses); i++) {
		g_autofree char *full = g_strconcat(name, buses[i], NULL);

		if (g_hash_table_contains(devices, full) &&
			(i == 0 || g_str_has_prefix(name, "virtio-")))
			return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(aliases); i++)
		if (g_str_equal(name, aliases[i].alias))
			return g_hash_table_contains(devices, aliases[i].name);
	return FALSE;
}

/* Where distributions have what QEMU loads as a module; Debian first. */
static const char *package_of(const char *name)
{
	static const struct {
		const char *part, *cure;
	} known[] = {
		{ "gtk", "install qemu-system-gui or qemu-ui-gtk" },
		{ "sdl", "install qemu-system-gui or qemu-ui-sdl" },
		{ "curses", "install qemu-system-common or qemu-ui-curses" },
		{ "dbus", "install qemu-system-common or qemu-ui-dbus" },
		{ "egl-headless", "install qemu-system-modules-opengl or qemu-ui-egl-headless" },
		{ "-gl", "install qemu-system-modules-opengl or qemu-hw-display-virtio-gpu-gl" },
		{ "spice", "install qemu-system-modules-spice or qemu-ui-spice-core" },
		{ "qxl", "install qemu-system-modules-spice or qemu-hw-display-qxl" },
		{ "usb-redir", "install qemu-system-modules-spice or qemu-hw-usb-redirect" },
		{ "usb-host", "install qemu-system-common or qemu-hw-usb-host" },
		{ "pipewire", "install qemu-system-gui or qemu-audio-pipewire" },
		{ "jack", "install qemu-system-gui or qemu-audio-jack" },
		{ "alsa", "install qemu-system-gui or qemu-audio-alsa" },
		{ "pa", "install qemu-system-gui or qemu-audio-pa" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_str_equal(name, known[i].part) ||
			(*known[i].part == '-' && g_str_has_suffix(name, known[i].part)) ||
			(strlen(known[i].part) >= 3 && g_str_has_prefix(name, known[i].part)))
			return known[i].cure;
	return NULL;
}

/* Owned by the caller. */
static char *cure_for(const Questions *questions, const Word *word, GHashTable *names)
{
	const char *package = package_of(word->name);
	Suggestion suggestion = suggest_begin(word->name);
	g_autoptr(GList) keys = g_hash_table_get_keys(names);
	g_autofree char *nearest = NULL;

	if (package)
		return g_strdup(package);
	keys = g_list_sort(keys, (GCompareFunc)strcmp); /* of two as near always the same */
	for (const GList *key = keys; key; key = key->next)
		suggest_consider(&suggestion, key->data);
	nearest = suggest_end(&suggestion);
	return *nearest ? g_strdup(nearest + strlen("; "))
			: g_strdup_printf("%s %s help shows what it has",
				  questions->check->emulator, word->option);
}

static void tell_unknown(Questions *questions, const Word *word, const char *what, const char *name,
	const char *cure)
{
	g_autofree char *place = place_of(questions, word);

	questions->n_unknown++;
	findings_add(questions->check->findings, FINDING_ERROR, FINDING_QEMU_FAILS, place, cure,
		"this QEMU has no %s %s", what, name);
}

static void look_up(
	Questions *questions, FactKind kind, const Word *word, const char *what, const char *name)
{
	GHashTable *names = qemu_facts_names(questions->facts, kind);
	g_autofree char *cure = NULL;

	if (!names || g_hash_table_size(names) == 0)
		return;
	questions->n_asked++;
	if (kind == FACT_DEVICE ? has_device(names, name) : g_hash_table_contains(names, name))
		return;
	cure = cure_for(questions, word, names);
	tell_unknown(questions, word, what, word->name, cure);
}

/* ---- the options that name something ---- */

/* Of a QEMU that loads Spice as a module its channels tell whether that is there. */
static void ask_spice(Questions *questions, Word *word)
{
	g_free(word->name);
	word->name = g_strdup("spice");
	look_up(questions, FACT_CHARDEV, word, "display", "spicevmc");
}

static void ask_vnc(Questions *questions, const Word *word)
{
	questions->n_asked++;
	if (!qemu_facts_has_vnc(questions->facts))
		tell_unknown(questions, word, "display", "vnc", "take another display");
}

static void ask(Questions *questions, Word *word)
{
	static const struct {
		const char *option, *what;
		FactKind kind;
	} kinds[] = {
		{ "-device", "device", FACT_DEVICE },
		{ "-chardev", "chardev", FACT_CHARDEV },
		{ "-object", "object", FACT_OBJECT },
		{ "-tpmdev", "TPM backend", FACT_TPM },
		{ "-machine", "machine", FACT_MACHINE },
		{ "-cpu", "CPU", FACT_CPU },
		{ "-display", "display", FACT_DISPLAY },
		{ "-audiodev", "sound backend", FACT_AUDIO },
		{ "-netdev", "network backend", FACT_NETDEV },
	};

	if (g_str_equal(word->option, "-vnc"))
		ask_vnc(questions, word);
	else if (g_str_equal(word->option, "-spice"))
		ask_spice(questions, word);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_str_equal(word->option, kinds[i].option))
			look_up(questions, kinds[i].kind, word, kinds[i].what, word->name);
}

/* What every QEMU has, what is no name, and what has another form: key=value, JSON. */
static gboolean is_beyond_doubt(const Word *word)
{
	static const char *const fine[] = { "help", "?", "none", "max", "host", "tap", NULL };
	gboolean is_setting = !g_str_equal(word->option, "-vnc") &&
			      !g_str_equal(word->option, "-spice") &&
			      strpbrk(word->name, "={") != NULL;

	return is_setting || g_strv_contains(fine, word->name);
}

static char *id_in(const char *value)
{
	const char *id = strstr(value, ",id=");

	return id ? g_strndup(id + strlen(",id="), strcspn(id + strlen(",id="), ",")) : NULL;
}

static void ask_all(Questions *questions)
{
	for (guint i = 1; questions->argv[i] && questions->argv[i + 1]; i++) {
		const char *option = questions->argv[i], *value = questions->argv[i + 1];
		Word word = { .at = i };

		if (*option != '-')
			continue;
		word.option = g_str_has_prefix(option, "--") ? option + 1 : option;
		word.name = g_strndup(value, strcspn(value, ","));
		word.id = id_in(value);
		if (!is_beyond_doubt(&word))
			ask(questions, &word);
		g_free(word.name);
		g_free(word.id);
	}
}

/* ---- the whole ---- */

/* The real command line, with names in place of descriptors. */
static GStrv build_argv(const Check *check)
{
	const Profile *profile = check->profile;
	g_autofree Backend *backends = g_new0(
		Backend, profile->nics->len + profile->shares->len + 1);
	g_autofree Backend *held = g_new0(Backend, profile->nics->len + 1); /* by descriptor 0 */
	Backend any = { .fd = -1, .name = "" };

	for (guint i = 0; i < profile->nics->len + profile->shares->len + 1; i++)
		backends[i] = any;
	return qemu_argv_build(profile,
		&(Backends){ .taps = backends,
			.shares = backends,
			.passts = held,
			.tpm = any,
			.links = any,
			.firmware = check->firmware },
		check->options->qemu_args);
}

/* What /dev/kvm alone does not tell. */
static void check_kvm_support(Questions *questions)
{
	const ProfileMachine *machine = questions->check->profile->machine;
	gboolean wanted = strstr(machine->accel, "kvm") != NULL;
	gboolean built = qemu_facts_has_kvm(questions->facts);
	const char *cure;

	if (wanted && !built && !strchr(machine->accel, ':'))
		check_refused_by_qemu(questions->check, &machine->section, "accel",
			"take accel = tcg", "this QEMU was built without KVM");
	else if (wanted && !built)
		check_warn(questions->check, &machine->section, "accel", "take another QEMU",
			"this QEMU was built without KVM: the VM will be slow");
	if (g_str_has_prefix(machine->cpu, "host") &&
		(!wanted || !built || preflight_kvm_problem(&cure)))
		check_refused_by_qemu(questions->check, &machine->section, "cpu", "take cpu = max",
			"host is for KVM only");
}

static void tell_result(const Questions *questions)
{
	const char *version = qemu_facts_version(questions->facts);

	if (questions->n_unknown == 0)
		findings_add(questions->check->findings, FINDING_OK, 0, questions->check->emulator,
			NULL, "QEMU %s has all %u things that are asked of it", version,
			questions->n_asked);
	else
		findings_add(questions->check->findings, FINDING_NOTE, 0,
			questions->check->emulator, NULL, "is QEMU %s", version);
}

void check_qemu(Check *check)
{
	GError *error = NULL;
	g_autoptr(QemuFacts) facts = check->emulator ? qemu_facts_ask(check->emulator, &error)
						     : NULL;
	g_auto(GStrv) argv = NULL;
	Questions questions = { .check = check, .facts = facts };

	if (error)
		check_raise(check, check->emulator, error);
	if (!facts)
		return;
	argv = build_argv(check);
	questions.argv = argv;
	questions.args_end = g_strv_length(argv) - g_strv_length(check->options->qemu_args);
	questions.own_end = questions.args_end;
	if (check->profile->qemu->args)
		questions.own_end -= g_strv_length(check->profile->qemu->args);
	check_kvm_support(&questions);
	ask_all(&questions);
	tell_result(&questions);
}
