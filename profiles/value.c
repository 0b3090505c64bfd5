/* SPDX-License-Identifier: MIT */
#include "profiles/value.h"

#include <arpa/inet.h>
#include <string.h>

#define NAME_MAX_BYTES 64

static gboolean refuse(char **ret_why, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(char **ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*ret_why = g_strdup_vprintf(format, args);
	va_end(args);
	return FALSE;
}

static gboolean keep(char **slot, const char *text)
{
	*slot = g_strdup(text);
	return TRUE;
}

static gboolean is_made_of(const char *text, const char *characters)
{
	return *text && text[strspn(text, characters)] == '\0';
}

/* Digits only: no sign, no space, no 0x; 010 is refused because C reads it as 8. */
static gboolean parse_number(const char *text, guint64 max, guint64 *ret_number)
{
	if (!is_made_of(text, "0123456789") || (text[0] == '0' && text[1]))
		return FALSE;
	return g_ascii_string_to_unsigned(text, 10, 0, max, ret_number, NULL);
}

static gboolean parse_name(const char *text, char **slot, char **ret_why)
{
	if (strlen(text) > NAME_MAX_BYTES || strchr(text, '/') || strchr("-. ", *text) ||
		g_str_has_suffix(text, " "))
		return refuse(ret_why,
			"'%s' is not a VM name: at most %d bytes, no '/', no '-' or '.' in front, "
			"no blank at an end",
			text, NAME_MAX_BYTES);
	return keep(slot, text);
}

static gboolean parse_device(const char *text, char **slot, char **ret_why)
{
	if (!g_ascii_isalnum(*text) ||
		!is_made_of(
			text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."))
		return refuse(ret_why, "'%s' is not a name QEMU could know, like e1000", text);
	return keep(slot, text);
}

static gboolean parse_word(const char *words, const char *text, char **slot, char **ret_why)
{
	g_auto(GStrv) list = g_strsplit(words, " ", -1);
	g_autofree char *choices = g_strjoinv(", ", list);

	if (!g_strv_contains((const char *const *)list, text))
		return refuse(ret_why, "'%s' is not one of: %s", text, choices);
	return keep(slot, text);
}

static gboolean parse_boolean(const char *text, gboolean *slot, char **ret_why)
{
	static const char *const yes[] = { "on", "yes", "true", "1", NULL };
	static const char *const no[] = { "off", "no", "false", "0", NULL };
	g_autofree char *lower = g_ascii_strdown(text, -1);

	if (!g_strv_contains(yes, lower) && !g_strv_contains(no, lower))
		return refuse(ret_why, "'%s' is neither on nor off", text);
	*slot = g_strv_contains(yes, lower);
	return TRUE;
}

static gboolean parse_mib(const char *text, guint *slot, char **ret_why)
{
	static const char units[] = "MGT";
	size_t len = strlen(text);
	const char *unit = strchr(units, g_ascii_toupper(text[len - 1]));
	g_autofree char *digits = g_strndup(text, unit ? len - 1 : len);
	guint shift = unit ? 10 * (unit - units) : 0;
	guint64 number;

	if (!parse_number(digits, G_MAXUINT32, &number) || number == 0)
		return refuse(ret_why, "'%s' is not a size, like 512M or 4G", text);
	if (number << shift > 16 * 1024 * 1024)
		return refuse(ret_why, "'%s' is more than 16T", text);
	*slot = number << shift;
	return TRUE;
}

static gboolean parse_accel(const char *text, char **slot, char **ret_why)
{
	static const char *const known[] = { "kvm", "tcg", "xen", "hvf", "nvmm", "whpx", NULL };
	g_auto(GStrv) list = g_strsplit(text, ":", -1);

	for (guint i = 0; list[i]; i++)
		if (!g_strv_contains(known, list[i]))
			return refuse(ret_why,
				"'%s' is not an accelerator, or several, like kvm:tcg", text);
	return keep(slot, text);
}

static gboolean parse_smp(const char *text, char **slot, char **ret_why)
{
	static const char *const known[] = { "cpus", "maxcpus", "sockets", "dies", "clusters",
		"cores", "threads", NULL };
	g_auto(GStrv) list = g_strsplit(text, ",", -1);

	for (guint i = 0; list[i]; i++) {
		char *equals = strchr(list[i], '=');
		const char *count = equals ? equals + 1 : list[i];
		guint64 number;

		if (equals)
			*equals = '\0';
		if (!parse_number(count, 4096, &number) || number == 0 || (!equals && i > 0) ||
			(equals && !g_strv_contains(known, list[i])))
			return refuse(ret_why,
				"'%s' is not a number of CPUs, like 4 or 4,cores=2,threads=2",
				text);
	}
	return keep(slot, text);
}

static gboolean parse_order(const char *text, char **slot, char **ret_why)
{
	for (const char *letter = text; *letter; letter++)
		if (*letter < 'a' || *letter > 'p' || strchr(letter + 1, *letter))
			return refuse(ret_why,
				"'%s' is not an order of drives: c disk, d cdrom, n network, like dc",
				text);
	return keep(slot, text);
}

static const char *look_up(const ValueRule *rule, const char *name)
{
	const char *value = rule->variable ? rule->variable(name, rule->data) : NULL;

	return value ? value : g_getenv(name);
}

/* Appends @rest, a part of @text, to @path with every ${VAR} replaced. */
static gboolean expand_variables(
	const ValueRule *rule, GString *path, const char *rest, const char *text, char **ret_why)
{
	const char *dollar;

	while ((dollar = strstr(rest, "${"))) {
		const char *close = strchr(dollar, '}');
		g_autofree char *name = close ? g_strndup(dollar + 2, close - dollar - 2) : NULL;
		const char *variable = name ? look_up(rule, name) : NULL;

		if (!close)
			return refuse(ret_why, "'%s' has no '}' after its '${'", text);
		if (!*name)
			return refuse(ret_why, "'%s' has a ${} without a name", text);
		if (!variable)
			return refuse(ret_why, "the variable %s is not set", name);
		g_string_append_len(path, rest, dollar - rest);
		g_string_append(path, variable);
		rest = close + 1;
	}
	g_string_append(path, rest);
	return TRUE;
}

static gboolean parse_path(const ValueRule *rule, const char *text, char **slot, char **ret_why)
{
	g_autoptr(GString) path = g_string_new(NULL);

	if (g_str_has_prefix(text, "~/"))
		g_string_append(path, g_get_home_dir());
	else if (*text == '~')
		return refuse(ret_why, "'%s': only ~/ is known, for your own home directory", text);
	if (!expand_variables(rule, path, text + (*text == '~'), text, ret_why))
		return FALSE;
	*slot = g_path_is_absolute(path->str) ? g_strdup(path->str)
					      : g_build_filename(rule->directory, path->str, NULL);
	return TRUE;
}

static gboolean parse_mac(const char *text, char **slot, char **ret_why)
{
	static const char form[] = "xx:xx:xx:xx:xx:xx";
	gboolean zero = TRUE;

	for (size_t i = 0; i < sizeof(form); i++) {
		if (form[i] == 'x' ? !g_ascii_isxdigit(text[i]) : text[i] != form[i])
			return refuse(
				ret_why, "'%s' is not a MAC address, like 52:54:00:0a:0b:0c", text);
		zero = zero && (form[i] != 'x' || text[i] == '0');
	}
	if (zero || g_ascii_xdigit_value(text[1]) & 1)
		return refuse(ret_why,
			"'%s' is a %s, which no NIC can have; like 52:54:00:0a:0b:0c", text,
			zero ? "MAC address of zeros" : "multicast MAC address");
	*slot = g_ascii_strdown(text, -1);
	return TRUE;
}

static gboolean parse_address(const char *text, ProfileAddress *ret_address)
{
	const char *slash = strchr(text, '/');
	g_autofree char *host = slash ? g_strndup(text, slash - text) : NULL;
	ProfileAddress address = { .family = host && strchr(host, ':') ? 6 : 4 };
	guint64 prefix_len;

	if (!host || !parse_number(slash + 1, address.family == 4 ? 32 : 128, &prefix_len))
		return FALSE;
	if (inet_pton(address.family == 4 ? AF_INET : AF_INET6, host, address.octets) != 1)
		return FALSE;
	address.prefix_len = prefix_len;
	*ret_address = address;
	return TRUE;
}

static GStrv split_list(const char *text)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) words = g_strsplit_set(text, ", \t", -1);

	for (guint i = 0; words[i]; i++)
		if (*words[i])
			g_strv_builder_add(builder, words[i]);
	return g_strv_builder_end(builder);
}

static gboolean parse_addresses(const char *text, GArray **slot, char **ret_why)
{
	g_autoptr(GArray) addresses = g_array_new(FALSE, TRUE, sizeof(ProfileAddress));
	g_auto(GStrv) list = split_list(text);

	for (guint i = 0; list[i]; i++) {
		ProfileAddress address;

		if (!parse_address(list[i], &address))
			return refuse(ret_why,
				"'%s' is not an address with a prefix length, like 192.168.50.1/24",
				list[i]);
		g_array_append_val(addresses, address);
	}
	if (addresses->len == 0)
		return refuse(ret_why, "has no value");
	*slot = g_steal_pointer(&addresses);
	return TRUE;
}

static gboolean is_port(const char *text)
{
	guint64 port;

	return parse_number(text, 65535, &port) && port > 0;
}

static gboolean is_ipv4_or_empty(const char *text)
{
	struct in_addr address;

	return *text == '\0' || inet_pton(AF_INET, text, &address) == 1;
}

/* QEMU's [tcp|udp]:[host address]:port-[guest address]:port, or short PORT:PORT. */
static char *parse_hostfwd(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", -1);
	guint n = g_strv_length(parts);
	char *dash;

	if (n == 2 && is_port(parts[0]) && is_port(parts[1]))
		return g_strdup_printf("tcp:127.0.0.1:%s-:%s", parts[0], parts[1]);
	dash = n == 4 ? strchr(parts[2], '-') : NULL;
	if (!dash)
		return NULL;
	*dash = '\0';
	if (*parts[0] && !g_str_equal(parts[0], "tcp") && !g_str_equal(parts[0], "udp"))
		return NULL;
	if (!is_ipv4_or_empty(parts[1]) || !is_port(parts[2]) || !is_ipv4_or_empty(dash + 1) ||
		!is_port(parts[3]))
		return NULL;
	return g_strdup_printf("%s:%s:%s-%s:%s", *parts[0] ? parts[0] : "tcp", parts[1], parts[2],
		dash + 1, parts[3]);
}

static gboolean parse_hostfwds(const char *text, GStrv *slot, char **ret_why)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) list = split_list(text);

	if (!list[0])
		return refuse(ret_why, "has no value");
	for (guint i = 0; list[i]; i++) {
		g_autofree char *hostfwd = parse_hostfwd(list[i]);

		if (!hostfwd)
			return refuse(ret_why,
				"'%s' is not a port forward, like tcp:127.0.0.1:2222-:22 or 2222:22",
				list[i]);
		g_strv_builder_add(builder, hostfwd);
	}
	*slot = g_strv_builder_end(builder);
	return TRUE;
}

/*
 * g_shell_parse_argv drops everything behind a '#' that starts a word, without an error. A
 * sentinel that cannot stand in a profile, behind the text, tells whether that happened.
 */
static gboolean parse_args(const char *text, GStrv *slot, char **ret_why)
{
	static const char sentinel[] = "\001";
	g_autofree char *guarded = g_strconcat(text, " ", sentinel, NULL);
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) args = NULL;
	int n = 0;

	if (!g_shell_parse_argv(guarded, &n, &args, &error) &&
		!g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
		return refuse(ret_why, "a quote is not closed");
	if (n == 0 || !g_str_equal(args[n - 1], sentinel))
		return refuse(ret_why, "a '#' starts a comment here; quote the argument it begins");
	if (n == 1)
		return refuse(ret_why, "has no value");
	g_clear_pointer(&args[n - 1], g_free);
	*slot = g_steal_pointer(&args);
	return TRUE;
}

gboolean value_is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((guchar)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return FALSE;
	return TRUE;
}

gboolean value_parse(const ValueRule *rule, const char *text, gpointer slot, char **ret_why)
{
	if (*text == '\0')
		return refuse(ret_why, "has no value");
	if (!value_is_plain(text, strlen(text)))
		return refuse(ret_why, "holds a control character");

	switch (rule->type) {
	case VALUE_TEXT:
	case VALUE_OPTION:
	case VALUE_IFNAME:
	case VALUE_INCLUDES:
		return keep(slot, text);
	case VALUE_NAME:
		return parse_name(text, slot, ret_why);
	case VALUE_DEVICE:
		return parse_device(text, slot, ret_why);
	case VALUE_WORD:
		return parse_word(rule->words, text, slot, ret_why);
	case VALUE_BOOLEAN:
		return parse_boolean(text, slot, ret_why);
	case VALUE_MIB:
		return parse_mib(text, slot, ret_why);
	case VALUE_ACCEL:
		return parse_accel(text, slot, ret_why);
	case VALUE_SMP:
		return parse_smp(text, slot, ret_why);
	case VALUE_ORDER:
		return parse_order(text, slot, ret_why);
	case VALUE_PATH:
		return parse_path(rule, text, slot, ret_why);
	case VALUE_MAC:
		return parse_mac(text, slot, ret_why);
	case VALUE_ADDRESSES:
		return parse_addresses(text, slot, ret_why);
	case VALUE_HOSTFWDS:
		return parse_hostfwds(text, slot, ret_why);
	case VALUE_ARGS:
		return parse_args(text, slot, ret_why);
	}
	g_assert_not_reached();
}

void value_clear(ValueType type, gpointer slot)
{
	switch (type) {
	case VALUE_BOOLEAN:
	case VALUE_MIB:
		break;
	case VALUE_ADDRESSES:
		g_clear_pointer((GArray **)slot, g_array_unref);
		break;
	case VALUE_HOSTFWDS:
	case VALUE_ARGS:
		g_clear_pointer((GStrv *)slot, g_strfreev);
		break;
	case VALUE_TEXT:
	case VALUE_NAME:
	case VALUE_OPTION:
	case VALUE_DEVICE:
	case VALUE_WORD:
	case VALUE_ACCEL:
	case VALUE_SMP:
	case VALUE_ORDER:
	case VALUE_PATH:
	case VALUE_MAC:
	case VALUE_IFNAME:
	case VALUE_INCLUDES:
		g_clear_pointer((char **)slot, g_free);
		break;
	}
}
