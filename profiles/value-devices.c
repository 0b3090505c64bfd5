/* SPDX-License-Identifier: MIT */
#include "profiles/value-parsers.h"

#include <string.h>

static gboolean parse_hex(const char *text, size_t digits, guint64 max, guint64 *ret_number)
{
	return strlen(text) == digits && parse_is_made_of(text, "0123456789abcdefABCDEF") &&
	       g_ascii_string_to_unsigned(text, 16, 0, max, ret_number, NULL);
}

/* 046d:c52b, as lsusb has it. To QEMU a zero means: any. */
static char *parse_usb_ids(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", -1);
	guint64 vendor, product;

	if (g_strv_length(parts) != 2 || !parse_hex(parts[0], 4, 0xffff, &vendor) ||
		!parse_hex(parts[1], 4, 0xffff, &product) || vendor == 0 || product == 0)
		return NULL;
	return g_strdup_printf("vendorid=0x%04x,productid=0x%04x", (guint)vendor, (guint)product);
}

/* 1-2.3, as in /sys/bus/usb/devices: bus 1, port 2 and on the hub there port 3 */
static char *parse_usb_port(const char *text)
{
	const char *dash = strchr(text, '-');
	g_autofree char *bus = dash ? g_strndup(text, dash - text) : NULL;
	g_auto(GStrv) ports = g_strsplit(dash ? dash + 1 : "", ".", -1);
	guint64 number;

	if (!bus || !ports[0] || !parse_number(bus, 127, &number) || number == 0)
		return NULL;
	for (guint i = 0; ports[i]; i++)
		if (!parse_number(ports[i], 127, &number) || number == 0)
			return NULL;
	return g_strdup_printf("hostbus=%s,hostport=%s", bus, dash + 1);
}

/* As properties of QEMU's usb-host. */
gboolean value_parse_usb_hosts(const Parse *parse)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) list = parse_list(parse->text);

	if (!list[0])
		return parse_refuse(parse, "has no value");
	for (guint i = 0; list[i]; i++) {
		g_autofree char *ids = parse_usb_ids(list[i]);
		g_autofree char *port = ids ? NULL : parse_usb_port(list[i]);

		if (!ids && !port)
			return parse_refuse(parse,
				"'%s' is not a USB device: vendor and product, like 046d:c52b, or "
				"bus and port, like 1-2.3",
				list[i]);
		g_strv_builder_add(builder, ids ? ids : port);
	}
	*(GStrv *)parse->slot = g_strv_builder_end(builder);
	return TRUE;
}

/* [0000:]01:00.0 with the domain, lower case */
gboolean value_parse_pci(const Parse *parse)
{
	gboolean has_domain = strlen(parse->text) == strlen("0000:01:00.0");
	g_autofree char *full = g_strconcat(has_domain ? "" : "0000:", parse->text, NULL);
	g_auto(GStrv) parts = g_strsplit_set(full, ":.", -1);
	guint64 number;

	if (g_strv_length(parts) != 4 || !parse_hex(parts[0], 4, 0xffff, &number) ||
		!parse_hex(parts[1], 2, 0xff, &number) || !parse_hex(parts[2], 2, 0x1f, &number) ||
		!parse_hex(parts[3], 1, 7, &number) || full[4] != ':' || full[7] != ':' ||
		full[10] != '.')
		return parse_refuse(parse,
			"'%s' is not a PCI address, like 0000:01:00.0 of lspci -D", parse->text);
	*(char **)parse->slot = g_ascii_strdown(full, -1);
	return TRUE;
}
