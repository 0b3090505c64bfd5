/* SPDX-License-Identifier: MIT */
#include "profiles/problems.h"

#include <sysexits.h>

typedef struct {
	guint file; /* index into the names */
	guint line;
	int status;
	char *text;
} Problem;

struct Problems {
	GPtrArray *files; /* their names, in the order in which they came up */
	GArray *list;
};

G_DEFINE_QUARK(qemu_tapwrap_profile, profile_error)

static void problem_clear(gpointer problem)
{
	g_free(((Problem *)problem)->text);
}

Problems *problems_new(void)
{
	Problems *problems = g_new0(Problems, 1);

	problems->files = g_ptr_array_new_with_free_func(g_free);
	problems->list = g_array_new(FALSE, FALSE, sizeof(Problem));
	g_array_set_clear_func(problems->list, problem_clear);
	return problems;
}

void problems_free(Problems *problems)
{
	if (!problems)
		return;
	g_array_unref(problems->list);
	g_ptr_array_unref(problems->files);
	g_free(problems);
}

static guint file_index(Problems *problems, const char *path)
{
	guint i;

	if (g_ptr_array_find_with_equal_func(problems->files, path, g_str_equal, &i))
		return i;
	g_ptr_array_add(problems->files, g_strdup(path));
	return problems->files->len - 1;
}

void problems_add(
	Problems *problems, const char *path, guint line, int status, const char *format, ...)
{
	Problem problem = { .file = file_index(problems, path), .line = line, .status = status };
	va_list args;

	va_start(args, format);
	problem.text = g_strdup_vprintf(format, args);
	va_end(args);
	g_array_append_val(problems->list, problem);
}

guint problems_count(const Problems *problems)
{
	return problems->list->len;
}

static int by_place(gconstpointer a, gconstpointer b)
{
	const Problem *left = a, *right = b;

	if (left->file != right->file)
		return left->file < right->file ? -1 : 1;
	return left->line < right->line ? -1 : left->line > right->line;
}

static char *describe(const Problems *problems, const Problem *problem)
{
	const char *path = problems->files->pdata[problem->file];

	return problem->line ? g_strdup_printf("%s:%u: %s", path, problem->line, problem->text)
			     : g_strdup_printf("%s: %s", path, problem->text);
}

void problems_each(Problems *problems, ProblemsVisit visit, gpointer data)
{
	g_array_sort(problems->list, by_place);
	for (guint i = 0; i < problems->list->len; i++) {
		const Problem *problem = &g_array_index(problems->list, Problem, i);
		g_autofree char *line = describe(problems, problem);

		visit(line, problem->status, data);
	}
}

#define TOLD_MAX 100 /* nobody reads on */

typedef struct {
	GString *text;
	int status;
	guint n;
} Verdict;

static void append_line(const char *line, int status, gpointer data)
{
	Verdict *verdict = data;

	if (verdict->n++ < TOLD_MAX)
		g_string_append_printf(verdict->text, "%s%s", verdict->text->len ? "\n" : "", line);
	if (!verdict->status || status == EX_DATAERR)
		verdict->status = status;
}

gboolean problems_verdict(Problems *problems, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	Verdict verdict = { .text = text };

	if (problems_count(problems) == 0)
		return TRUE;
	problems_each(problems, append_line, &verdict);
	if (verdict.n > TOLD_MAX)
		g_string_append_printf(text, "\n... and %u more", verdict.n - TOLD_MAX);
	g_set_error_literal(error, PROFILE_ERROR, verdict.status, text->str);
	return FALSE;
}
