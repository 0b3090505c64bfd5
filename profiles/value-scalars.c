/* SPDX-License-Identifier: MIT */
#include "profiles/value-parsers.h"

#include <string.h>

#include "profiles/suggest.h"

#define NAME_MAX_BYTES 64

gboolean value_parse_name(const Parse *parse)
{
	const char *text = parse->text;

	if (strlen(text) > NAME_MAX_BYTES || strchr(text, '/') || strchr("-. ", *text) ||
		g_str_has_suffix(text, " "))
		return parse_refuse(parse,
			"'%s' is not a VM name: at most %d bytes, no '/', no '-' or '.' in front, "
			"no blank at an end",
			text, NAME_MAX_BYTES);
	return parse_keep(parse, text);
}

gboolean value_parse_device(const Parse *parse)
{
	const char *text = parse->text;

	if (!g_ascii_isalnum(*text) ||
		!parse_is_made_of(
			text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."))
		return parse_refuse(parse,
			"'%s' is not a name of letters, digits, '-', '_' and '.' that begins with a "
			"letter or digit",
			text);
	return parse_keep(parse, text);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* RFC 1123: a part of a name, 63 bytes at most. */
static gboolean is_label(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 63 && text[0] != '-' && text[len - 1] != '-' &&
	       parse_is_made_of(text, LETTERS DIGITS "-");
}

/* 64 bytes are what Linux takes. */
gboolean value_parse_hostname(const Parse *parse)
{
	g_auto(GStrv) labels = g_strsplit(parse->text, ".", -1);
	gboolean is_good = strlen(parse->text) <= 64;

	for (guint i = 0; labels[i]; i++)
		is_good = is_good && is_label(labels[i]);
	if (!is_good)
		return parse_refuse(parse,
			"'%s' is not a host name: letters, digits and '-', at most 64 bytes, like "
			"myvm or myvm.example.org",
			parse->text);
	return parse_keep(parse, parse->text);
}

/* As useradd(8) has it, with upper case and dots, which some distributions allow. */
gboolean value_parse_user(const Parse *parse)
{
	const char *text = parse->text;

	if (strlen(text) > 32 || (!g_ascii_isalpha(*text) && *text != '_') ||
		!parse_is_made_of(text, LETTERS DIGITS "-_."))
		return parse_refuse(parse,
			"'%s' is not a login name: letters, digits, '-', '_' and '.', a letter or "
			"'_' in front, at most 32 bytes",
			text);
	return parse_keep(parse, text);
}

gboolean value_parse_word(const Parse *parse)
{
	g_auto(GStrv) list = g_strsplit(parse->rule->words, " ", -1);
	g_autofree char *choices = g_strjoinv(", ", list);
	g_autofree char *hint = NULL;
	Suggestion suggestion;

	if (g_strv_contains((const char *const *)list, parse->text))
		return parse_keep(parse, parse->text);
	suggestion = suggest_begin(parse->text);
	for (guint i = 0; list[i]; i++)
		suggest_consider(&suggestion, list[i]);
	hint = suggest_end(&suggestion);
	return parse_refuse(parse, "'%s' is not one of: %s%s", parse->text, choices, hint);
}

gboolean value_parse_boolean(const Parse *parse)
{
	static const char *const yes[] = { "on", "yes", "true", "1", NULL };
	static const char *const no[] = { "off", "no", "false", "0", NULL };
	g_autofree char *lower = g_ascii_strdown(parse->text, -1);

	if (!g_strv_contains(yes, lower) && !g_strv_contains(no, lower))
		return parse_refuse(parse, "'%s' is neither on nor off", parse->text);
	*(gboolean *)parse->slot = g_strv_contains(yes, lower);
	return TRUE;
}

gboolean value_parse_number(const Parse *parse)
{
	const char *dash = strchr(parse->rule->words, '-');
	guint64 min = g_ascii_strtoull(parse->rule->words, NULL, 10);
	guint64 max = g_ascii_strtoull(dash + 1, NULL, 10);
	guint64 number;

	if (!parse_number(parse->text, max, &number) || number < min)
		return parse_refuse(parse,
			"'%s' is not a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
			parse->text, min, max);
	return parse_keep(parse, parse->text);
}

/* Digits with one of @units, each 1024 times the one before it; the first is the result's. */
static gboolean parse_size(const char *text, const char *units, guint64 max, guint64 *ret_size)
{
	size_t len = strlen(text);
	const char *unit = strchr(units, g_ascii_toupper(text[len - 1]));
	g_autofree char *digits = g_strndup(text, unit ? len - 1 : len);
	guint shift = unit ? 10 * (unit - units) : 0;
	guint64 number;

	if (!parse_number(digits, max >> shift, &number) || number == 0)
		return FALSE;
	*ret_size = number << shift;
	return TRUE;
}

gboolean value_parse_mib(const Parse *parse)
{
	guint64 size;

	if (!parse_size(parse->text, "MGT", G_MAXUINT64, &size))
		return parse_refuse(parse, "'%s' is not a size, like 512M or 4G", parse->text);
	if (size > 16 * 1024 * 1024)
		return parse_refuse(parse, "'%s' is more than 16T", parse->text);
	*(guint *)parse->slot = size;
	return TRUE;
}

gboolean value_parse_bytes(const Parse *parse)
{
	guint64 size;

	if (!strchr("KkMmGgTt", parse->text[strlen(parse->text) - 1]) ||
		!parse_size(parse->text, "BKMGT", G_GUINT64_CONSTANT(1) << 60, &size))
		return parse_refuse(
			parse, "'%s' is not a size with its unit, like 512M or 40G", parse->text);
	*(guint64 *)parse->slot = size;
	return TRUE;
}

gboolean value_parse_accel(const Parse *parse)
{
	static const char *const known[] = { "kvm", "tcg", "xen", "hvf", "nvmm", "whpx", NULL };
	g_auto(GStrv) list = g_strsplit(parse->text, ":", -1);

	for (guint i = 0; list[i]; i++)
		if (!g_strv_contains(known, list[i]))
			return parse_refuse(parse,
				"'%s' is not an accelerator, or several, like kvm:tcg",
				parse->text);
	return parse_keep(parse, parse->text);
}

gboolean value_parse_smp(const Parse *parse)
{
	static const char *const known[] = { "cpus", "maxcpus", "sockets", "dies", "clusters",
		"cores", "threads", NULL };
	g_auto(GStrv) list = g_strsplit(parse->text, ",", -1);

	for (guint i = 0; list[i]; i++) {
		char *equals = strchr(list[i], '=');
		const char *count = equals ? equals + 1 : list[i];
		guint64 number;

		if (equals)
			*equals = '\0';
		if (!parse_number(count, 4096, &number) || number == 0 || (!equals && i > 0) ||
			(equals && !g_strv_contains(known, list[i])))
			return parse_refuse(parse,
				"'%s' is not a number of CPUs, like 4 or 4,cores=2,threads=2",
				parse->text);
	}
	return parse_keep(parse, parse->text);
}

/* 0-3 or 8 */
static gboolean is_cpu_range(const char *text)
{
	const char *dash = strchr(text, '-');
	g_autofree char *first = dash ? g_strndup(text, dash - text) : g_strdup(text);
	guint64 low, high;

	return parse_number(first, 4095, &low) &&
	       parse_number(dash ? dash + 1 : first, 4095, &high) && low <= high;
}

gboolean value_parse_cpus(const Parse *parse)
{
	g_auto(GStrv) list = parse_list(parse->text);

	for (guint i = 0; list[i]; i++)
		if (!is_cpu_range(list[i]))
			return parse_refuse(
				parse, "'%s' is not a range of CPUs, like 0-3 or 8", list[i]);
	if (!list[0])
		return parse_refuse(parse, "has no value");
	*(GStrv *)parse->slot = g_steal_pointer(&list);
	return TRUE;
}

gboolean value_parse_order(const Parse *parse)
{
	const char *text = parse->text;

	for (const char *letter = text; *letter; letter++)
		if (*letter < 'a' || *letter > 'p' || strchr(letter + 1, *letter))
			return parse_refuse(parse,
				"'%s' is not an order of drives: c disk, d cdrom, n network, like dc",
				text);
	return parse_keep(parse, text);
}

/* @form: digits stand for '0', the rest for itself. */
static gboolean has_form(const char *text, const char *form)
{
	for (; *form; form++, text++)
		if (*form == '0' ? !g_ascii_isdigit(*text) : *text != *form)
			return FALSE;
	return *text == '\0';
}

/* QEMU's -rtc base=, with what it checks only when it starts. */
gboolean value_parse_rtc(const Parse *parse)
{
	gboolean has_time = has_form(parse->text, "0000-00-00T00:00:00");
	g_autofree char *full = g_strconcat(parse->text, has_time ? "Z" : "T00:00:00Z", NULL);
	g_autoptr(GDateTime) time = NULL;

	if (g_str_equal(parse->text, "utc") || g_str_equal(parse->text, "localtime"))
		return parse_keep(parse, parse->text);
	if (has_time || has_form(parse->text, "0000-00-00"))
		time = g_date_time_new_from_iso8601(full, NULL);
	if (!time)
		return parse_refuse(parse,
			"'%s' is not utc, localtime or a time like 2024-02-29T13:00:00",
			parse->text);
	return parse_keep(parse, parse->text);
}

gboolean value_parse_uuid(const Parse *parse)
{
	if (!g_uuid_string_is_valid(parse->text))
		return parse_refuse(parse,
			"'%s' is not a UUID, like 7d444840-9dc0-11d1-b245-5ffdce74fad2",
			parse->text);
	*(char **)parse->slot = g_ascii_strdown(parse->text, -1);
	return TRUE;
}

gboolean value_parse_resolution(const Parse *parse)
{
	const char *x = strchr(parse->text, 'x');
	g_autofree char *width = g_strndup(parse->text, x ? x - parse->text : 0);
	guint64 number;

	if (!x || !parse_number(width, 16384, &number) || number == 0 ||
		!parse_number(x + 1, 16384, &number) || number == 0)
		return parse_refuse(
			parse, "'%s' is not a width and a height, like 1920x1080", parse->text);
	return parse_keep(parse, parse->text);
}

/*
 * g_shell_parse_argv drops everything behind a '#' that starts a word, without an error. A
 * sentinel that cannot stand in a profile, behind the text, tells whether that happened.
 */
gboolean value_parse_args(const Parse *parse)
{
	static const char sentinel[] = "\001";
	g_autofree char *guarded = g_strconcat(parse->text, " ", sentinel, NULL);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) args = NULL;
	int n = 0;

	if (!g_shell_parse_argv(guarded, &n, &args, &error) &&
		!g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
		return parse_refuse(parse, "a quote is not closed");
	if (n == 0 || !g_str_equal(args[n - 1], sentinel))
		return parse_refuse(
			parse, "a '#' starts a comment here; quote the argument it begins");
	if (n == 1)
		return parse_refuse(parse, "has no value");
	g_clear_pointer(&args[n - 1], g_free);
	*(GStrv *)parse->slot = g_steal_pointer(&args);
	return TRUE;
}
