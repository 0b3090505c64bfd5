/* SPDX-License-Identifier: MIT */
#include "launcher/options.h"

#include "profiles/profile.h"
#include "profiles/schema.h"

#define SUMMARY                                                                                       \
	"Boots the VM that PROFILE describes: makes its tap with its static IP, runs QEMU in place\n" \
	"of itself, and leaves nothing behind. PROFILE is a file, or the NAME of a NAME.ini in\n"     \
	"~/.config/qemu-tapwrap or " SYSCONFDIR "/qemu-tapwrap."

typedef struct {
	Options *options;
	gboolean help, version, list_profiles, list_keys, help_profile, starter;
} Switches;

/* GOption would hand on what stands behind "--" mixed with the rest: it is cut off before. */
static GStrv split_at_double_dash(int argc, char **argv, GStrv *ret_rest)
{
	g_autoptr(GStrvBuilder) ours = g_strv_builder_new();
	int i = 0;

	for (; i < argc && (i == 0 || !g_str_equal(argv[i], "--")); i++)
		g_strv_builder_add(ours, argv[i]);
	*ret_rest = g_strdupv(argv + i + (i < argc));
	return g_strv_builder_end(ours);
}

static gboolean take_profile(Options *options, GStrv args, GError **error)
{
	guint n = g_strv_length(args);
	gboolean missing = n < 2 || (n == 2 && !*args[1]);

	if (n == 2 && !missing) {
		options->profile = g_strdup(args[1]);
		return TRUE;
	}
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		"%s Usage: qemu-tapwrap [OPTION...] PROFILE [-- QEMU-ARGUMENT...]",
		missing ? "which profile?"
			: "one profile at a time; QEMU's own arguments follow a --.");
	return FALSE;
}

/* What stands where PROFILE would, or NULL. */
static const char *first_argument(GStrv args)
{
	return args[0] ? args[1] : NULL;
}

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

	if (!value_parse(&rule, name ? name : "myvm", &checked, &why)) {
		g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
		return FALSE;
	}
	options->information = schema_starter(checked);
	return TRUE;
}

static GOptionContext *new_context(Switches *switches)
{
	const GOptionEntry entries[] = {
		{ "check", 0, 0, G_OPTION_ARG_NONE, &switches->options->check,
			"Look for what would go wrong with PROFILE; touch nothing", NULL },
		{ "doctor", 0, 0, G_OPTION_ARG_NONE, &switches->options->doctor,
			"Tell what works here for you and what is missing; touch nothing", NULL },
		{ "dry-run", 'n', 0, G_OPTION_ARG_NONE, &switches->options->dry_run,
			"Print a shell script that does the same; do nothing", NULL },
		{ "force", 0, 0, G_OPTION_ARG_NONE, &switches->options->force,
			"As root: take a subnet although it overlaps another", NULL },
		{ "help", 'h', 0, G_OPTION_ARG_NONE, &switches->help, "Show this help", NULL },
		{ "help-profile", 0, 0, G_OPTION_ARG_NONE, &switches->help_profile,
			"Show every key of a profile, or those of the section that follows", NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &switches->options->json,
			"With --check or --doctor: print JSON", NULL },
		{ "list-keys", 0, 0, G_OPTION_ARG_NONE, &switches->list_keys,
			"List every key of a profile, for completions", NULL },
		{ "new", 0, 0, G_OPTION_ARG_NONE, &switches->starter,
			"Print a profile to start from, for a VM of the name that follows", NULL },
		{ "rootless", 0, 0, G_OPTION_ARG_NONE, &switches->options->rootless,
			"Give the VM a network of its own, which needs no privilege", NULL },
		{ "list-profiles", 0, 0, G_OPTION_ARG_NONE, &switches->list_profiles,
			"List the profiles that can be given by name", NULL },
		{ "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &switches->options->settings,
			"Change one key of PROFILE for this run", "SECTION[.ID].KEY=VALUE" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &switches->version, "Show the version",
			NULL },
		G_OPTION_ENTRY_NULL,
	};
	GOptionContext *context = g_option_context_new("PROFILE [-- QEMU-ARGUMENT...]");

	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_summary(context, SUMMARY);
	g_option_context_set_description(context, "More: man qemu-tapwrap\n");
	return context;
}

/* What is asked for, and what is needed for it. */
static gboolean obey(Options *options, const Switches *switches, GOptionContext *context,
	GStrv args, GError **error)
{
	if (switches->help_profile)
		return describe(options, first_argument(args), error);
	if (switches->starter)
		return start_profile(options, first_argument(args), error);
	if (switches->help)
		options->information = g_option_context_get_help(context, TRUE, NULL);
	else if (switches->version)
		options->information = g_strdup("qemu-tapwrap " VERSION "\n");
	else if (switches->list_profiles)
		options->information = profile_list();
	else if (switches->list_keys)
		options->information = schema_list_keys();
	if (options->doctor && first_argument(args)) {
		g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"--doctor takes no profile; --check looks at one");
		return FALSE;
	}
	return options->information || options->doctor || take_profile(options, args, error);
}

Options *options_parse(int argc, char **argv, GError **error)
{
	g_autoptr(Options) options = g_new0(Options, 1);
	Switches switches = { .options = options };
	g_autoptr(GOptionContext) context = new_context(&switches);
	g_auto(GStrv) args = split_at_double_dash(argc, argv, &options->qemu_args);

	g_set_prgname("qemu-tapwrap");
	if (!g_option_context_parse_strv(context, &args, error))
		return NULL;
	if (options->json && !options->check && !options->doctor) {
		g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			"--json goes with --check or --doctor");
		return NULL;
	}
	if (!obey(options, &switches, context, args, error))
		return NULL;
	return g_steal_pointer(&options);
}

void options_free(Options *options)
{
	if (!options)
		return;
	g_free(options->profile);
	g_strfreev(options->settings);
	g_strfreev(options->qemu_args);
	g_free(options->information);
	g_free(options);
}
