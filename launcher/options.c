/* SPDX-License-Identifier: MIT */
#include "launcher/options-parts.h"

#include "profiles/profile.h"
#include "profiles/schema.h"

/* ---- the verbs ---- */

#define ANY G_MAXUINT

const VerbRow options_verbs[] = {
	{ NULL, 0, VERB_START, 0, 1, 1, "PROFILE", NULL, NULL },
	{ "check", 0, VERB_CHECK, 0, 1, 1, "PROFILE",
		"Look for what would go wrong with PROFILE; touch nothing", INSPECT_PATH },
	{ "complete", 0, VERB_COMPLETE, 0, 0, 0, "-- WORD...", NULL, CONTROL_PATH },
	{ "console", 0, VERB_CONSOLE, 0, 1, 1, "VM",
		"Talk with the serial console of a VM; Ctrl-] leaves", CONTROL_PATH },
	{ "doctor", 0, VERB_DOCTOR, 0, 0, 0, "",
		"Tell what works here for you and what is missing; touch nothing", INSPECT_PATH },
	{ "dry-run", 'n', VERB_DRY_RUN, 0, 1, 1, "PROFILE",
		"Print a shell script that does the same; do nothing", NULL },
	{ "help", 'h', VERB_PRINT, PRINT_HELP, 0, ANY, "", "Show this help", NULL },
	{ "help-profile", 0, VERB_PRINT, PRINT_HELP_PROFILE, 0, 1, "[SECTION]",
		"Show every key of a profile, or those of SECTION", NULL },
	{ "install-desktop", 0, VERB_INSTALL_DESKTOP, 0, 1, 1, "PROFILE",
		"Put a VM into the menu of the desktop", CONTROL_PATH },
	{ "install-mime", 0, VERB_INSTALL_MIME, 0, 0, 0, "", "Let a double click start a profile",
		CONTROL_PATH },
	{ "link", 0, VERB_LINK, 0, 3, 3, "VM NIC on|off",
		"Plug in, or out, the cable of a network card", CONTROL_PATH },
	{ "list", 0, VERB_LIST, 0, 0, 0, "",
		"List the VMs that run, and the profiles of the others", CONTROL_PATH },
	{ "list-keys", 0, VERB_PRINT, PRINT_LIST_KEYS, 0, 0, "",
		"List every key of a profile, for completions", NULL },
	{ "list-profiles", 0, VERB_PRINT, PRINT_LIST_PROFILES, 0, 0, "",
		"List the profiles that can be given by name", NULL },
	{ "monitor", 0, VERB_MONITOR, 0, 1, 1, "VM [COMMAND...]",
		"Talk with QEMU's monitor, or give it one command", CONTROL_PATH },
	{ "new", 0, VERB_PRINT, PRINT_NEW, 0, 1, "[NAME]",
		"Print a profile to start from, for a VM called NAME", NULL },
	{ "pause", 0, VERB_PAUSE, 0, 1, 1, "VM", "Let the time of a VM stand still", CONTROL_PATH },
	{ "remove-desktop", 0, VERB_REMOVE_DESKTOP, 0, 1, 1, "PROFILE", "Take a VM out of the menu",
		CONTROL_PATH },
	{ "remove-mime", 0, VERB_REMOVE_MIME, 0, 0, 0, "", "Undo --install-mime", CONTROL_PATH },
	{ "reset", 0, VERB_RESET, 0, 1, 1, "VM", "Press the reset button", CONTROL_PATH },
	{ "resume", 0, VERB_RESUME, 0, 1, 1, "VM", "Undo --pause", CONTROL_PATH },
	{ "screenshot", 0, VERB_SCREENSHOT, 0, 2, 2, "VM FILE.png",
		"Keep what the screen of a VM shows", CONTROL_PATH },
	{ "ssh", 0, VERB_SSH, 0, 1, 1, "VM [COMMAND...]", "Log in to the guest at its address",
		CONTROL_PATH },
	{ "status", 0, VERB_STATUS, 0, 1, 1, "VM", "Show what is known of a VM that runs",
		CONTROL_PATH },
	{ "stop", 0, VERB_STOP, 0, 1, 1, "VM", "Shut down a VM; end it if the guest does not",
		CONTROL_PATH },
	{ "version", 0, VERB_PRINT, PRINT_VERSION, 0, ANY, "", "Show the version", NULL },
	{ NULL },
};

const VerbRow *options_find_verb(const char *name)
{
	for (const VerbRow *row = options_verbs + 1; row->words; row++)
		if (g_str_equal(row->name, name))
			return row;
	return NULL;
}

const char *options_program(const Options *options)
{
	for (const VerbRow *row = options_verbs; row->words; row++)
		if (row->verb == options->verb)
			return row->program;
	return NULL;
}

/* ---- the options ---- */

#define FOR_JSON (FOR(VERB_CHECK) | FOR(VERB_DOCTOR) | FOR(VERB_LIST) | FOR(VERB_STATUS))
#define FOR_PROFILE (FOR(VERB_START) | FOR(VERB_CHECK) | FOR(VERB_DRY_RUN))
#define FOR_WAIT (FOR(VERB_START) | FOR(VERB_STATUS))
#define FOR_WATCH (FOR(VERB_LIST) | FOR(VERB_STATUS))

const OptionRow options_rows[] = {
	{ "force", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(Options, force), FOR_PROFILE,
		"As root: take a subnet although it overlaps another", NULL, FALSE },
	{ "json", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(Options, json), FOR_JSON,
		"With --check, --doctor, --list, --status: print JSON", NULL, FALSE },
	{ "now", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(Options, now), FOR(VERB_STOP),
		"With --stop: do not ask the guest first", NULL, FALSE },
	{ "rootless", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(Options, rootless), FOR_PROFILE,
		"Give the VM a network of its own, which needs no privilege", NULL, FALSE },
	{ "set", G_OPTION_ARG_STRING_ARRAY, G_STRUCT_OFFSET(Options, settings), FOR_PROFILE,
		"Change one key of PROFILE for this run", "SECTION[.ID].KEY=VALUE", FALSE },
	{ "timeout", G_OPTION_ARG_INT, G_STRUCT_OFFSET(Options, timeout), FOR(VERB_STOP),
		"With --stop: how long the guest may take", "SECONDS", FALSE },
	{ "wait", G_OPTION_ARG_CALLBACK, 0, FOR_WAIT,
		"Tell when the guest answers; with --status, wait for that", "SECONDS", TRUE },
	{ "watch", G_OPTION_ARG_NONE, G_STRUCT_OFFSET(Options, watch), FOR_WATCH,
		"With --list, --status: show it again and again", NULL, FALSE },
	{ NULL },
};

const OptionRow *options_find_row(const char *name)
{
	for (const OptionRow *row = options_rows; row->name; row++)
		if (g_str_equal(row->name, name))
			return row;
	return NULL;
}

/* ---- what goes with which ---- */

#define DAY 86400

/* NULL, or what is wrong about the options together. */
static const char *contradiction(const Options *options)
{
	const struct {
		gboolean given;
		guint verbs;
		const char *why;
	} rules[] = {
		{ options->json, FOR_JSON,
			"--json goes with --check, --doctor, --list or --status" },
		{ options->rootless || options->force || options->settings, FOR_PROFILE,
			"--rootless, --force and --set are for a VM that is started" },
		{ options->watch, FOR_WATCH, "--watch goes with --list or --status" },
		{ options->wait, FOR_WAIT, "--wait goes with a start or --status" },
		{ options->now, FOR(VERB_STOP), "--now goes with --stop" },
		{ options->timeout != OPTIONS_NO_TIME, FOR(VERB_STOP),
			"--timeout goes with --stop" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
		if (rules[i].given && !(rules[i].verbs & FOR(options->verb)))
			return rules[i].why;
	if (options->timeout < OPTIONS_NO_TIME || options->timeout > DAY)
		return "--timeout takes seconds, up to 86400";
	if (options->watch && options->json)
		return "--watch is for people, --json for programs";
	return NULL;
}

/* ---- parsing ---- */

typedef struct {
	Options *options;
	const VerbRow *verb;
} Parser;

static gboolean refuse(GError **error, const char *why)
{
	g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
	return FALSE;
}

/* A GOptionArgFunc. */
static gboolean take_verb(const char *name, const char *value, gpointer data, GError **error)
{
	Parser *parser = data;
	const VerbRow *verb = options_find_verb(g_str_has_prefix(name, "--") ? name + 2
						: g_str_equal(name, "-n")    ? "dry-run"
									     : "help");

	(void)value;
	if (parser->verb && parser->verb != verb) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"--%s and --%s: one at a time", parser->verb->name, verb->name);
		return FALSE;
	}
	parser->verb = verb;
	parser->options->verb = verb->verb;
	return TRUE;
}

/* A GOptionArgFunc of --wait and --wait=SECONDS. */
static gboolean take_wait(const char *name, const char *value, gpointer data, GError **error)
{
	Options *options = ((Parser *)data)->options;
	guint64 seconds = 0;

	(void)name;
	options->wait = TRUE;
	if (value && !g_ascii_string_to_unsigned(value, 10, 0, DAY, &seconds, NULL))
		return refuse(error, "--wait takes seconds, up to 86400, like --wait=60");
	if (value)
		options->wait_limit = seconds;
	return TRUE;
}

/* Does the VM of a verb come next, behind which nothing is ours? */
static gboolean ends_with_vm(const char *word)
{
	return g_str_equal(word, "--ssh") || g_str_equal(word, "--monitor");
}

/*
 * GOption would take options of others for ours, and hand on what stands behind "--" mixed with the
 * rest: all of that is cut off before.
 */
static GStrv split_off_rest(int argc, char **argv, GStrv *ret_rest)
{
	g_autoptr(GStrvBuilder) ours = g_strv_builder_new();
	int end = argc, i = 0;

	for (; i < end && (i == 0 || !g_str_equal(argv[i], "--")); i++) {
		g_strv_builder_add(ours, argv[i]);
		if (i > 0 && end == argc && ends_with_vm(argv[i]))
			end = MIN(argc, i + 2);
	}
	*ret_rest = g_strdupv(argv + i + (i < argc && g_str_equal(argv[i], "--")));
	return g_strv_builder_end(ours);
}

static gboolean refuse_words(const VerbRow *verb, gboolean missing, GError **error)
{
	if (verb->name)
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"--%s %s. Usage: qemu-tapwrap --%s%s%s", verb->name,
			missing ? "needs to know more" : "does not take as much", verb->name,
			*verb->words ? " " : "", verb->words);
	else
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"%s Usage: qemu-tapwrap [OPTION...] PROFILE [-- QEMU-ARGUMENT...]",
			missing ? "which profile?"
				: "one profile at a time; QEMU's own arguments follow a --.");
	return FALSE;
}

/* @args begins with the program's name. */
static gboolean take_words(Options *options, const VerbRow *verb, GStrv args, GError **error)
{
	GStrv words = args[0] ? args + 1 : args;
	guint n = g_strv_length(words);

	if (n < verb->min || n > verb->max || (verb->min && !*words[0]))
		return refuse_words(verb, n <= verb->max, error);
	options->profile = g_strdup(words[0]);
	if (verb->verb == VERB_SSH || verb->verb == VERB_MONITOR) {
		options->arguments = options->qemu_args;
		options->qemu_args = g_new0(char *, 1);
	} else {
		options->arguments = g_strdupv(words + (n > 0));
	}
	return TRUE;
}

static void add_verbs(GOptionGroup *group)
{
	for (const VerbRow *row = options_verbs + 1; row->words; row++) {
		const GOptionEntry entries[] = {
			{ row->name, row->letter, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK,
				take_verb, NULL, NULL },
			G_OPTION_ENTRY_NULL,
		};

		g_option_group_add_entries(group, entries);
	}
}

/* By itself it must not take the word that follows. */
static void add_without_value(GOptionGroup *group, const OptionRow *row)
{
	const GOptionEntry entries[] = {
		{ row->name, 0, G_OPTION_FLAG_NO_ARG, row->arg, take_wait, NULL, NULL },
		G_OPTION_ENTRY_NULL,
	};

	g_option_group_add_entries(group, entries);
}

static void add_options(GOptionGroup *group, Options *options)
{
	for (const OptionRow *row = options_rows; row->name; row++) {
		const GOptionEntry entries[] = {
			{ row->name, 0, row->optional ? G_OPTION_FLAG_OPTIONAL_ARG : 0, row->arg,
				row->arg == G_OPTION_ARG_CALLBACK
					? (gpointer)take_wait
					: G_STRUCT_MEMBER_P(options, row->field),
				NULL, NULL },
			G_OPTION_ENTRY_NULL,
		};

		if (row->optional)
			add_without_value(group, row);
		g_option_group_add_entries(group, entries);
	}
}

static GOptionContext *new_context(Parser *parser)
{
	GOptionContext *context = g_option_context_new(NULL);
	GOptionGroup *group = g_option_group_new(NULL, NULL, NULL, parser, NULL);

	add_verbs(group);
	add_options(group, parser->options);
	g_option_context_set_main_group(context, group);
	g_option_context_set_help_enabled(context, FALSE);
	return context;
}

/* ---- what is only printed ---- */

static gboolean describe(Options *options, const char *section, GError **error)
{
	options->information = schema_describe(section);
	if (!options->information) {
		g_autofree char *hint = schema_suggest_section(section);

		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"[%s]: no such section%s", section, hint);
	}
	return options->information != NULL;
}

static gboolean start_profile(Options *options, const char *name, GError **error)
{
	ValueRule rule = { .type = VALUE_NAME };
	g_autofree char *checked = NULL, *why = NULL;

	if (!value_parse(&rule, name ? name : "myvm", &checked, &why))
		return refuse(error, why);
	options->information = schema_starter(checked);
	return TRUE;
}

static gboolean inform(Options *options, Print print, GError **error)
{
	switch (print) {
	case PRINT_HELP:
		options->information = options_help();
		break;
	case PRINT_HELP_PROFILE:
		return describe(options, options->profile, error);
	case PRINT_LIST_KEYS:
		options->information = schema_list_keys();
		break;
	case PRINT_LIST_PROFILES:
		options->information = profile_list();
		break;
	case PRINT_NEW:
		return start_profile(options, options->profile, error);
	case PRINT_VERSION:
		options->information = g_strdup("qemu-tapwrap " VERSION "\n");
		break;
	}
	return TRUE;
}

Options *options_parse(int argc, char **argv, GError **error)
{
	g_autoptr(Options) options = g_new0(Options, 1);
	Parser parser = { .options = options };
	g_autoptr(GOptionContext) context = new_context(&parser);
	g_auto(GStrv) args = split_off_rest(argc, argv, &options->qemu_args);
	const VerbRow *verb;
	const char *why;

	g_set_prgname("qemu-tapwrap");
	options->timeout = options->wait_limit = OPTIONS_NO_TIME;
	options->words = g_strdupv(argv + (argc > 0));
	if (!g_option_context_parse_strv(context, &args, error))
		return NULL;
	verb = parser.verb ? parser.verb : &options_verbs[0];
	why = contradiction(options);
	if (why) {
		refuse(error, why);
		return NULL;
	}
	if (!take_words(options, verb, args, error))
		return NULL;
	if (verb->verb == VERB_PRINT && !inform(options, verb->print, error))
		return NULL;
	return g_steal_pointer(&options);
}

void options_free(Options *options)
{
	if (!options)
		return;
	g_free(options->profile);
	g_strfreev(options->arguments);
	g_strfreev(options->settings);
	g_strfreev(options->qemu_args);
	g_strfreev(options->words);
	g_free(options->information);
	g_free(options);
}
