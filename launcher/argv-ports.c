/* SPDX-License-Identifier: MIT */
#include "launcher/argv-parts.h"

/* A chardev that listens on @endpoint, a path or an address with a port. */
static void add_server(Builder *builder, const char *id, const char *endpoint, const char *more)
{
	const char *port;
	g_autofree char *path = argv_double_commas(endpoint);
	g_autofree char *host = NULL;

	if (*endpoint == '/') {
		argv_add_option(builder, "-chardev", "socket,id=%s,path=%s,server=on,wait=off%s",
			id, path, more);
		return;
	}
	host = argv_split_endpoint(endpoint, &port);
	argv_add_option(builder, "-chardev", "socket,id=%s,host=%s,port=%s,server=on,wait=off%s",
		id, host, port, more);
}

/* ---- serial ---- */

static void add_chardev(Builder *builder, const ProfileSerial *serial)
{
	g_autofree char *id = g_strconcat("serial-", serial->section.id, NULL);
	g_autofree char *path = argv_property("path", serial->path);

	if (g_str_equal(serial->type, "mon:stdio"))
		argv_add_option(builder, "-chardev", "stdio,id=%s,mux=on,signal=off", id);
	else if (g_str_equal(serial->type, "unix"))
		add_server(builder, id, serial->path, "");
	else if (serial->listen)
		add_server(builder, id, serial->listen,
			g_str_equal(serial->type, "telnet") ? ",telnet=on" : "");
	else
		argv_add_option(builder, "-chardev", "%s,id=%s%s", serial->type, id, path);
}

static void add_serial(Builder *builder, const ProfileSerial *serial)
{
	const char *id = serial->section.id;

	add_chardev(builder, serial);
	if (g_str_equal(serial->model, "virtio")) {
		argv_need_virtio_serial(builder);
		argv_add_option(builder, "-device",
			"virtconsole,bus=virtio-serial.0,chardev=serial-%s,id=serial-%s-device", id,
			id);
	} else {
		argv_add_option(builder, "-serial", "chardev:serial-%s", id);
	}
	if (g_str_equal(serial->type, "mon:stdio"))
		argv_add_option(builder, "-mon", "chardev=serial-%s", id);
}

/* ---- guest ---- */

static void add_channel(Builder *builder, const char *chardev, const char *name)
{
	argv_need_virtio_serial(builder);
	argv_add_option(builder, "-device", "virtserialport,bus=virtio-serial.0,chardev=%s,name=%s",
		chardev, name);
}

static gboolean is_spice(const Profile *profile)
{
	return g_str_has_prefix(profile->display->type, "spice");
}

static void add_guest(Builder *builder, const ProfileGuest *guest)
{
	if (guest->agent) {
		g_autofree char *path = g_build_filename(
			builder->profile->places.run, PROFILE_AGENT_SOCKET, NULL);

		add_server(builder, "agent", path, "");
		add_channel(builder, "agent", "org.qemu.guest_agent.0");
	}
	if (guest->clipboard) {
		argv_add_option(builder, "-chardev", "%s,id=vdagent,name=vdagent%s",
			is_spice(builder->profile) ? "spicevmc" : "qemu-vdagent",
			is_spice(builder->profile) ? "" : ",clipboard=on");
		add_channel(builder, "vdagent", "com.redhat.spice.0");
	}
	if (guest->balloon)
		argv_add_option(
			builder, "-device", "virtio-balloon,id=balloon,free-page-reporting=on");
	if (guest->rng) {
		argv_add_option(builder, "-object", "rng-random,id=rng,filename=/dev/urandom");
		argv_add_option(builder, "-device", "virtio-rng,rng=rng,id=rng-device");
	}
}

/* ---- tpm, vfio ---- */

static void add_tpm(Builder *builder, const ProfileTpm *tpm)
{
	if (g_str_equal(tpm->type, "none"))
		return;
	if (g_str_equal(tpm->type, "emulator")) {
		argv_add_socket(builder, "tpm", &builder->backends->tpm);
		argv_add_option(builder, "-tpmdev", "emulator,id=tpm,chardev=tpm");
	} else {
		g_autofree char *path = argv_double_commas(tpm->path);

		argv_add_option(builder, "-tpmdev", "passthrough,id=tpm,path=%s", path);
	}
	argv_add_option(builder, "-device", "%s,tpmdev=tpm,id=tpm-device", tpm->model);
}

static void add_vfio(Builder *builder, const ProfileVfio *vfio)
{
	g_autofree char *romfile = argv_property("romfile", vfio->romfile);

	argv_add_option(builder, "-device", "vfio-pci,host=%s,id=vfio-%s-device%s", vfio->host,
		vfio->section.id, romfile);
}

/* ---- monitor ---- */

/* By way of a chardev: -qmp tcp:[::1]:4444 and its like know no IPv6. */
static void add_monitor(Builder *builder, const ProfileMonitor *monitor)
{
	const struct {
		const char *id, *endpoint, *option, *value;
	} ports[] = {
		{ "qmp", monitor->qmp, "-mon", "chardev=qmp,mode=control" },
		{ "hmp", monitor->hmp, "-mon", "chardev=hmp" },
		{ "gdb", monitor->gdb, "-gdb", "chardev:gdb" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(ports); i++) {
		if (!ports[i].endpoint)
			continue;
		add_server(builder, ports[i].id, ports[i].endpoint, "");
		argv_add_option(builder, ports[i].option, "%s", ports[i].value);
	}
	if (monitor->paused)
		argv_add(builder, "-S");
}

static void add_control(Builder *builder)
{
	if (!builder->backends->control)
		return;
	add_server(builder, "control", builder->backends->control, "");
	argv_add_option(builder, "-mon", "chardev=control,mode=control");
}

void argv_add_ports(Builder *builder)
{
	const Profile *profile = builder->profile;

	for (guint i = 0; i < profile->serials->len; i++)
		add_serial(builder, profile->serials->pdata[i]);
	add_guest(builder, profile->guest);
	add_tpm(builder, profile->tpm);
	for (guint i = 0; i < profile->vfios->len; i++)
		add_vfio(builder, profile->vfios->pdata[i]);
	add_monitor(builder, profile->monitor);
	add_control(builder);
}
