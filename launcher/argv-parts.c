/* SPDX-License-Identifier: MIT */
#include "launcher/argv-parts.h"

#include <string.h>

void argv_add(Builder *builder, const char *word)
{
	g_ptr_array_add(builder->argv, g_strdup(word));
}

void argv_add_option(Builder *builder, const char *option, const char *format, ...)
{
	va_list args;

	argv_add(builder, option);
	va_start(args, format);
	g_ptr_array_add(builder->argv, g_strdup_vprintf(format, args));
	va_end(args);
}

void argv_add_if_given(Builder *builder, const char *option, const char *value)
{
	if (value)
		argv_add_option(builder, option, "%s", value);
}

char *argv_double_commas(const char *value)
{
	g_auto(GStrv) parts = g_strsplit(value, ",", -1);

	return g_strjoinv(",,", parts);
}

char *argv_property(const char *name, const char *value)
{
	g_autofree char *text = value ? argv_double_commas(value) : NULL;

	return text ? g_strdup_printf(",%s=%s", name, text) : g_strdup("");
}

void argv_need_scsi(Builder *builder)
{
	if (!builder->has_scsi)
		argv_add_option(builder, "-device", "virtio-scsi,id=scsi");
	builder->has_scsi = TRUE;
}

void argv_need_usb(Builder *builder)
{
	if (!builder->has_usb)
		argv_add_option(builder, "-device", "%s,id=usb", builder->profile->usb->controller);
	builder->has_usb = TRUE;
}

void argv_need_virtio_serial(Builder *builder)
{
	if (!builder->has_virtio_serial)
		argv_add_option(builder, "-device", "virtio-serial,id=virtio-serial");
	builder->has_virtio_serial = TRUE;
}

char *argv_split_endpoint(const char *endpoint, const char **ret_port)
{
	const char *colon = strrchr(endpoint, ':');

	*ret_port = colon + 1;
	if (*endpoint == '[')
		return g_strndup(endpoint + 1, colon - endpoint - 2);
	return g_strndup(endpoint, colon - endpoint);
}

void argv_add_socket(Builder *builder, const char *id, const Backend *backend)
{
	g_autofree char *path = NULL;

	if (backend->fd >= 0) {
		argv_add_option(builder, "-chardev", "socket,id=%s,fd=%d", id, backend->fd);
		return;
	}
	path = argv_double_commas(backend->name);
	argv_add_option(builder, "-chardev", "socket,id=%s,path=%s", id, path);
}
