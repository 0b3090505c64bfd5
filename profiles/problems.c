/* SPDX-License-Identifier: MIT */
#include "profiles/problems.h"

#include <sysexits.h>

typedef struct {
	guint line;
	int status;
	char *text;
} Problem;

struct Problems {
	char *path;
	GArray *list;
};

G_DEFINE_QUARK(qemu_tapwrap_profile, profile_error)

static void problem_clear(gpointer problem)
{
	g_free(((Problem *)problem)->text);
}

Problems *problems_new(const char *path)
{
	Problems *problems = g_new0(Problems, 1);

	problems->path = g_strdup(path);
	problems->list = g_array_new(FALSE, FALSE, sizeof(Problem));
	g_array_set_clear_func(problems->list, problem_clear);
	return problems;
}

void problems_free(Problems *problems)
{
	if (!problems)
		return;
	g_array_unref(problems->list);
	g_free(problems->path);
	g_free(problems);
}

void problems_add(Problems *problems, guint line, int status, const char *format, ...)
{
	Problem problem = { .line = line, .status = status };
	va_list args;

	va_start(args, format);
	problem.text = g_strdup_vprintf(format, args);
	va_end(args);
	g_array_append_val(problems->list, problem);
}

gboolean problems_any(const Problems *problems)
{
	return problems->list->len > 0;
}

static int by_line(gconstpointer a, gconstpointer b)
{
	guint left = ((const Problem *)a)->line, right = ((const Problem *)b)->line;

	return left < right ? -1 : left > right;
}

gboolean problems_verdict(Problems *problems, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int status = 0;

	if (!problems_any(problems))
		return TRUE;

	g_array_sort(problems->list, by_line);
	for (guint i = 0; i < problems->list->len; i++) {
		const Problem *problem = &g_array_index(problems->list, Problem, i);

		g_string_append_printf(text, "%s%s:", i ? "\n" : "", problems->path);
		if (problem->line)
			g_string_append_printf(text, "%u:", problem->line);
		g_string_append_printf(text, " %s", problem->text);
		if (!status || problem->status == EX_DATAERR)
			status = problem->status;
	}
	g_set_error_literal(error, PROFILE_ERROR, status, text->str);
	return FALSE;
}
