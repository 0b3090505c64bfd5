/* SPDX-License-Identifier: MIT */
#include "launcher/inspect/finding.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sysexits.h>

typedef struct {
	FindingSeverity severity;
	int status;
	char *place, *text, *cure;
} Finding;

struct Findings {
	gboolean json;
	GPtrArray *list; /* Finding */
};

static void finding_free(gpointer data)
{
	Finding *finding = data;

	g_free(finding->place);
	g_free(finding->text);
	g_free(finding->cure);
	g_free(finding);
}

Findings *findings_new(gboolean json)
{
	Findings *findings = g_new0(Findings, 1);

	findings->json = json;
	findings->list = g_ptr_array_new_with_free_func(finding_free);
	return findings;
}

void findings_free(Findings *findings)
{
	if (!findings)
		return;
	g_ptr_array_unref(findings->list);
	g_free(findings);
}

/* ---- for people ---- */

/* What is wrong goes where a start would have told it. */
static void print_line(const Finding *finding)
{
	static const char *const front[] = {
		[FINDING_OK] = "ok: ",
		[FINDING_NOTE] = "note: ",
		[FINDING_WARNING] = "qemu-tapwrap: warning: ",
		[FINDING_ERROR] = "qemu-tapwrap: ",
	};
	FILE *out = finding->severity >= FINDING_WARNING ? stderr : stdout;

	fprintf(out, "%s%s: %s%s%s\n", front[finding->severity], finding->place, finding->text,
		finding->cure ? "; " : "", finding->cure ? finding->cure : "");
}

/* ---- for programs ---- */

static void add_text(JsonBuilder *builder, const char *name, const char *text)
{
	g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

	json_builder_set_member_name(builder, name);
	if (valid)
		json_builder_add_string_value(builder, valid);
	else
		json_builder_add_null_value(builder);
}

static void add_object(JsonBuilder *builder, const Finding *finding)
{
	static const char *const names[] = {
		[FINDING_OK] = "ok",
		[FINDING_NOTE] = "note",
		[FINDING_WARNING] = "warning",
		[FINDING_ERROR] = "error",
	};

	json_builder_begin_object(builder);
	add_text(builder, "severity", names[finding->severity]);
	add_text(builder, "place", finding->place);
	add_text(builder, "text", finding->text);
	add_text(builder, "cure", finding->cure);
	json_builder_set_member_name(builder, "status");
	json_builder_add_int_value(builder, finding->status);
	json_builder_end_object(builder);
}

void findings_print(const Findings *findings, FILE *out)
{
	g_autoptr(JsonBuilder) builder = NULL;
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;

	if (!findings->json)
		return;
	builder = json_builder_new();
	json_builder_begin_array(builder);
	for (guint i = 0; i < findings->list->len; i++)
		add_object(builder, findings->list->pdata[i]);
	json_builder_end_array(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, TRUE);
	fprintf(out, "%s\n", text);
}

/* ---- add ---- */

static void add(Findings *findings, Finding *finding)
{
	g_ptr_array_add(findings->list, finding);
	if (!findings->json)
		print_line(finding);
}

void findings_add(Findings *findings, FindingSeverity severity, int status, const char *place,
	const char *cure, const char *format, ...)
{
	Finding *finding = g_new0(Finding, 1);
	va_list args;

	va_start(args, format);
	finding->text = g_strdup_vprintf(format, args);
	va_end(args);
	finding->severity = severity;
	finding->status = status;
	finding->place = g_strdup(place);
	finding->cure = g_strdup(cure);
	add(findings, finding);
}

/* The length of "vm.ini:12: [nic "lan"] address" or "vm.ini:12" in front of ": "; else 0. */
static size_t place_len(const char *line)
{
	g_autoptr(GRegex) regex = g_regex_new("^(?:[^\\n]*?: \\[[^\\]\\n]+\\](?: [a-z-]+)?|"
					      "[^\\n]*?:[0-9]+)(?=: )",
		0, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	int end = 0;

	if (g_regex_match_full(regex, line, -1, 0, 0, &match, NULL))
		g_match_info_fetch_pos(match, 0, NULL, &end);
	return end;
}

/* Behind @subject, if the line begins with it. */
static const char *skip_subject(const char *line, const char *subject)
{
	const char *rest = g_str_has_prefix(line, subject) ? line + strlen(subject) : line;

	if (rest > line && g_str_has_prefix(rest, ": "))
		return rest + strlen(": ");
	return rest > line && *rest == ' ' ? rest + 1 : line;
}

void findings_add_line(Findings *findings, FindingSeverity severity, int status,
	const char *subject, const char *line)
{
	size_t len = place_len(line);
	const char *text = len ? line + len + strlen(": ") : skip_subject(line, subject);
	const char *cure = g_strrstr(text, "; ");
	Finding *finding = g_new0(Finding, 1);

	finding->severity = severity;
	finding->status = status;
	finding->place = len ? g_strndup(line, len) : g_strdup(subject);
	finding->text = cure ? g_strndup(text, cure - text) : g_strdup(text);
	finding->cure = cure ? g_strdup(cure + strlen("; ")) : NULL;
	add(findings, finding);
}

int findings_status(const Findings *findings)
{
	int status = 0;

	for (guint i = 0; i < findings->list->len; i++) {
		const Finding *finding = findings->list->pdata[i];

		if (finding->severity == FINDING_ERROR &&
			(!status || finding->status == EX_DATAERR))
			status = finding->status;
	}
	return status;
}
