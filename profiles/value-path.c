/* SPDX-License-Identifier: MIT */
#include "profiles/value-parsers.h"

#include <arpa/inet.h>
#include <string.h>

static const char *look_up(const ValueRule *rule, const char *name)
{
	const char *value = rule->variable ? rule->variable(name, rule->data) : NULL;

	return value ? value : g_getenv(name);
}

/* Appends @rest, a part of the text, to @path with every ${VAR} replaced. */
static gboolean expand_variables(const Parse *parse, GString *path, const char *rest)
{
	const char *dollar;

	while ((dollar = strstr(rest, "${"))) {
		const char *close = strchr(dollar, '}');
		g_autofree char *name = close ? g_strndup(dollar + 2, close - dollar - 2) : NULL;
		const char *variable = name ? look_up(parse->rule, name) : NULL;

		if (!close)
			return parse_refuse(parse, "'%s' has no '}' after its '${'", parse->text);
		if (!*name)
			return parse_refuse(parse, "'%s' has a ${} without a name", parse->text);
		if (!variable && g_str_equal(name, "run_dir"))
			return parse_refuse(parse,
				"there is no ${run_dir}: $XDG_RUNTIME_DIR is not set, or not yours");
		if (!variable)
			return parse_refuse(parse, "the variable %s is not set", name);
		if (!value_is_plain(variable, strlen(variable)))
			return parse_refuse(
				parse, "the variable %s holds a control character", name);
		g_string_append_len(path, rest, dollar - rest);
		g_string_append(path, variable);
		rest = close + 1;
	}
	g_string_append(path, rest);
	return TRUE;
}

gboolean value_parse_path(const Parse *parse)
{
	g_autoptr(GString) path = g_string_new(NULL);
	gboolean home = *parse->text == '~';

	if (home && parse->text[1] != '/')
		return parse_refuse(
			parse, "'%s': only ~/ is known, for your own home directory", parse->text);
	if (home)
		g_string_append(path, g_get_home_dir());
	if (!expand_variables(parse, path, parse->text + home))
		return FALSE;
	*(char **)parse->slot = g_path_is_absolute(path->str)
					? g_strdup(path->str)
					: g_build_filename(parse->rule->directory, path->str, NULL);
	return TRUE;
}

gboolean value_parse_paths(const Parse *parse)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) list = g_strsplit(parse->text, ",", -1);

	for (guint i = 0; list[i]; i++) {
		g_autofree char *path = NULL;
		Parse one = { parse->rule, g_strstrip(list[i]), &path, parse->ret_why };

		if (!*one.text)
			return parse_refuse(parse, "has nothing before or after a comma");
		if (!value_parse_path(&one))
			return FALSE;
		g_strv_builder_add(builder, path);
	}
	*(GStrv *)parse->slot = g_strv_builder_end(builder);
	return TRUE;
}

gboolean value_parse_command(const Parse *parse)
{
	g_auto(GStrv) args = NULL;
	Parse all = { parse->rule, parse->text, &args, parse->ret_why };
	char *path = NULL;
	Parse program = { parse->rule, NULL, &path, parse->ret_why };

	if (!value_parse_args(&all))
		return FALSE;
	if (!*args[0])
		return parse_refuse(parse, "begins with nothing, where the program would be");
	program.text = args[0];
	if (strchr(args[0], '/')) {
		if (!value_parse_path(&program))
			return FALSE;
		g_free(args[0]);
		args[0] = path;
	}
	*(GStrv *)parse->slot = g_steal_pointer(&args);
	return TRUE;
}

static gboolean is_address(int family, const char *text)
{
	guint8 octets[16];

	return inet_pton(family, text, octets) == 1;
}

/* 127.0.0.1:5901, [::1]:5901, or :5901 for the former. */
static char *parse_host_and_port(const char *text)
{
	const char *colon = strrchr(text, ':');
	g_autofree char *host = colon ? g_strndup(text, colon - text) : NULL;
	size_t len = host ? strlen(host) : 0;
	guint64 port;

	if (!host || !parse_number(colon + 1, 65535, &port) || port == 0)
		return NULL;
	if (len == 0)
		return g_strconcat("127.0.0.1", colon, NULL);
	if (*host != '[')
		return is_address(AF_INET, host) ? g_strdup(text) : NULL;
	if (host[len - 1] != ']')
		return NULL;
	host[len - 1] = '\0';
	return is_address(AF_INET6, host + 1) ? g_strdup(text) : NULL;
}

/* A colon before the first slash is QEMU's "unix:/run/x", or of an address. */
static gboolean is_socket(const char *text)
{
	return *text == '$' ||
	       (text[strcspn(text, ":/")] != ':' && !parse_is_made_of(text, "0123456789"));
}

gboolean value_parse_endpoint(const Parse *parse)
{
	char *host_and_port;

	if (is_socket(parse->text))
		return value_parse_path(parse);
	host_and_port = parse_host_and_port(parse->text);
	if (!host_and_port)
		return parse_refuse(parse,
			"'%s' is neither the path of a socket, like vm.sock, nor an address with "
			"a port, like 127.0.0.1:5901",
			parse->text);
	*(char **)parse->slot = host_and_port;
	return TRUE;
}

/* Icons of a theme have names without the suffix of their files. */
static gboolean is_image(const char *text)
{
	return strchr("~$", *text) || strchr(text, '/') || g_str_has_suffix(text, ".png") ||
	       g_str_has_suffix(text, ".svg") || g_str_has_suffix(text, ".xpm");
}

gboolean value_parse_icon(const Parse *parse)
{
	return is_image(parse->text) ? value_parse_path(parse) : value_parse_device(parse);
}
