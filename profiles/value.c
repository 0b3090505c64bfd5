/* SPDX-License-Identifier: MIT */
#include "profiles/value.h"

#include <string.h>

#include "profiles/value-parsers.h"

/* ---- for the parsers ---- */

gboolean parse_refuse(const Parse *parse, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*parse->ret_why = g_strdup_vprintf(format, args);
	va_end(args);
	return FALSE;
}

gboolean parse_keep(const Parse *parse, const char *text)
{
	*(char **)parse->slot = g_strdup(text);
	return TRUE;
}

gboolean parse_is_made_of(const char *text, const char *characters)
{
	return *text && text[strspn(text, characters)] == '\0';
}

gboolean parse_number(const char *text, guint64 max, guint64 *ret_number)
{
	if (!parse_is_made_of(text, "0123456789") || (text[0] == '0' && text[1]))
		return FALSE;
	return g_ascii_string_to_unsigned(text, 10, 0, max, ret_number, NULL);
}

GStrv parse_list(const char *text)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) words = g_strsplit_set(text, ", \t", -1);

	for (guint i = 0; words[i]; i++)
		if (*words[i])
			g_strv_builder_add(builder, words[i]);
	return g_strv_builder_end(builder);
}

/* ---- types ---- */

static gboolean parse_text(const Parse *parse)
{
	return parse_keep(parse, parse->text);
}

typedef enum {
	STORED_STRING,
	STORED_NUMBER, /* nothing to free */
	STORED_ARRAY,
	STORED_STRV,
} Storage;

static const struct {
	gboolean (*parse)(const Parse *parse);
	Storage storage;
} types[] = {
	[VALUE_TEXT] = { parse_text, STORED_STRING },
	[VALUE_OPTION] = { parse_text, STORED_STRING },
	[VALUE_IFNAME] = { parse_text, STORED_STRING },
	[VALUE_INCLUDES] = { parse_text, STORED_STRING },
	[VALUE_NAME] = { value_parse_name, STORED_STRING },
	[VALUE_DEVICE] = { value_parse_device, STORED_STRING },
	[VALUE_WORD] = { value_parse_word, STORED_STRING },
	[VALUE_BOOLEAN] = { value_parse_boolean, STORED_NUMBER },
	[VALUE_NUMBER] = { value_parse_number, STORED_STRING },
	[VALUE_MIB] = { value_parse_mib, STORED_NUMBER },
	[VALUE_BYTES] = { value_parse_bytes, STORED_NUMBER },
	[VALUE_ACCEL] = { value_parse_accel, STORED_STRING },
	[VALUE_SMP] = { value_parse_smp, STORED_STRING },
	[VALUE_CPUS] = { value_parse_cpus, STORED_STRV },
	[VALUE_HOSTNAME] = { value_parse_hostname, STORED_STRING },
	[VALUE_USER] = { value_parse_user, STORED_STRING },
	[VALUE_ORDER] = { value_parse_order, STORED_STRING },
	[VALUE_RTC] = { value_parse_rtc, STORED_STRING },
	[VALUE_UUID] = { value_parse_uuid, STORED_STRING },
	[VALUE_RESOLUTION] = { value_parse_resolution, STORED_STRING },
	[VALUE_PATH] = { value_parse_path, STORED_STRING },
	[VALUE_PATHS] = { value_parse_paths, STORED_STRV },
	[VALUE_ENDPOINT] = { value_parse_endpoint, STORED_STRING },
	[VALUE_ICON] = { value_parse_icon, STORED_STRING },
	[VALUE_MAC] = { value_parse_mac, STORED_STRING },
	[VALUE_ADDRESSES] = { value_parse_addresses, STORED_ARRAY },
	[VALUE_HOSTS] = { value_parse_hosts, STORED_ARRAY },
	[VALUE_ROUTES] = { value_parse_routes, STORED_ARRAY },
	[VALUE_UPLINK] = { value_parse_uplink, STORED_STRING },
	[VALUE_HOSTFWDS] = { value_parse_hostfwds, STORED_STRV },
	[VALUE_USB_HOSTS] = { value_parse_usb_hosts, STORED_STRV },
	[VALUE_PCI] = { value_parse_pci, STORED_STRING },
	[VALUE_ARGS] = { value_parse_args, STORED_STRV },
	[VALUE_COMMAND] = { value_parse_command, STORED_STRV },
};

gboolean value_is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((guchar)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return FALSE;
	return TRUE;
}

gboolean value_parse(const ValueRule *rule, const char *text, gpointer slot, char **ret_why)
{
	Parse parse = { .rule = rule, .text = text, .slot = slot, .ret_why = ret_why };

	if (*text == '\0')
		return parse_refuse(&parse, "has no value");
	if (!value_is_plain(text, strlen(text)))
		return parse_refuse(&parse, "holds a control character");
	return types[rule->type].parse(&parse);
}

void value_clear(ValueType type, gpointer slot)
{
	switch (types[type].storage) {
	case STORED_STRING:
		g_clear_pointer((char **)slot, g_free);
		break;
	case STORED_NUMBER:
		break;
	case STORED_ARRAY:
		g_clear_pointer((GArray **)slot, g_array_unref);
		break;
	case STORED_STRV:
		g_clear_pointer((GStrv *)slot, g_strfreev);
		break;
	}
}
