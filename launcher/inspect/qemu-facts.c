/* SPDX-License-Identifier: MIT */
#include "launcher/inspect/qemu-facts.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sysexits.h>

#include "launcher/inspect/ask.h"

#define TIME_LIMIT 10 /* seconds, for all questions */

struct QemuFacts {
	char *emulator;
	gint64 deadline;
	char *version; /* NULL while it has not greeted */
	gboolean lacks_kvm, lacks_vnc;
	GHashTable *names[FACT_KINDS]; /* sets of strings */
};

/* The answer to a question has its id. What an older or newer QEMU does not know stays open. */
#define TYPES(of) "\"qom-list-types\",\"arguments\":{\"implements\":\"" of "\",\"abstract\":false}"
static const struct {
	const char *id, *command;
	FactKind kind;
} questions[] = {
	{ "machines", "\"query-machines\"", FACT_MACHINE },
	{ "cpus", "\"query-cpu-definitions\"", FACT_CPU },
	{ "devices", TYPES("device"), FACT_DEVICE },
	{ "chardevs", TYPES("chardev"), FACT_CHARDEV },
	{ "objects", TYPES("user-creatable"), FACT_OBJECT },
	{ "tpms", "\"query-tpm-types\"", FACT_TPM },
};

static GHashTable *set_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* ---- answers ---- */

static const char *text_of(JsonNode *node)
{
	return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static JsonObject *object_of(JsonNode *node)
{
	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonNode *member(JsonObject *object, const char *name)
{
	return object ? json_object_get_member(object, name) : NULL;
}

/* A chardev's type is called chardev-NAME, and nothing else is. */
static void add_name(GHashTable *set, const char *name)
{
	if (name)
		g_hash_table_add(set,
			g_strdup(name +
				 (g_str_has_prefix(name, "chardev-") ? strlen("chardev-") : 0)));
}

/* ["tpm-tis", ...] or [{"name": "q35", "alias": ...}, ...] */
static GHashTable *read_names(JsonNode *node)
{
	JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
	GHashTable *set = array ? set_new() : NULL;

	for (guint i = 0; array && i < json_array_get_length(array); i++) {
		JsonNode *item = json_array_get_element(array, i);

		add_name(set, text_of(item));
		add_name(set, text_of(member(object_of(item), "name")));
		add_name(set, text_of(member(object_of(item), "alias")));
	}
	return set;
}

static gboolean is_false(JsonNode *node)
{
	return node && JSON_NODE_HOLDS_VALUE(node) &&
	       json_node_get_value_type(node) == G_TYPE_BOOLEAN && !json_node_get_boolean(node);
}

static void read_answer(QemuFacts *facts, const char *id, JsonObject *answer)
{
	JsonNode *result = member(answer, "return");
	JsonObject *error = object_of(member(answer, "error"));

	if (g_str_equal(id, "kvm"))
		facts->lacks_kvm = is_false(member(object_of(result), "present"));
	else if (g_str_equal(id, "vnc"))
		facts->lacks_vnc = g_strcmp0(text_of(member(error, "class")), "CommandNotFound") ==
				   0;
	for (guint i = 0; i < G_N_ELEMENTS(questions); i++)
		if (g_str_equal(id, questions[i].id) && !facts->names[questions[i].kind])
			facts->names[questions[i].kind] = read_names(result);
}

/* {"QMP": {"version": {"qemu": {"major": 7, ...}, "package": "Debian ..."}}} */
static void read_greeting(QemuFacts *facts, JsonObject *greeting)
{
	static const char *const parts[] = { "major", "minor", "micro" };
	JsonObject *version = object_of(member(greeting, "version"));
	JsonObject *numbers = object_of(member(version, "qemu"));
	const char *package = text_of(member(version, "package"));
	GString *text;

	if (!numbers || facts->version)
		return;
	text = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
		JsonNode *node = member(numbers, parts[i]);
		gboolean number = node && JSON_NODE_HOLDS_VALUE(node);

		g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? "." : "",
			number ? json_node_get_int(node) : 0);
	}
	if (package && *package)
		g_string_append_printf(text, " (%s)", package);
	facts->version = g_string_free(text, FALSE);
}

static void read_line(QemuFacts *facts, const char *line)
{
	g_autoptr(JsonNode) root = json_from_string(line, NULL);
	JsonObject *object = object_of(root);
	JsonObject *greeting = object_of(member(object, "QMP"));
	const char *id = text_of(member(object, "id"));

	if (greeting)
		read_greeting(facts, greeting);
	if (id)
		read_answer(facts, id, object);
}

/* ---- questions ---- */

/* All at once: QEMU reads the next when it has answered the last. */
static char *write_questions(void)
{
	GString *text = g_string_new("{\"execute\":\"qmp_capabilities\"}\n"
				     "{\"execute\":\"query-kvm\",\"id\":\"kvm\"}\n"
				     "{\"execute\":\"query-vnc\",\"id\":\"vnc\"}\n");

	for (guint i = 0; i < G_N_ELEMENTS(questions); i++)
		g_string_append_printf(text, "{\"execute\":%s,\"id\":\"%s\"}\n",
			questions[i].command, questions[i].id);
	g_string_append(text, "{\"execute\":\"quit\"}\n");
	return g_string_free(text, FALSE);
}

static gboolean raise_no_qmp(const char *answer, GError **error)
{
	g_autofree char *line = g_strndup(answer, MIN(strcspn(answer, "\n\r"), 80));
	g_autofree char *valid = g_utf8_make_valid(line, -1);

	g_set_error(error, ASK_ERROR, EX_UNAVAILABLE, "is no QEMU that can be asked: it says '%s'",
		valid);
	return FALSE;
}

static gboolean ask_over_qmp(QemuFacts *facts, GError **error)
{
	char *argv[] = { facts->emulator, "-nodefaults", "-no-user-config", "-machine", "none",
		"-display", "none", "-S", "-qmp", "stdio", NULL };
	g_autofree char *input = write_questions();
	g_autofree char *answer = ask_program(argv, input, facts->deadline, error);
	g_auto(GStrv) lines = answer ? g_strsplit(answer, "\n", -1) : NULL;

	if (!answer)
		return FALSE;
	for (guint i = 0; lines[i]; i++)
		read_line(facts, lines[i]);
	return facts->version ? TRUE : raise_no_qmp(answer, error);
}

QemuFacts *qemu_facts_ask(const char *emulator, GError **error)
{
	g_autoptr(QemuFacts) facts = g_new0(QemuFacts, 1);

	facts->emulator = g_strdup(emulator);
	facts->deadline = g_get_monotonic_time() + TIME_LIMIT * G_USEC_PER_SEC;
	return ask_over_qmp(facts, error) ? g_steal_pointer(&facts) : NULL;
}

/* A list of -display help or the like: a heading, then a name a line. */
static GHashTable *ask_for_help(const QemuFacts *facts, const char *option)
{
	char *argv[] = { facts->emulator, "-nodefaults", "-no-user-config", "-machine", "none",
		(char *)option, "help", NULL };
	g_autofree char *answer = ask_program(argv, "", facts->deadline, NULL);
	g_auto(GStrv) lines = answer ? g_strsplit(answer, "\n", -1) : NULL;
	GHashTable *set = answer ? set_new() : NULL;

	for (guint i = 0; lines && lines[i]; i++)
		add_name(set, g_strstrip(lines[i]));
	return set;
}

/* ---- facts ---- */

GHashTable *qemu_facts_names(QemuFacts *facts, FactKind kind)
{
	static const char *const options[FACT_KINDS] = {
		[FACT_DISPLAY] = "-display",
		[FACT_AUDIO] = "-audiodev",
		[FACT_NETDEV] = "-netdev",
	};

	if (!facts->names[kind] && options[kind])
		facts->names[kind] = ask_for_help(facts, options[kind]);
	return facts->names[kind];
}

const char *qemu_facts_version(const QemuFacts *facts)
{
	return facts->version;
}

gboolean qemu_facts_has_kvm(const QemuFacts *facts)
{
	return !facts->lacks_kvm;
}

gboolean qemu_facts_has_vnc(const QemuFacts *facts)
{
	return !facts->lacks_vnc;
}

void qemu_facts_free(QemuFacts *facts)
{
	if (!facts)
		return;
	for (guint i = 0; i < FACT_KINDS; i++)
		g_clear_pointer(&facts->names[i], g_hash_table_unref);
	g_free(facts->emulator);
	g_free(facts->version);
	g_free(facts);
}
