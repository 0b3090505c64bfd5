/* SPDX-License-Identifier: MIT */
#include "profiles/schema.h"

#include <string.h>

#include "profiles/profile.h"
#include "profiles/suggest.h"

/* clang-format off: one row, one key */
#define AT(Type, member) offsetof(Profile##Type, member)
#define END                 \
	{                   \
		.key = NULL \
	}

/* key, type, where; legal words or range; default; example; help */
static const SchemaKey vm_keys[] = {
	{ "name", VALUE_NAME, AT(Vm, name), NULL, NULL, "myvm",
		"-name; the file's name without .ini when absent" },
	{ "include", VALUE_INCLUDES, AT(Vm, include), NULL, NULL, "base.ini, ?host-${hostname}.ini",
		"other profiles that this one adds to" },
	{ "arch", VALUE_DEVICE, AT(Vm, arch), NULL, HOST_ARCH, "aarch64",
		"which qemu-system-ARCH runs; the host's own when absent" },
	{ "uuid", VALUE_UUID, AT(Vm, uuid), NULL, NULL, "7d444840-9dc0-11d1-b245-5ffdce74fad2",
		"-uuid; all zeros when absent" },
	{ "on-terminate", VALUE_WORD, AT(Vm, on_terminate), "quit powerdown", "quit", "powerdown",
		"SIGTERM, SIGHUP, Ctrl-C: QEMU quits, or the guest is asked to shut down first" },
	{ "powerdown-timeout", VALUE_NUMBER, AT(Vm, powerdown_timeout), "1-86400", "30", "120",
		"seconds that the guest has then, until QEMU has to quit" },
	END,
};

static const SchemaKey hooks_keys[] = {
	{ "pre-start", VALUE_COMMAND, AT(Hooks, pre_start), NULL, NULL, "./announce.sh up",
		"runs when the taps are there, before QEMU; if it fails there is no VM" },
	{ "post-stop", VALUE_COMMAND, AT(Hooks, post_stop), NULL, NULL, "./announce.sh down",
		"runs when QEMU and its taps are gone" },
	END,
};

static const SchemaKey machine_keys[] = {
	{ "type", VALUE_OPTION, AT(Machine, type), NULL, NULL, "pc",
		"-machine; q35 on x86, virt on arm, aarch64 and riscv when absent" },
	{ "accel", VALUE_ACCEL, AT(Machine, accel), NULL, NULL, "tcg",
		"-machine accel=; the first that works; kvm:tcg, tcg for a foreign arch, when absent" },
	{ "cpu", VALUE_OPTION, AT(Machine, cpu), NULL, "max", "host,-vmx", "-cpu" },
	{ "smp", VALUE_SMP, AT(Machine, smp), NULL, "2", "4,cores=2,threads=2", "-smp" },
	{ "memory", VALUE_MIB, AT(Machine, memory), NULL, NULL, "512M",
		"-m; MiB, or with M, G or T; 2G, or what the [numa] nodes have, when absent" },
	{ "memory-file", VALUE_PATH, AT(Machine, memory_file), NULL, NULL, "/dev/hugepages",
		"memory-backend-file mem-path=; a file, or a directory for an unnamed one" },
	{ "memory-shared", VALUE_BOOLEAN, AT(Machine, memory_shared), NULL, "off", "on",
		"memory-backend share=; other processes may map the guest's memory" },
	{ "memory-prealloc", VALUE_BOOLEAN, AT(Machine, memory_prealloc), NULL, "off", "on",
		"memory-backend prealloc=; all of it is taken at the start" },
	{ "memory-lock", VALUE_BOOLEAN, AT(Machine, memory_lock), NULL, "off", "on",
		"-overcommit mem-lock=; never swapped out" },
	{ "hugepages", VALUE_BOOLEAN, AT(Machine, hugepages), NULL, "off", "on",
		"memory-backend-memfd hugetlb=; from the host's pool of huge pages" },
	{ "rtc", VALUE_RTC, AT(Machine, rtc), NULL, "utc", "localtime",
		"-rtc base=; Windows wants localtime" },
	{ "reboot", VALUE_BOOLEAN, AT(Machine, reboot), NULL, "on", "off",
		"off: -no-reboot; a reboot ends the VM" },
	END,
};

static const SchemaKey numa_keys[] = {
	{ "cpus", VALUE_CPUS, AT(Numa, cpus), NULL, NULL, "0-1, 4", "-numa node,cpus=; required" },
	{ "memory", VALUE_MIB, AT(Numa, memory), NULL, NULL, "1G",
		"-object memory-backend size=; required" },
	END,
};

static const SchemaKey firmware_keys[] = {
	{ "type", VALUE_WORD, AT(Firmware, type), "bios uefi uefi-secure", NULL, "uefi",
		"uefi on arm and aarch64 without a kernel, bios otherwise, when absent" },
	{ "code", VALUE_PATH, AT(Firmware, code), NULL, NULL, "/usr/share/OVMF/OVMF_CODE_4M.fd",
		"pflash unit 0, or -bios; found by QEMU's firmware descriptors when absent" },
	{ "vars", VALUE_PATH, AT(Firmware, vars), NULL, NULL, "/usr/share/OVMF/OVMF_VARS_4M.fd",
		"what a new nvram is copied from; found with code when absent" },
	{ "nvram", VALUE_PATH, AT(Firmware, nvram), NULL, NULL, "~/vms/myvm.nvram",
		"pflash unit 1, the VM's own settings; ${state_dir}/nvram.fd when absent" },
	END,
};

static const SchemaKey boot_keys[] = {
	{ "kernel", VALUE_PATH, AT(Boot, kernel), NULL, NULL, "bzImage", "-kernel" },
	{ "initrd", VALUE_PATH, AT(Boot, initrd), NULL, NULL, "initramfs.img",
		"-initrd; only with kernel" },
	{ "append", VALUE_TEXT, AT(Boot, append), NULL, NULL, "console=ttyS0 root=/dev/vda1",
		"-append; only with kernel" },
	{ "dtb", VALUE_PATH, AT(Boot, dtb), NULL, NULL, "board.dtb", "-dtb" },
	{ "order", VALUE_ORDER, AT(Boot, order), NULL, NULL, "dc",
		"-boot order=; c disk, d cdrom, n network" },
	{ "once", VALUE_ORDER, AT(Boot, once), NULL, NULL, "d",
		"-boot once=; the order of the first boot only" },
	{ "menu", VALUE_BOOLEAN, AT(Boot, menu), NULL, "off", "on",
		"-boot menu=; the firmware asks what to boot" },
	END,
};

static const SchemaKey disk_keys[] = {
	{ "file", VALUE_PATH, AT(Disk, file), NULL, NULL, "~/vms/myvm.qcow2",
		"-drive file=; required" },
	{ "format", VALUE_WORD, AT(Disk, format), "raw qcow2 qed vdi vhdx vmdk vpc", NULL, "qcow2",
		"-drive format=; from the file's suffix when absent, never probed" },
	{ "size", VALUE_BYTES, AT(Disk, size), NULL, NULL, "40G",
		"qemu-img creates the file in this size when it is missing" },
	{ "backing", VALUE_PATH, AT(Disk, backing), NULL, NULL, "debian-12.qcow2",
		"qemu-img -b; a missing file is created as a layer over this image" },
	{ "backing-format", VALUE_WORD, AT(Disk, backing_format), "raw qcow2 qed vdi vhdx vmdk vpc",
		NULL, "raw", "qemu-img -F; from the suffix of backing when absent" },
	{ "if", VALUE_WORD, AT(Disk, interface), "virtio ide scsi nvme usb", "virtio", "nvme",
		"which disk controller the guest sees" },
	{ "readonly", VALUE_BOOLEAN, AT(Disk, readonly), NULL, "off", "on", "-drive readonly=" },
	{ "snapshot", VALUE_BOOLEAN, AT(Disk, snapshot), NULL, "off", "on",
		"-drive snapshot=; what the guest writes is forgotten" },
	{ "cache", VALUE_WORD, AT(Disk, cache), "writeback none writethrough directsync unsafe",
		"writeback", "none", "-drive cache=" },
	{ "aio", VALUE_WORD, AT(Disk, aio), "threads native io_uring", "threads", "io_uring",
		"-drive aio=; native only with cache none or directsync" },
	{ "discard", VALUE_WORD, AT(Disk, discard), "ignore unmap", "ignore", "unmap",
		"-drive discard=; unmap gives back what the guest trims" },
	{ "serial", VALUE_DEVICE, AT(Disk, serial), NULL, NULL, "WD-123",
		"-device serial=; the id for nvme when absent" },
	{ "bootindex", VALUE_NUMBER, AT(Disk, bootindex), "0-9999", NULL, "1",
		"-device bootindex=; the lowest boots first" },
	END,
};

static const SchemaKey cdrom_keys[] = {
	{ "file", VALUE_PATH, AT(Cdrom, file), NULL, NULL, "installer.iso",
		"-drive media=cdrom,file=; an empty drive when absent" },
	{ "if", VALUE_WORD, AT(Cdrom, interface), "ide scsi usb", NULL, "usb",
		"ide on x86, scsi on others when absent" },
	{ "bootindex", VALUE_NUMBER, AT(Cdrom, bootindex), "0-9999", NULL, "0",
		"-device bootindex=; the lowest boots first" },
	END,
};

static const SchemaKey floppy_keys[] = {
	{ "file", VALUE_PATH, AT(Floppy, file), NULL, NULL, "dos622.img",
		"-drive if=floppy,file=; required" },
	{ "readonly", VALUE_BOOLEAN, AT(Floppy, readonly), NULL, "off", "on", "-drive readonly=" },
	END,
};

static const SchemaKey share_keys[] = {
	{ "path", VALUE_PATH, AT(Share, path), NULL, NULL, "~/src", "the directory; required" },
	{ "type", VALUE_WORD, AT(Share, type), "9p virtiofs", "9p", "virtiofs",
		"-device virtio-9p or vhost-user-fs, with virtiofsd started for it" },
	{ "tag", VALUE_DEVICE, AT(Share, tag), NULL, NULL, "src",
		"mount_tag=; what the guest mounts; the id when absent" },
	{ "readonly", VALUE_BOOLEAN, AT(Share, readonly), NULL, "off", "on",
		"9p: -fsdev readonly=" },
	{ "security-model", VALUE_WORD, AT(Share, security_model),
		"mapped-xattr mapped-file passthrough none", "mapped-xattr", "none",
		"9p: -fsdev security_model=" },
	END,
};

static const SchemaKey nic_keys[] = {
	{ "type", VALUE_WORD, AT(Nic, type),
		"tap bridge macvtap user passt stream dgram socket none", NULL, "tap",
		"by br, parent, ifname or address when absent; user without any of them" },
	{ "model", VALUE_DEVICE, AT(Nic, model), NULL, NULL, "virtio-net-pci",
		"-device; the NIC the guest sees; e1000, or virtio-net-pci for passt, when absent" },
	{ "mac", VALUE_MAC, AT(Nic, mac), NULL, NULL, "52:54:00:0a:0b:0c",
		"-device mac=; made from VM name and NIC id when absent" },
	{ "ifname", VALUE_IFNAME, AT(Nic, ifname), NULL, NULL, "tap0",
		"tap and its like: the name on the host; made from the VM name when absent" },
	{ "address", VALUE_ADDRESSES, AT(Nic, addresses), NULL, NULL,
		"192.168.50.1/24, fd00:5a17::1/64",
		"tap: the host's addresses on it, IPv4 or IPv6, with prefix length" },
	{ "peer", VALUE_HOSTS, AT(Nic, peers), NULL, NULL, "192.168.50.2",
		"tap: the other end of a /32 or /128 address; guest-address when absent" },
	{ "route", VALUE_ROUTES, AT(Nic, routes), NULL, NULL,
		"198.51.100.0/24, fd00:5a18::/64 via fd00:5a17::2",
		"tap: networks behind the guest; via guest-address or peer when not said" },
	{ "nat", VALUE_UPLINK, AT(Nic, nat), NULL, "off", "eth0",
		"tap: the guest reaches what the host does: on, or through one interface only" },
	{ "br", VALUE_IFNAME, AT(Nic, br), NULL, NULL, "br0",
		"bridge: which one the tap is a port of; required" },
	{ "parent", VALUE_IFNAME, AT(Nic, parent), NULL, NULL, "eth0",
		"macvtap: the interface of the host whose network the guest is on; required" },
	{ "mode", VALUE_WORD, AT(Nic, mode), "bridge vepa private passthru", "bridge", "private",
		"macvtap: what it and others on the same parent are to each other" },
	{ "mtu", VALUE_NUMBER, AT(Nic, mtu), "68-65521", NULL, "9000",
		"bytes in a packet on the host's side; 1500, or the parent's, when absent" },
	{ "persist", VALUE_BOOLEAN, AT(Nic, persist), NULL, "off", "on",
		"tap, bridge: a new tap stays when the VM ends, with all that it has" },
	{ "managed", VALUE_BOOLEAN, AT(Nic, managed), NULL, "on", "off",
		"tap: off: it must be there, and nothing about it is compared or changed" },
	{ "queues", VALUE_NUMBER, AT(Nic, queues), "1-8", "1", "4",
		"tap, bridge: -netdev queues=, -device mq=; virtio-net only" },
	{ "vhost", VALUE_BOOLEAN, AT(Nic, vhost), NULL, "off", "on",
		"tap, bridge: -netdev vhost=; the kernel moves the packets; virtio-net only" },
	{ "guest-address", VALUE_HOSTS, AT(Nic, guest_addresses), NULL, NULL,
		"192.168.50.2, fd00:5a17::2",
		"tap: the guest's own addresses, one IPv4 and one IPv6 at most" },
	{ "guest-setup", VALUE_WORD, AT(Nic, guest_setup), "kernel cloud-init systemd none", NULL,
		"systemd",
		"how the guest learns it; cloud-init with [cloud-init], kernel with [boot] kernel, when absent" },
	{ "dhcp", VALUE_BOOLEAN, AT(Nic, dhcp), NULL, "off", "on",
		"tap: a dnsmasq tells the guest its guest-address, and a router only with nat" },
	{ "hostfwd", VALUE_HOSTFWDS, AT(Nic, hostfwd), NULL, NULL, "tcp:127.0.0.1:2222-:22",
		"user, passt: -netdev user,hostfwd=; ports of the host that reach the guest" },
	{ "listen", VALUE_ENDPOINT, AT(Nic, listen), NULL, NULL, "127.0.0.1:5000",
		"stream, socket: where the other VM connects; dgram: where it sends to" },
	{ "connect", VALUE_ENDPOINT, AT(Nic, connect), NULL, NULL, "127.0.0.1:5000",
		"stream, socket: where the other VM listens; dgram: its listen, or a group" },
	{ "link", VALUE_BOOLEAN, AT(Nic, link), NULL, "on", "off",
		"off: set_link; the guest sees no cable until a monitor says so" },
	{ "bootindex", VALUE_NUMBER, AT(Nic, bootindex), "0-9999", NULL, "1",
		"-device bootindex=; the lowest boots first" },
	{ "romfile", VALUE_PATH, AT(Nic, romfile), NULL, NULL, "ipxe.rom",
		"-device romfile=; in place of QEMU's own boot ROM" },
	{ "options", VALUE_OPTION, AT(Nic, options), NULL, NULL, "rombar=0",
		"more of -device, as QEMU writes it" },
	END,
};

static const SchemaKey cloud_init_keys[] = {
	{ "hostname", VALUE_HOSTNAME, AT(CloudInit, hostname), NULL, NULL, "myvm",
		"meta-data local-hostname; made from the VM's name when absent" },
	{ "user", VALUE_USER, AT(CloudInit, user), NULL, NULL, "ada",
		"user-data user; the distribution's own, like debian, when absent" },
	{ "ssh-keys", VALUE_PATHS, AT(CloudInit, ssh_keys), NULL, NULL,
		"~/.ssh/id_ed25519.pub, work.pub",
		"user-data ssh_authorized_keys; files with public keys that let the user in" },
	{ "user-data", VALUE_PATH, AT(CloudInit, user_data), NULL, NULL, "user-data.yaml",
		"a file that is all of user-data" },
	END,
};

static const SchemaKey display_keys[] = {
	{ "type", VALUE_WORD, AT(Display, type),
		"gtk sdl spice-app vnc spice curses egl-headless dbus none", NULL, "none",
		"-display; gtk in a desktop session, else none, when absent" },
	{ "gl", VALUE_BOOLEAN, AT(Display, gl), NULL, "off", "on",
		"-display gl=; 3D for the guest, with video model virtio" },
	{ "full-screen", VALUE_BOOLEAN, AT(Display, full_screen), NULL, "off", "on",
		"-display full-screen=; gtk and sdl" },
	{ "listen", VALUE_ENDPOINT, AT(Display, listen), NULL, NULL, "127.0.0.1:5901",
		"vnc, spice: socket or address with port; ${run_dir}/TYPE.sock when absent" },
	{ "options", VALUE_OPTION, AT(Display, options), NULL, NULL, "zoom-to-fit=on",
		"more of -display, -vnc or -spice, as QEMU writes it" },
	END,
};

static const SchemaKey video_keys[] = {
	{ "model", VALUE_WORD, AT(Video, model), "std virtio qxl cirrus vmware bochs ramfb none",
		NULL, "virtio",
		"-device; std on x86, virtio on others with a display, when absent" },
	{ "resolution", VALUE_RESOLUTION, AT(Video, resolution), NULL, NULL, "1920x1080",
		"-device xres=,yres=; what the guest is told to prefer" },
	{ "heads", VALUE_NUMBER, AT(Video, heads), "1-16", NULL, "2",
		"-device max_outputs=; how many monitors; virtio and qxl" },
	END,
};

static const SchemaKey audio_keys[] = {
	{ "type", VALUE_WORD, AT(Audio, type), "pa pipewire alsa jack sdl spice dbus none", NULL,
		"pipewire",
		"-audiodev; that of the display or pa when absent, none without a screen" },
	{ "model", VALUE_WORD, AT(Audio, model), "hda ac97 es1370 sb16 usb", "hda", "ac97",
		"-device; the sound card the guest sees" },
	END,
};

static const SchemaKey usb_keys[] = {
	{ "controller", VALUE_WORD, AT(Usb, controller),
		"qemu-xhci nec-usb-xhci usb-ehci piix3-usb-uhci", "qemu-xhci", "piix3-usb-uhci",
		"-device; made when something needs it" },
	{ "tablet", VALUE_BOOLEAN, AT(Usb, tablet), NULL, NULL, "off",
		"-device usb-tablet; the pointer needs no grab; on with a display when absent" },
	{ "keyboard", VALUE_BOOLEAN, AT(Usb, keyboard), NULL, NULL, "on",
		"-device usb-kbd; on with a display on others than x86 when absent" },
	{ "host", VALUE_USB_HOSTS, AT(Usb, host), NULL, NULL, "046d:c52b, 1-2.3",
		"-device usb-host; devices of the host: vendor:product, or bus-port" },
	{ "redirect", VALUE_NUMBER, AT(Usb, redirect), "0-8", "0", "2",
		"-device usb-redir; how many devices a spice client can bring" },
	END,
};

static const SchemaKey serial_keys[] = {
	{ "type", VALUE_WORD, AT(Serial, type), "stdio mon:stdio pty unix tcp telnet file null",
		"stdio", "mon:stdio",
		"-chardev; mon:stdio shares the terminal with QEMU's monitor" },
	{ "path", VALUE_PATH, AT(Serial, path), NULL, NULL, "serial.log",
		"-chardev path=; of file, and of unix: ${run_dir}/serial-ID.sock when absent" },
	{ "listen", VALUE_ENDPOINT, AT(Serial, listen), NULL, NULL, "127.0.0.1:4321",
		"-chardev host=,port=; of tcp and telnet" },
	{ "model", VALUE_WORD, AT(Serial, model), "serial virtio", "serial", "virtio",
		"-serial (ttyS0, ttyAMA0), or -device virtconsole (hvc0)" },
	END,
};

static const SchemaKey guest_keys[] = {
	{ "agent", VALUE_BOOLEAN, AT(Guest, agent), NULL, "off", "on",
		"channel of qemu-ga; its socket is ${run_dir}/agent.sock" },
	{ "clipboard", VALUE_BOOLEAN, AT(Guest, clipboard), NULL, "off", "on",
		"channel of spice-vdagent: one clipboard for guest and display" },
	{ "balloon", VALUE_BOOLEAN, AT(Guest, balloon), NULL, "off", "on",
		"-device virtio-balloon; memory the guest does not use goes back" },
	{ "rng", VALUE_BOOLEAN, AT(Guest, rng), NULL, "off", "on",
		"-device virtio-rng; randomness from the host" },
	{ "ssh-user", VALUE_USER, AT(Guest, ssh_user), NULL, NULL, "ada",
		"whom --ssh logs in as; what ssh's own configuration says when absent" },
	{ "ssh-port", VALUE_NUMBER, AT(Guest, ssh_port), "1-65535", NULL, "2222",
		"the guest's port for --ssh; 22, or what ssh's configuration says, when absent" },
	END,
};

static const SchemaKey tpm_keys[] = {
	{ "type", VALUE_WORD, AT(Tpm, type), "emulator passthrough none", NULL, "emulator",
		"-tpmdev; emulator (swtpm, started for it) in [tpm], none without, when absent" },
	{ "model", VALUE_WORD, AT(Tpm, model), "tpm-crb tpm-tis tpm-tis-device tpm-spapr", NULL,
		"tpm-tis", "-device; on x86 tpm-crb, or tpm-tis for passthrough, when absent" },
	{ "version", VALUE_WORD, AT(Tpm, version), "2.0 1.2", "2.0", "1.2",
		"emulator: which TPM it is" },
	{ "state", VALUE_PATH, AT(Tpm, state), NULL, NULL, "~/vms/myvm.tpm",
		"emulator: the directory of what it remembers; ${state_dir}/tpm when absent" },
	{ "path", VALUE_PATH, AT(Tpm, path), NULL, NULL, "/dev/tpm0",
		"passthrough: -tpmdev path=; required" },
	END,
};

static const SchemaKey vfio_keys[] = {
	{ "host", VALUE_PCI, AT(Vfio, host), NULL, NULL, "0000:01:00.0",
		"-device vfio-pci,host=; the device's address on the host; required" },
	{ "romfile", VALUE_PATH, AT(Vfio, romfile), NULL, NULL, "vbios.rom",
		"-device romfile=; in place of the device's own ROM" },
	END,
};

static const SchemaKey monitor_keys[] = {
	{ "qmp", VALUE_ENDPOINT, AT(Monitor, qmp), NULL, NULL, "${run_dir}/qmp.sock",
		"-mon mode=control; socket or address with port of the monitor for programs" },
	{ "hmp", VALUE_ENDPOINT, AT(Monitor, hmp), NULL, NULL, "${run_dir}/monitor.sock",
		"-mon; of the monitor for people" },
	{ "gdb", VALUE_ENDPOINT, AT(Monitor, gdb), NULL, NULL, ":1234",
		"-gdb; of the debugger's stub" },
	{ "paused", VALUE_BOOLEAN, AT(Monitor, paused), NULL, "off", "on",
		"-S; the guest waits until a monitor or debugger says go" },
	END,
};

static const SchemaKey desktop_keys[] = {
	{ "title", VALUE_TEXT, AT(Desktop, title), NULL, NULL, "Windows 11",
		"how the menu calls it; the VM's name when absent" },
	{ "icon", VALUE_ICON, AT(Desktop, icon), NULL, "computer", "~/vms/myvm.png",
		"the name of an icon of the theme, or an image file" },
	END,
};

static const SchemaKey qemu_keys[] = {
	{ "binary", VALUE_PATH, AT(Qemu, binary), NULL, NULL, "~/src/qemu/build/qemu-system-x86_64",
		"the QEMU to run; qemu-system-ARCH in $PATH when absent" },
	{ "args", VALUE_ARGS, AT(Qemu, args), NULL, NULL, "-device edu -d guest_errors",
		"more arguments for QEMU, split as a shell would" },
	END,
};

/* name, several, its struct, where, help, keys */
#define ONE(Type, member) FALSE, sizeof(Profile##Type), offsetof(Profile, member)
#define MANY(Type, member) TRUE, sizeof(Profile##Type), offsetof(Profile, member)

const SchemaSection schema[] = {
	{ "vm", ONE(Vm, vm), "the VM as a whole", vm_keys },
	{ "machine", ONE(Machine, machine), "the computer QEMU makes", machine_keys },
	{ "numa", MANY(Numa, numas), "a NUMA node of it", numa_keys },
	{ "firmware", ONE(Firmware, firmware), "what the machine starts with", firmware_keys },
	{ "boot", ONE(Boot, boot), "what is booted", boot_keys },
	{ "disk", MANY(Disk, disks), "a disk image", disk_keys },
	{ "cdrom", MANY(Cdrom, cdroms), "a CD or DVD drive", cdrom_keys },
	{ "floppy", MANY(Floppy, floppies), "a floppy drive", floppy_keys },
	{ "share", MANY(Share, shares), "a directory of the host for the guest", share_keys },
	{ "nic", MANY(Nic, nics), "a network card", nic_keys },
	{ "cloud-init", ONE(CloudInit, cloud_init), "what a cloud image learns at its first start",
		cloud_init_keys },
	{ "display", ONE(Display, display), "the guest's screen", display_keys },
	{ "video", ONE(Video, video), "the graphics card", video_keys },
	{ "audio", ONE(Audio, audio), "the sound card", audio_keys },
	{ "usb", ONE(Usb, usb), "USB devices", usb_keys },
	{ "serial", MANY(Serial, serials), "a serial port", serial_keys },
	{ "guest", ONE(Guest, guest), "services for the guest's system", guest_keys },
	{ "tpm", ONE(Tpm, tpm), "a Trusted Platform Module", tpm_keys },
	{ "vfio", MANY(Vfio, vfios), "a PCI device of the host for the guest", vfio_keys },
	{ "hooks", ONE(Hooks, hooks), "programs of yours that run with the VM", hooks_keys },
	{ "monitor", ONE(Monitor, monitor), "ways to watch and steer QEMU", monitor_keys },
	{ "desktop", ONE(Desktop, desktop), "what --install-desktop makes of it", desktop_keys },
	{ "qemu", ONE(Qemu, qemu), "what this file has no word for", qemu_keys },
	{ .name = NULL },
};
/* clang-format on */

const SchemaSection *schema_find_section(const char *name)
{
	for (const SchemaSection *section = schema; section->name; section++)
		if (g_str_equal(section->name, name))
			return section;
	return NULL;
}

const SchemaKey *schema_find_key(const SchemaSection *section, const char *key)
{
	for (const SchemaKey *known = section->keys; known->key; known++)
		if (g_str_equal(known->key, key))
			return known;
	return NULL;
}

char *schema_suggest_section(const char *name)
{
	Suggestion suggestion = suggest_begin(name);

	for (const SchemaSection *section = schema; section->name; section++)
		suggest_consider(&suggestion, section->name);
	return suggest_end(&suggestion);
}

/* A word that is near is likelier than one that is right elsewhere. */
char *schema_suggest_key(const SchemaSection *section, const char *key)
{
	Suggestion suggestion = suggest_begin(key);

	for (const SchemaSection *home = schema; home->name; home++)
		if (schema_find_key(home, key))
			return g_strdup_printf(
				"; it belongs in [%s%s]", home->name, home->many ? " \"id\"" : "");
	for (const SchemaKey *known = section->keys; known->key; known++)
		suggest_consider(&suggestion, known->key);
	return suggest_end(&suggestion);
}
