/* SPDX-License-Identifier: MIT */
/*
 * wrong-values: for every key what somebody may get wrong in it, alone or together with others, and
 * what they are told, to the letter. A test is named after its row's line in this file.
 */
#include "profiles/profile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "profiles/schema.h"
#include "tests/unit/lines.h"
#include "tests/unit/scratch.h"

typedef struct {
	guint line;
	const char *arch; /* NULL: as the profile says */
	const char *profile;
	const char *told; /* @DIR@ stands for where the profile is */
} Row;

#define WRONG_ON(arch, profile, told)          \
	{                                      \
		__LINE__, arch, profile, told, \
	}
#define WRONG(profile, told) WRONG_ON("x86_64", profile, told)

#define A25 "aaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG "/run/" A25 A25 A25 A25 ".sock" /* 110 bytes */

#define GUEST "[nic]\naddress = 192.168.50.1/24\nguest-address = 192.168.50.2\n"
#define NO_SMBIOS                                                                              \
	"vm.ini:4: [nic] guest-setup: systemd needs a machine with SMBIOS tables: q35 or pc, " \
	"or virt with UEFI"

static const Row rows[] = {
	/* vm */
	WRONG("[vm]\nname = a/b\n",
		"vm.ini:2: [vm] name: 'a/b' is not a VM name: at most 64 bytes, no '/', no '-' "
		"or '.' in front, no blank at an end"),
	WRONG("[vm]\ninclude = none.ini\n",
		"vm.ini:2: [vm] include: @DIR@/none.ini: No such file or directory"),
	WRONG("[vm]\ninclude = ~bob/base.ini, ${UNSET}.ini\n",
		"vm.ini:2: [vm] include: '~bob/base.ini': only ~/ is known, for your own home "
		"directory\nvm.ini:2: [vm] include: the variable UNSET is not set"),
	WRONG("[vm]\ninclude = vm.ini\n",
		"vm.ini:2: [vm] include: goes round in a circle: vm.ini -> vm.ini"),
	WRONG_ON(NULL, "[vm]\narch = x86/64\n",
		"vm.ini:2: [vm] arch: 'x86/64' is not a name of letters, digits, '-', '_' and "
		"'.' that begins with a letter or digit"),
	WRONG("[vm]\nuuid = 7d444840\n", "vm.ini:2: [vm] uuid: '7d444840' is not a UUID, like "
					 "7d444840-9dc0-11d1-b245-5ffdce74fad2"),
	WRONG("[vm]\non-terminate = kill\n",
		"vm.ini:2: [vm] on-terminate: 'kill' is not one of: quit, powerdown"),
	WRONG("[vm]\non-terminate = powerdown\n[qemu]\nargs = -S -daemonize\n",
		"vm.ini:2: [vm] on-terminate: does not go together with -daemonize in [qemu] args"),
	WRONG("[vm]\npowerdown-timeout = 0\non-terminate = powerdown\n",
		"vm.ini:2: [vm] powerdown-timeout: '0' is not a number from 1 to 86400"),
	WRONG("[vm]\npowerdown-timeout = 10\n",
		"vm.ini:2: [vm] powerdown-timeout: goes with on-terminate = powerdown"),
	WRONG("[vm]\nname = \n", "vm.ini:2: [vm] name: has no value"),
	WRONG("[vm \"a\"]\n", "vm.ini:1: [vm \"a\"]: this section has no id; write [vm]"),
	WRONG("[vm]\nmemory = 2G\n", "vm.ini:2: [vm] memory: no such key; it belongs in [machine]"),
	WRONG("[vm]\nnmae = x\n", "vm.ini:2: [vm] nmae: no such key; did you mean 'name'?"),
	WRONG("[vmm]\n", "vm.ini:1: [vmm]: no such section; did you mean 'vm'?"),

	/* machine */
	WRONG("[machine]\ntype = q35,accel=kvm\n",
		"vm.ini:2: [machine] type: the accelerator has a key of its own, accel"),
	WRONG("[machine]\ntype = \"\"\n", "vm.ini:2: [machine] type: has no value"),
	WRONG("[machine]\naccel = kvm,tcg\n",
		"vm.ini:2: [machine] accel: 'kvm,tcg' is not an accelerator, or several, like "
		"kvm:tcg"),
	WRONG("[machine]\ncpu =\n", "vm.ini:2: [machine] cpu: has no value"),
	WRONG("[machine]\nsmp = 4,cpu=2\n",
		"vm.ini:2: [machine] smp: '4,cpu=2' is not a number of CPUs, like 4 or "
		"4,cores=2,threads=2"),
	WRONG("[machine]\nmemory = 2GB\n",
		"vm.ini:2: [machine] memory: '2GB' is not a size, like 512M or 4G"),
	WRONG("[machine]\nmemory = 0\n",
		"vm.ini:2: [machine] memory: '0' is not a size, like 512M or 4G"),
	WRONG("[machine]\nmemory = 17T\n", "vm.ini:2: [machine] memory: '17T' is more than 16T"),
	WRONG("[machine]\nmemory-file = ${UNSET}/pages\n",
		"vm.ini:2: [machine] memory-file: the variable UNSET is not set"),
	WRONG("[machine]\nmemory-shared = yep\n",
		"vm.ini:2: [machine] memory-shared: 'yep' is neither on nor off"),
	WRONG("[machine]\nmemory-prealloc = full\n",
		"vm.ini:2: [machine] memory-prealloc: 'full' is neither on nor off"),
	WRONG("[machine]\nmemory-lock = 2\n",
		"vm.ini:2: [machine] memory-lock: '2' is neither on nor off"),
	WRONG("[machine]\nhugepages = 2M\n",
		"vm.ini:2: [machine] hugepages: '2M' is neither on nor off"),
	WRONG("[machine]\nhugepages = on\nmemory-file = /dev/hugepages\n",
		"vm.ini:2: [machine] hugepages: clashes with memory-file in line 3; memory-file = "
		"/dev/hugepages has them, too"),
	WRONG("[machine]\nrtc = UTC\n",
		"vm.ini:2: [machine] rtc: 'UTC' is not utc, localtime or a time like "
		"2024-02-29T13:00:00"),
	WRONG("[machine]\nrtc = 2023-02-29\n",
		"vm.ini:2: [machine] rtc: '2023-02-29' is not utc, localtime or a time like "
		"2024-02-29T13:00:00"),
	WRONG("[machine]\nreboot = never\n",
		"vm.ini:2: [machine] reboot: 'never' is neither on nor off"),

	/* numa */
	WRONG("[numa]\n", "vm.ini:1: [numa]: needs cpus = RANGES, like 0-3\n"
			  "vm.ini:1: [numa]: needs memory = SIZE, like 1G"),
	WRONG("[numa \"a\"]\ncpus = 0-1\n", "vm.ini:1: [numa \"a\"]: needs memory = SIZE, like 1G"),
	WRONG("[numa \"a\"]\nmemory = 1G\n",
		"vm.ini:1: [numa \"a\"]: needs cpus = RANGES, like 0-3"),
	WRONG("[numa \"a\"]\ncpus = 3-0\nmemory = 1G\n",
		"vm.ini:2: [numa \"a\"] cpus: '3-0' is not a range of CPUs, like 0-3 or 8"),
	WRONG("[numa \"a\"]\ncpus = 0\nmemory = lots\n",
		"vm.ini:3: [numa \"a\"] memory: 'lots' is not a size, like 512M or 4G"),
	WRONG("[machine]\nmemory = 3G\n[numa \"a\"]\ncpus = 0\nmemory = 1G\n[numa \"b\"]\n"
	      "cpus = 1\nmemory = 1G\n",
		"vm.ini:2: [machine] memory: is 3072M, but the [numa] nodes have 2048M "
		"together; leave it out"),
	WRONG("[machine]\nmemory-file = /mem\n[numa]\ncpus = 0-1\nmemory = 1G\n",
		"vm.ini:2: [machine] memory-file: cannot hold [numa] nodes; leave one of them out"),

	/* firmware */
	WRONG("[firmware]\ntype = efi\n",
		"vm.ini:2: [firmware] type: 'efi' is not one of: bios, uefi, uefi-secure; did "
		"you mean 'uefi'?"),
	WRONG("[firmware]\ntype = UEFI\n",
		"vm.ini:2: [firmware] type: 'UEFI' is not one of: bios, uefi, uefi-secure; did "
		"you mean 'uefi'?"),
	WRONG("[firmware]\ncode = ~root/code.fd\n",
		"vm.ini:2: [firmware] code: '~root/code.fd': only ~/ is known, for your own "
		"home directory"),
	WRONG("[firmware]\nvars = vars.fd\nnvram = nvram.fd\n",
		"vm.ini:2: [firmware] vars: only UEFI has it: add type = uefi\n"
		"vm.ini:3: [firmware] nvram: only UEFI has it: add type = uefi"),
	WRONG("[firmware]\ntype = bios\nnvram = nvram.fd\n",
		"vm.ini:3: [firmware] nvram: only UEFI has it: add type = uefi"),
	WRONG("[firmware]\ntype = uefi\nvars = vars.fd\n",
		"vm.ini:3: [firmware] vars: goes with code, which is not given"),
	WRONG("[firmware]\ntype = uefi\ncode = code.fd\nnvram = nvram.fd\n",
		"vm.ini:4: [firmware] nvram: needs vars = PATH, which a new one is copied from"),
	WRONG("[machine]\ntype = pc\n[firmware]\ntype = uefi-secure\n",
		"vm.ini:4: [firmware] type: uefi-secure needs [machine] type = q35"),
	WRONG_ON("aarch64", "[boot]\nkernel = Image\n[firmware]\nnvram = nvram.fd\n",
		"vm.ini:4: [firmware] nvram: only UEFI has it: add type = uefi"),

	/* boot */
	WRONG("[boot]\nkernel = ${UNSET}\n",
		"vm.ini:2: [boot] kernel: the variable UNSET is not set"),
	WRONG("[boot]\ninitrd = i.img\nappend = quiet\n",
		"vm.ini:2: [boot] initrd: goes with kernel, which is not given\n"
		"vm.ini:3: [boot] append: goes with kernel, which is not given"),
	WRONG("[boot]\ninitrd = ~root/i\nkernel = k\n",
		"vm.ini:2: [boot] initrd: '~root/i': only ~/ is known, for your own home "
		"directory"),
	WRONG("[boot]\nappend = \"\"\nkernel = k\n", "vm.ini:2: [boot] append: has no value"),
	WRONG("[boot]\ndtb = ${}\n", "vm.ini:2: [boot] dtb: '${}' has a ${} without a name"),
	WRONG("[boot]\norder = cdrom\n",
		"vm.ini:2: [boot] order: 'cdrom' is not an order of drives: c disk, d cdrom, n "
		"network, like dc"),
	WRONG("[boot]\nonce = dd\n",
		"vm.ini:2: [boot] once: 'dd' is not an order of drives: c disk, d cdrom, n "
		"network, like dc"),
	WRONG("[boot]\nmenu = 5s\n", "vm.ini:2: [boot] menu: '5s' is neither on nor off"),

	/* disk */
	WRONG("[disk]\n", "vm.ini:1: [disk]: needs file = PATH of the disk image"),
	WRONG("[disk \"a\"]\nfile = ${UNSET\n",
		"vm.ini:2: [disk \"a\"] file: '${UNSET' has no '}' after its '${'"),
	WRONG("[disk \"a\"]\nfile = a.bin\n",
		"vm.ini:2: [disk \"a\"] file: its suffix names no image format; add format = "
		"raw, qcow2, ..."),
	WRONG("[disk \"a\"]\nfile = a.qcow\nformat = qcow\n",
		"vm.ini:3: [disk \"a\"] format: 'qcow' is not one of: raw, qcow2, qed, vdi, "
		"vhdx, vmdk, vpc; did you mean 'qcow2'?"),
	WRONG("[disk \"a\"]\nfile = a.img\nsize = 40\n",
		"vm.ini:3: [disk \"a\"] size: '40' is not a size with its unit, like 512M or 40G"),
	WRONG("[disk \"a\"]\nfile = a.img\nsize = 40GiB\n",
		"vm.ini:3: [disk \"a\"] size: '40GiB' is not a size with its unit, like 512M "
		"or 40G"),
	WRONG("[disk \"a\"]\nfile = a.img\nbacking = b.img\n",
		"vm.ini:3: [disk \"a\"] backing: only a qcow2 image can be a layer, not a raw one"),
	WRONG("[disk \"a\"]\nfile = a.qcow2\nbacking = b.bin\n",
		"vm.ini:3: [disk \"a\"] backing: its suffix names no image format; add "
		"backing-format = raw, qcow2, ..."),
	WRONG("[disk \"a\"]\nfile = a.qcow2\nbacking = ~x/b\n",
		"vm.ini:3: [disk \"a\"] backing: '~x/b': only ~/ is known, for your own home "
		"directory"),
	WRONG("[disk \"a\"]\nfile = a.img\nbacking-format = raw\n",
		"vm.ini:3: [disk \"a\"] backing-format: goes with backing, which is not given"),
	WRONG("[disk \"a\"]\nfile = a.qcow2\nbacking = b.img\nbacking-format = img\n",
		"vm.ini:4: [disk \"a\"] backing-format: 'img' is not one of: raw, qcow2, qed, "
		"vdi, vhdx, vmdk, vpc"),
	WRONG("[disk \"a\"]\nfile = a.img\nif = sata\n",
		"vm.ini:3: [disk \"a\"] if: 'sata' is not one of: virtio, ide, scsi, nvme, usb"),
	WRONG("[disk \"a\"]\nfile = a.img\nif = virtio-blk\n",
		"vm.ini:3: [disk \"a\"] if: 'virtio-blk' is not one of: virtio, ide, scsi, "
		"nvme, usb; did you mean 'virtio'?"),
	WRONG("[disk \"a\"]\nfile = a.img\nreadonly = ro\n",
		"vm.ini:3: [disk \"a\"] readonly: 'ro' is neither on nor off"),
	WRONG("[disk \"a\"]\nfile = a.img\nif = ide\nreadonly = on\n",
		"vm.ini:4: [disk \"a\"] readonly: an IDE disk cannot be read-only; take if = "
		"virtio or scsi"),
	WRONG("[disk \"a\"]\nfile = a.img\nsize = 1G\nreadonly = on\n",
		"vm.ini:3: [disk \"a\"] size: an image that may have to be created cannot be "
		"read-only"),
	WRONG("[disk \"a\"]\nfile = a.qcow2\nbacking = b.img\nreadonly = on\n",
		"vm.ini:3: [disk \"a\"] backing: an image that may have to be created cannot "
		"be read-only"),
	WRONG("[disk \"a\"]\nfile = a.img\nsnapshot = now\n",
		"vm.ini:3: [disk \"a\"] snapshot: 'now' is neither on nor off"),
	WRONG("[disk \"a\"]\nfile = a.img\ncache = off\n",
		"vm.ini:3: [disk \"a\"] cache: 'off' is not one of: writeback, none, "
		"writethrough, directsync, unsafe"),
	WRONG("[disk \"a\"]\nfile = a.img\naio = uring\n",
		"vm.ini:3: [disk \"a\"] aio: 'uring' is not one of: threads, native, io_uring"),
	WRONG("[disk \"a\"]\nfile = a.img\naio = native\n",
		"vm.ini:3: [disk \"a\"] aio: native needs cache = none or directsync"),
	WRONG("[disk \"a\"]\nfile = a.img\naio = native\ncache = off\n",
		"vm.ini:4: [disk \"a\"] cache: 'off' is not one of: writeback, none, "
		"writethrough, directsync, unsafe"),
	WRONG("[disk \"a\"]\nfile = a.img\naio = native\ncache = writethrough\n",
		"vm.ini:3: [disk \"a\"] aio: native needs cache = none or directsync"),
	WRONG("[disk \"a\"]\nfile = a.img\ndiscard = on\n",
		"vm.ini:3: [disk \"a\"] discard: 'on' is not one of: ignore, unmap"),
	WRONG("[disk \"a\"]\nfile = a.img\nserial = a b\n",
		"vm.ini:3: [disk \"a\"] serial: 'a b' is not a name of letters, digits, '-', "
		"'_' and '.' that begins with a letter or digit"),
	WRONG("[disk \"a\"]\nfile = a.img\nserial = 123456789012345678901\n",
		"vm.ini:3: [disk \"a\"] serial: '123456789012345678901' has more than 20 "
		"characters"),
	WRONG("[disk \"a\"]\nfile = a.img\nbootindex = first\n",
		"vm.ini:3: [disk \"a\"] bootindex: 'first' is not a number from 0 to 9999"),
	WRONG("[disk \"a\"]\nfile = a.img\nbootindex = 10000\n",
		"vm.ini:3: [disk \"a\"] bootindex: '10000' is not a number from 0 to 9999"),
	WRONG("[disk \"a\"]\nfile = a.img\nbootindex = 1\n[disk \"b\"]\nfile = b.img\n"
	      "bootindex = 1\n[cdrom \"c\"]\nbootindex = 1\n",
		"vm.ini:6: [disk \"b\"] bootindex: 1 is taken by another device\n"
		"vm.ini:8: [cdrom \"c\"] bootindex: 1 is taken by another device"),
	WRONG("[disk]\nfile = a.img\nbootindex = 1\n[nic \"a\"]\nbootindex = 1\n[nic \"b\"]\n"
	      "type = none\nbootindex = 1\n",
		"vm.ini:5: [nic \"a\"] bootindex: 1 is taken by another device"),
	WRONG("[disk]\nfile = a.img\n[disk \"b\"]\nfile = b.img\n",
		"vm.ini:1: [disk]: there are several; give each an id: [disk \"ID\"]"),
	WRONG("[disk \"a\"]\nfile = a.img\n[disk \"a\"]\nfile = b.img\n",
		"vm.ini:3: [disk \"a\"] stands here a second time; the first is in line 1\n"
		"vm.ini:4: [disk \"a\"] file: stands a second time; the first is in line 2"),
	WRONG("[disk \"a\"]\nfile = a.img\nfile = b.img\n",
		"vm.ini:3: [disk \"a\"] file: stands a second time; the first is in line 2"),
	WRONG("[disk \"a b\"]\nfile = a.img\n",
		"vm.ini:1: [disk \"a b\"] is not a section header, like [machine] or [nic "
		"\"lan\"]; an id is made of letters, digits, '-', '_' and '.'"),

	/* cdrom */
	WRONG("[cdrom]\nfile = ~me/a.iso\n",
		"vm.ini:2: [cdrom] file: '~me/a.iso': only ~/ is known, for your own home "
		"directory"),
	WRONG("[cdrom]\nif = virtio\n",
		"vm.ini:2: [cdrom] if: 'virtio' is not one of: ide, scsi, usb"),
	WRONG("[cdrom]\nif = sata\n", "vm.ini:2: [cdrom] if: 'sata' is not one of: ide, scsi, usb"),
	WRONG("[cdrom]\nbootindex = -1\n",
		"vm.ini:2: [cdrom] bootindex: '-1' is not a number from 0 to 9999"),
	WRONG("[disk \"a\"]\nfile = a.img\nif = ide\n[disk \"b\"]\nfile = b.img\nif = ide\n"
	      "[disk \"c\"]\nfile = c.img\nif = ide\n[disk \"d\"]\nfile = d.img\nif = ide\n"
	      "[disk \"e\"]\nfile = e.img\nif = ide\n[disk \"f\"]\nfile = f.img\nif = ide\n"
	      "[cdrom]\n",
		"vm.ini:19: [cdrom]: the machine has room for 6 IDE drives, not more"),
	WRONG("[machine]\ntype = pc\n[disk \"a\"]\nfile = a.img\nif = ide\n[disk \"b\"]\n"
	      "file = b.img\nif = ide\n[disk \"c\"]\nfile = c.img\nif = ide\n[disk \"d\"]\n"
	      "file = d.img\nif = ide\n[cdrom]\n",
		"vm.ini:15: [cdrom]: the machine has room for 4 IDE drives, not more"),
	WRONG_ON("aarch64",
		"[disk \"a\"]\nfile = a.img\nif = ide\n[disk \"b\"]\nfile = b.img\nif = ide\n"
		"[disk \"c\"]\nfile = c.img\nif = ide\n[disk \"d\"]\nfile = d.img\nif = ide\n"
		"[disk \"e\"]\nfile = e.img\nif = ide\n[disk \"f\"]\nfile = f.img\nif = ide\n"
		"[cdrom]\nif = ide\n",
		"vm.ini:19: [cdrom]: the machine has room for 6 IDE drives, not more"),

	/* floppy */
	WRONG("[floppy]\n", "vm.ini:1: [floppy]: needs file = PATH of the floppy image"),
	WRONG("[floppy]\nfile = ${UNSET}\n",
		"vm.ini:2: [floppy] file: the variable UNSET is not set"),
	WRONG("[floppy]\nfile = a.img\nreadonly = maybe\n",
		"vm.ini:3: [floppy] readonly: 'maybe' is neither on nor off"),
	WRONG_ON("aarch64", "[floppy]\nfile = a.img\n",
		"vm.ini:1: [floppy]: only x86_64 and i386 have a floppy drive"),
	WRONG("[floppy \"a\"]\nfile = a.img\n[floppy \"b\"]\nfile = b.img\n[floppy \"c\"]\n"
	      "file = c.img\n",
		"vm.ini:5: [floppy \"c\"]: there are two floppy drives, not more"),

	/* share */
	WRONG("[share \"src\"]\n", "vm.ini:1: [share \"src\"]: needs path = PATH of the directory"),
	WRONG("[share \"src\"]\npath = ~me\n",
		"vm.ini:2: [share \"src\"] path: '~me': only ~/ is known, for your own home "
		"directory"),
	WRONG("[share \"src\"]\npath = /src\ntype = 9pfs\n",
		"vm.ini:3: [share \"src\"] type: '9pfs' is not one of: 9p, virtiofs; did you "
		"mean '9p'?"),
	WRONG("[share \"src\"]\npath = /src\ntype = nfs\n",
		"vm.ini:3: [share \"src\"] type: 'nfs' is not one of: 9p, virtiofs"),
	WRONG("[share \"src\"]\npath = /src\ntag = my tag\n",
		"vm.ini:3: [share \"src\"] tag: 'my tag' is not a name of letters, digits, "
		"'-', '_' and '.' that begins with a letter or digit"),
	WRONG("[share \"src\"]\npath = /src\ntag = 12345678901234567890123456789012\n",
		"vm.ini:3: [share \"src\"] tag: '12345678901234567890123456789012' has more "
		"than 31 characters"),
	WRONG("[share \"a\"]\npath = /a\ntag = x\n[share \"b\"]\npath = /b\ntag = x\n",
		"vm.ini:6: [share \"b\"] tag: 'x' is taken by [share \"a\"]"),
	WRONG("[share \"a\"]\npath = /a\n[share \"b\"]\npath = /b\ntag = a\n",
		"vm.ini:5: [share \"b\"] tag: 'a' is taken by [share \"a\"]"),
	WRONG("[share \"src\"]\npath = /src\nreadonly = ro\n",
		"vm.ini:3: [share \"src\"] readonly: 'ro' is neither on nor off"),
	WRONG("[share \"src\"]\npath = /src\ntype = virtiofs\nreadonly = on\n",
		"vm.ini:4: [share \"src\"] readonly: virtiofs is never read-only; take type = 9p"),
	WRONG("[share \"src\"]\npath = /src\nsecurity-model = mapped\n",
		"vm.ini:3: [share \"src\"] security-model: 'mapped' is not one of: "
		"mapped-xattr, mapped-file, passthrough, none"),
	WRONG("[share \"src\"]\npath = /src\ntype = virtiofs\nsecurity-model = none\n",
		"vm.ini:4: [share \"src\"] security-model: only type = 9p has it"),

	/* nic */
	WRONG("[nic]\ntype = bridged\n",
		"vm.ini:2: [nic] type: 'bridged' is not one of: tap, bridge, macvtap, user, passt, "
		"stream, dgram, socket, none; did you mean 'bridge'?"),
	WRONG("[nic]\nmodel = e1000,mac=1\n",
		"vm.ini:2: [nic] model: 'e1000,mac=1' is not a name of letters, digits, '-', "
		"'_' and '.' that begins with a letter or digit"),
	WRONG("[nic]\nmac = 52-54-00-0a-0b-0c\n",
		"vm.ini:2: [nic] mac: '52-54-00-0a-0b-0c' is not a MAC address, like "
		"52:54:00:0a:0b:0c"),
	WRONG("[nic]\nmac = 01:00:5e:00:00:01\n",
		"vm.ini:2: [nic] mac: '01:00:5e:00:00:01' is a multicast MAC address, which no "
		"NIC can have; like 52:54:00:0a:0b:0c"),
	WRONG("[nic]\ntype = user\nifname = tap0\n",
		"vm.ini:3: [nic] ifname: clashes with type in line 2; only a tap has an interface on the host"),
	WRONG("[nic]\naddress = 10.0.0.300/24\n",
		"vm.ini:2: [nic] address: '10.0.0.300/24' is not an address with a prefix "
		"length, like 192.168.50.1/24"),
	WRONG("[nic]\ntype = user\naddress = 10.0.0.1/24\n",
		"vm.ini:3: [nic] address: clashes with type in line 2; only type = tap has an address on the host"),
	WRONG("[nic]\nifname = tap0\nguest-address = 192.168.50.2/24\n",
		"vm.ini:3: [nic] guest-address: '192.168.50.2/24' is not the address of one host, "
		"like 192.168.50.2"),
	WRONG("[nic]\ntype = user\nguest-address = 10.0.2.15\n",
		"vm.ini:3: [nic] guest-address: type = user gives the guest its address; a tap has ifname or address"),
	WRONG("[nic]\naddress = 192.168.50.1/24, 10.0.0.1/8\nguest-address = 192.168.51.2\n",
		"vm.ini:3: [nic] guest-address: 192.168.51.2 is outside 192.168.50.1/24, "
		"10.0.0.1/8 of vm.ini:2: [nic] address"),
	WRONG("[nic]\naddress = 192.168.50.1/24, fd00::1/64\nguest-address = fd00:0:0:1::2\n",
		"vm.ini:3: [nic] guest-address: fd00:0:0:1::2 is outside fd00::1/64 of vm.ini:2: "
		"[nic] address"),
	WRONG("[nic]\nguest-address = 192.168.50.1\naddress = 192.168.50.1/24\n",
		"vm.ini:2: [nic] guest-address: 192.168.50.1 is the host's own address of "
		"vm.ini:3: [nic] address"),
	WRONG("[nic]\naddress = 192.168.50.1/25\nguest-address = 192.168.50.127\n",
		"vm.ini:3: [nic] guest-address: 192.168.50.127 is the broadcast address of "
		"vm.ini:2: [nic] address"),
	WRONG("[nic]\naddress = 192.168.50.129/25\nguest-address = 192.168.50.128\n",
		"vm.ini:3: [nic] guest-address: 192.168.50.128 is the address of the network, not "
		"of a host, of vm.ini:2: [nic] address"),
	WRONG("[nic]\naddress = fd00::1/64\nguest-address = fd00::\n",
		"vm.ini:3: [nic] guest-address: fd00:: is the address of the network, not of a "
		"host, of vm.ini:2: [nic] address"),
	WRONG("[nic \"a\"]\naddress = 192.168.50.1/24\nguest-address = 192.168.50.2\n"
	      "[nic \"b\"]\nifname = tap1\nguest-address = fd00::2, 192.168.50.2\n",
		"vm.ini:6: [nic \"b\"] guest-address: 192.168.50.2 is taken by vm.ini:3: [nic \"a\"] guest-address"),
	WRONG("[nic]\nifname = tap0\nguest-address = 192.168.50.2\nguest-setup = dhcp\n",
		"vm.ini:4: [nic] guest-setup: 'dhcp' is not one of: kernel, cloud-init, systemd, none"),
	WRONG("[nic]\ntype = user\nguest-setup = none\n",
		"vm.ini:3: [nic] guest-setup: only a tap has it"),
	WRONG("[nic]\nifname = tap0\nguest-setup = systemd\n",
		"vm.ini:3: [nic] guest-setup: means nothing without guest-address"),
	WRONG("[nic]\nbr = br0\nguest-address = 192.168.50.2\nguest-setup = systemd\n",
		"vm.ini:4: [nic] guest-setup: the subnet of a bridge is not known here: take none, "
		"and DHCP from there"),
	WRONG(GUEST "guest-setup = cloud-init\n",
		"vm.ini:4: [nic] guest-setup: cloud-init needs a section [cloud-init]"),
	WRONG(GUEST "guest-setup = kernel\n",
		"vm.ini:4: [nic] guest-setup: kernel needs [boot] kernel = FILE"),
	WRONG(GUEST "[boot]\nkernel = bzImage\nappend = quiet ip=dhcp\n",
		"vm.ini:3: [nic] guest-address: vm.ini:6: [boot] append says ip= already; take it "
		"out, or guest-setup = none"),
	WRONG("[nic]\naddress = fd00::1/64\nguest-address = fd00::2\nguest-setup = kernel\n[boot]\nkernel = bzImage\n",
		"vm.ini:3: [nic] guest-address: the kernel's ip= knows no IPv6: take guest-setup = "
		"cloud-init, systemd or none"),
	WRONG("[nic]\naddress = fd00::1/64\nguest-address = 192.168.50.2\n[cloud-init]\n",
		"vm.ini:3: [nic] guest-address: the prefix length of 192.168.50.2 is that of "
		"address, which has no IPv4; add one, or take guest-setup = none"),
	WRONG(GUEST "guest-setup = systemd\n[machine]\ntype = isapc\n", NO_SMBIOS),
	WRONG(GUEST "guest-setup = systemd\n[machine]\ntype = microvm\n", NO_SMBIOS),
	WRONG_ON("aarch64", GUEST "guest-setup = systemd\n[boot]\nkernel = Image\n", NO_SMBIOS),
	WRONG_ON("s390x", GUEST "guest-setup = systemd\n", NO_SMBIOS),
	WRONG("[nic]\nhostfwd = 22\n", "vm.ini:2: [nic] hostfwd: '22' is not a port forward, like "
				       "tcp:127.0.0.1:2222-:22 or 2222:22"),
	WRONG("[nic]\nifname = tap0\nhostfwd = 2222:22\n",
		"vm.ini:3: [nic] hostfwd: clashes with ifname in line 2; only user and passt forward ports: on a tap the guest is reached at its own address"),
	WRONG("[nic]\naddress = 10.0.0.1/32\npeer = 10.0.0.2/24\n",
		"vm.ini:3: [nic] peer: '10.0.0.2/24' is not the address of one host, like "
		"192.168.50.2"),
	WRONG("[nic]\ntype = user\npeer = 10.0.0.2\n",
		"vm.ini:3: [nic] peer: clashes with type in line 2; only type = tap has an address on the host"),
	WRONG("[nic]\naddress = 192.168.50.1/24\nroute = 198.51.100.0\n",
		"vm.ini:3: [nic] route: '198.51.100.0' is not a route, like 198.51.100.0/24 or "
		"198.51.100.0/24 via 192.168.50.2"),
	WRONG("[nic]\naddress = 192.168.50.1/24\nroute = 198.51.100.0/24 over 192.168.50.2\n",
		"vm.ini:3: [nic] route: '198.51.100.0/24 over 192.168.50.2' is not a route, like "
		"198.51.100.0/24 or 198.51.100.0/24 via 192.168.50.2"),
	WRONG("[nic]\naddress = 192.168.50.1/24\nroute = 198.51.100.0/24 via fd00::2\n",
		"vm.ini:3: [nic] route: '198.51.100.0/24 via fd00::2' is not a route, like "
		"198.51.100.0/24 or 198.51.100.0/24 via 192.168.50.2"),
	WRONG("[nic]\naddress = 192.168.50.1/24\nroute = 198.51.100.0/24\n",
		"vm.ini:3: [nic] route: needs guest-address, or NETWORK via ADDRESS: the guest is to "
		"be the next hop"),
	WRONG("[nic]\naddress = 192.168.50.1/24\nnat = eth0/eth1\n",
		"vm.ini:3: [nic] nat: 'eth0/eth1' is neither on nor off nor an interface, like eth0"),
	WRONG("[nic]\ntype = user\nnat = on\n",
		"vm.ini:3: [nic] nat: clashes with type in line 2; only type = tap has NAT of ours"),
	WRONG("[nic]\naddress = 192.168.50.1/24\nguest-address = 192.168.50.2\ndhcp = static\n",
		"vm.ini:4: [nic] dhcp: 'static' is neither on nor off"),
	WRONG("[nic]\ntype = user\ndhcp = on\n",
		"vm.ini:3: [nic] dhcp: clashes with type in line 2; only type = tap has a DHCP server of ours"),
	WRONG("[nic]\nifname = tap0\nbr = br0\ndhcp = on\n",
		"vm.ini:3: [nic] br: clashes with dhcp in line 4; a port of a bridge has neither: "
		"the bridge has"),
	WRONG("[nic]\nifname = tap0\naddress = 10.0.0.1/24\nguest-address = 10.0.0.2\nmanaged = off\n"
	      "dhcp = on\n",
		"vm.ini:6: [nic] dhcp: clashes with managed in line 5; a tap that others manage has a "
		"DHCP server of theirs, or none"),
	WRONG("[nic]\naddress = 192.168.50.1/24\ndhcp = on\n",
		"vm.ini:3: [nic] dhcp: needs guest-address: that is what it gives"),
	WRONG("[nic]\nifname = tap0\nguest-address = 10.0.0.2\ndhcp = on\n",
		"vm.ini:4: [nic] dhcp: needs address: the server's own"),
	WRONG("[nic]\naddress = 192.168.50.1/24\ndhcp = on\nguest-address = 192.168.50.2, fd00::2\n",
		"vm.ini:3: [nic] dhcp: fd00::2 of vm.ini:4: [nic] guest-address is in no subnet of "
		"vm.ini:2: [nic] address"),
	WRONG("[nic]\naddress = 10.0.0.1/32\nguest-address = 10.0.0.2\ndhcp = on\n",
		"vm.ini:4: [nic] dhcp: 10.0.0.2 of vm.ini:3: [nic] guest-address is in no subnet of "
		"vm.ini:2: [nic] address"),
	WRONG("[nic]\naddress = fd00::1/112\nguest-address = fd00::2\ndhcp = on\n",
		"vm.ini:4: [nic] dhcp: fd00::2 of vm.ini:3: [nic] guest-address needs a /64, not the "
		"/112 of vm.ini:2: [nic] address"),
	WRONG("[nic]\ntype = bridge\n", "vm.ini:1: [nic]: needs br = BRIDGE"),
	WRONG("[nic]\nifname = tap0\nbr = br0\naddress = 10.0.0.1/24\n",
		"vm.ini:3: [nic] br: clashes with address in line 4; a port of a bridge has neither: "
		"the bridge has"),
	WRONG("[nic]\ntype = tap\nbr = br0\n",
		"vm.ini:3: [nic] br: clashes with type in line 2; only type = bridge is a port of a bridge"),
	WRONG("[nic]\nifname = tap0\nmtu = 9k\n",
		"vm.ini:3: [nic] mtu: '9k' is not a number from 68 to 65521"),
	WRONG("[nic]\ntype = user\nmtu = 9000\n",
		"vm.ini:3: [nic] mtu: clashes with type in line 2; only a tap has an MTU"),
	WRONG("[nic]\nifname = tap0\npersist = maybe\n",
		"vm.ini:3: [nic] persist: 'maybe' is neither on nor off"),
	WRONG("[nic]\ntype = user\npersist = on\n",
		"vm.ini:3: [nic] persist: clashes with type in line 2; only a tap can stay"),
	WRONG("[nic]\nifname = tap0\nmanaged = 2\n",
		"vm.ini:3: [nic] managed: '2' is neither on nor off"),
	WRONG("[nic]\nbr = br0\nmanaged = off\n",
		"vm.ini:3: [nic] managed: clashes with br in line 2; only type = tap has an interface that others can manage"),
	WRONG("[nic]\nifname = tap0\nmanaged = off\npersist = on\n",
		"vm.ini:4: [nic] persist: clashes with managed in line 3; a tap that others manage is "
		"not ours to keep"),
	WRONG("[nic]\nifname = tap0\nmanaged = off\nmtu = 1400\n",
		"vm.ini:4: [nic] mtu: clashes with managed in line 3; a tap that others manage is used "
		"as it is"),
	WRONG("[nic]\nifname = tap0\nmodel = virtio-net-pci\nqueues = 9\n",
		"vm.ini:4: [nic] queues: '9' is not a number from 1 to 8"),
	WRONG("[nic]\nifname = tap0\nqueues = 2\n",
		"vm.ini:3: [nic] queues: needs model = virtio-net-pci"),
	WRONG("[nic]\nifname = tap0\nmodel = e1000\nqueues = 2\n",
		"vm.ini:4: [nic] queues: clashes with model in line 3; only virtio-net cards can, like "
		"virtio-net-pci"),
	WRONG("[nic]\ntype = user\nmodel = virtio-net-pci\nqueues = 2\n",
		"vm.ini:4: [nic] queues: clashes with type in line 2; only a tap has queues"),
	WRONG("[nic]\nbr = br0\nvhost = 2\n", "vm.ini:3: [nic] vhost: '2' is neither on nor off"),
	WRONG("[nic]\nbr = br0\nvhost = on\n",
		"vm.ini:3: [nic] vhost: needs model = virtio-net-pci"),
	WRONG("[nic]\nbr = br0\nmodel = rtl8139\nvhost = on\n",
		"vm.ini:4: [nic] vhost: clashes with model in line 3; only virtio-net cards can, like "
		"virtio-net-pci"),
	WRONG("[nic]\ntype = user\nvhost = on\n",
		"vm.ini:3: [nic] vhost: clashes with type in line 2; only a tap can be served by the kernel"),
	WRONG("[nic]\ntype = macvtap\n", "vm.ini:1: [nic]: needs parent = INTERFACE"),
	WRONG("[nic]\nparent =\n", "vm.ini:2: [nic] parent: has no value"),
	WRONG("[nic]\nifname = tap0\nparent = eth0\ntype = tap\n",
		"vm.ini:3: [nic] parent: clashes with type in line 4; only type = macvtap is on an interface of the host"),
	WRONG("[nic]\nifname = tap0\nmode = bridge\n",
		"vm.ini:3: [nic] mode: clashes with ifname in line 2; only type = macvtap has modes"),
	WRONG("[nic]\nparent = eth0\nmode = source\n",
		"vm.ini:3: [nic] mode: 'source' is not one of: bridge, vepa, private, passthru"),
	WRONG("[nic]\nparent = eth0\naddress = 10.0.0.1/24\n",
		"vm.ini:3: [nic] address: clashes with parent in line 2; only type = tap has an address on the host"),
	WRONG("[nic]\nparent = eth0\nguest-address = 10.0.0.2\nguest-setup = systemd\n",
		"vm.ini:4: [nic] guest-setup: the subnet of a parent is not known here: take none, and "
		"DHCP from there"),
	WRONG("[nic]\nparent = eth0\npeer = 10.0.0.2\n",
		"vm.ini:3: [nic] peer: clashes with parent in line 2; only type = tap has an address on the host"),
	WRONG("[nic]\nparent = eth0\nroute = 198.51.100.0/24 via 10.0.0.2\n",
		"vm.ini:3: [nic] route: clashes with parent in line 2; only type = tap has routes"),
	WRONG("[nic]\nparent = eth0\npersist = on\n",
		"vm.ini:3: [nic] persist: clashes with parent in line 2; only a tap can stay"),
	WRONG("[nic]\nparent = eth0\nmanaged = off\n",
		"vm.ini:3: [nic] managed: clashes with parent in line 2; only type = tap has an interface that others can manage"),
	WRONG("[nic]\nparent = eth0\nnat = on\n",
		"vm.ini:3: [nic] nat: clashes with parent in line 2; only type = tap has NAT of ours"),
	WRONG("[nic]\nparent = eth0\nbr = br0\ntype = macvtap\n",
		"vm.ini:3: [nic] br: clashes with type in line 4; only type = bridge is a port of a bridge"),
	WRONG("[nic]\nparent = eth0\nqueues = 2\n",
		"vm.ini:3: [nic] queues: needs model = virtio-net-pci"),
	WRONG("[nic \"a\"]\nifname = tap0\n[nic \"b\"]\nifname = tap0\n",
		"vm.ini:4: [nic \"b\"] ifname: tap0 is taken by vm.ini:2: [nic \"a\"] ifname"),
	WRONG("[nic \"a\"]\nmac = 52:54:00:00:00:01\n[nic \"b\"]\nmac = 52:54:00:00:00:01\n",
		"vm.ini:4: [nic \"b\"] mac: 52:54:00:00:00:01 is taken by vm.ini:2: [nic \"a\"] mac"),
	WRONG("[nic]\nifname =\n", "vm.ini:2: [nic] ifname: has no value"),
	WRONG("[nic]\nlisten = 127.0.0.1:5000\n[nic \"b\"]\ntype = tap\nconnect = a.sock\n",
		"vm.ini:1: [nic]: there are several; give each an id: [nic \"ID\"]\nvm.ini:2: [nic] listen: only the types stream, dgram and socket have it\nvm.ini:5: [nic \"b\"] connect: clashes with type in line 4; only the types stream, dgram and socket have it"),
	WRONG("[nic]\ntype = stream\nlisten = here:5000\n",
		"vm.ini:3: [nic] listen: 'here:5000' is neither the path of a socket, like "
		"vm.sock, nor an address with a port, like 127.0.0.1:5901"),
	WRONG("[nic]\ntype = stream\n",
		"vm.ini:1: [nic]: needs listen = ADDRESS:PORT in one VM and connect = "
		"ADDRESS:PORT in the other because its type is stream"),
	WRONG("[nic \"a\"]\ntype = stream\nmodel = e1000\nlisten = :5000\nconnect = :5001\n",
		"vm.ini:5: [nic \"a\"] connect: clashes with listen in line 4; a stream has one "
		"of them"),
	WRONG("[nic]\ntype = socket\nconnect = :5001\nlisten = :5000\n",
		"vm.ini:3: [nic] connect: clashes with listen in line 4; a socket has one of them"),
	WRONG("[nic]\ntype = stream\nconnect = 230.0.0.1:5000\n",
		"vm.ini:3: [nic] connect: '230.0.0.1:5000' is a multicast group; take type = dgram"),
	WRONG("[nic]\ntype = stream\nlisten = " LONG "\n",
		"vm.ini:3: [nic] listen: a socket's path has at most 107 bytes: " LONG),
	WRONG("[nic \"a\"]\ntype = socket\nlisten = /run/a.sock\n[nic \"b\"]\ntype = socket\n"
	      "connect = [::1]:5000\n",
		"vm.ini:3: [nic \"a\"] listen: '/run/a.sock' is a path; type = stream knows them\n"
		"vm.ini:6: [nic \"b\"] connect: '[::1]:5000' is IPv6; only type = stream knows it"),
	WRONG("[nic \"a\"]\ntype = dgram\nlisten = :5000\n[nic \"b\"]\ntype = dgram\nconnect = "
	      ":5001\n",
		"vm.ini:1: [nic \"a\"]: needs connect = ADDRESS:PORT, the other VM's listen, "
		"because its type is dgram\n"
		"vm.ini:4: [nic \"b\"]: needs listen = ADDRESS:PORT, the other VM's connect, "
		"because its type is dgram"),
	WRONG("[nic]\ntype = dgram\nlisten = 230.0.0.1:5000\nconnect = 230.0.0.1:5000\n",
		"vm.ini:3: [nic] listen: '230.0.0.1:5000' is a multicast group; it goes into "
		"connect\n"
		"vm.ini:4: [nic] connect: '230.0.0.1:5000' is listen, too; it is the other VM's"),
	WRONG("[nic]\ntype = dgram\nlisten = [::1]:5000\nconnect = /run/a.sock\n",
		"vm.ini:3: [nic] listen: '[::1]:5000' is IPv6; only type = stream knows it\n"
		"vm.ini:4: [nic] connect: '/run/a.sock' is a path, but listen is an address; both "
		"are one kind"),
	WRONG("[nic]\ntype = passt\nhostfwd = tcp:127.0.0.1:2222-10.0.2.15:22, 5:5, udp::5-:5, "
	      "tcp:192.0.2.1:5-:6\n",
		"vm.ini:3: [nic] hostfwd: 'tcp:127.0.0.1:2222-10.0.2.15:22': passt has one guest, "
		"and no address for it here: tcp:127.0.0.1:2222-:22\n"
		"vm.ini:3: [nic] hostfwd: 'tcp:192.0.2.1:5-:6': passt forwards a port once, and "
		"tcp port 5 stands here twice"),
	WRONG("[nic]\ntype = passt\naddress = 192.0.2.1/24\nlisten = :5000\n",
		"vm.ini:3: [nic] address: clashes with type in line 2; only type = tap has an address on the host\nvm.ini:4: [nic] listen: clashes with type in line 2; only the types stream, dgram and socket have it"),
	WRONG("[nic]\nlink = down\n", "vm.ini:2: [nic] link: 'down' is neither on nor off"),
	WRONG("[nic]\nbootindex = last\n",
		"vm.ini:2: [nic] bootindex: 'last' is not a number from 0 to 9999"),
	WRONG("[nic]\nromfile = ${UNSET}\n",
		"vm.ini:2: [nic] romfile: the variable UNSET is not set"),
	WRONG("[nic]\noptions =\n", "vm.ini:2: [nic] options: has no value"),
	WRONG("[nic]\ntype = stream\nlisten = :5000\nhostfwd = 2222:22\nifname = tap0\n",
		"vm.ini:4: [nic] hostfwd: clashes with type in line 2; only user and passt forward ports: on a tap the guest is reached at its own address\nvm.ini:5: [nic] ifname: clashes with type in line 2; only a tap has an interface on the host"),

	/* cloud-init */
	WRONG("[cloud-init]\nhostname = my_vm\n",
		"vm.ini:2: [cloud-init] hostname: 'my_vm' is not a host name: letters, digits and "
		"'-', at most 64 bytes, like myvm or myvm.example.org"),
	WRONG("[cloud-init]\nuser = 1st\n",
		"vm.ini:2: [cloud-init] user: '1st' is not a login name: letters, digits, '-', '_' "
		"and '.', a letter or '_' in front, at most 32 bytes"),
	WRONG("[cloud-init]\nssh-keys = a.pub,\n",
		"vm.ini:2: [cloud-init] ssh-keys: has nothing before or after a comma"),
	WRONG("[cloud-init]\nuser-data = ${UNSET}/u.yaml\n",
		"vm.ini:2: [cloud-init] user-data: the variable UNSET is not set"),
	WRONG("[cloud-init]\nuser = ada\nuser-data = u.yaml\nssh-keys = a.pub\n",
		"vm.ini:2: [cloud-init] user: user-data is a file that says it all\n"
		"vm.ini:4: [cloud-init] ssh-keys: user-data is a file that says it all"),

	/* display */
	WRONG("[display]\ntype = qt\n",
		"vm.ini:2: [display] type: 'qt' is not one of: gtk, sdl, spice-app, vnc, "
		"spice, curses, egl-headless, dbus, none"),
	WRONG("[display]\ntype = SDL\n",
		"vm.ini:2: [display] type: 'SDL' is not one of: gtk, sdl, spice-app, vnc, "
		"spice, curses, egl-headless, dbus, none; did you mean 'sdl'?"),
	WRONG("[display]\ngl = es\n", "vm.ini:2: [display] gl: 'es' is neither on nor off"),
	WRONG("[display]\ntype = vnc\ngl = on\n",
		"vm.ini:3: [display] gl: only the types gtk, sdl, spice, spice-app, "
		"egl-headless and dbus have it"),
	WRONG("[display]\ntype = none\ngl = on\n",
		"vm.ini:3: [display] gl: only the types gtk, sdl, spice, spice-app, "
		"egl-headless and dbus have it"),
	WRONG("[display]\nfull-screen = big\n",
		"vm.ini:2: [display] full-screen: 'big' is neither on nor off"),
	WRONG("[display]\ntype = vnc\nfull-screen = on\n",
		"vm.ini:3: [display] full-screen: only the types gtk and sdl have it"),
	WRONG("[display]\ntype = vnc\nlisten = 5901\n",
		"vm.ini:3: [display] listen: '5901' is neither the path of a socket, like "
		"vm.sock, nor an address with a port, like 127.0.0.1:5901"),
	WRONG("[display]\ntype = vnc\nlisten = :1\n",
		"vm.ini:3: [display] listen: a port of VNC is 5900 or higher"),
	WRONG("[display]\ntype = gtk\nlisten = :5901\n",
		"vm.ini:3: [display] listen: only the types vnc and spice have it"),
	WRONG("[display]\ntype = spice\ngl = on\nlisten = :5901\n",
		"vm.ini:4: [display] listen: spice with gl needs a socket, not an address"),
	WRONG("[display]\ntype = vnc\n"
	      "listen = " LONG "\n",
		"vm.ini:3: [display] listen: a socket's path has at most 107 bytes: " LONG),
	WRONG("[display]\ntype = none\noptions = zoom-to-fit=on\n",
		"vm.ini:3: [display] options: type = none has no options"),
	WRONG("[display]\noptions =\n", "vm.ini:2: [display] options: has no value"),
	WRONG("[display]\ntype = spcie\n[usb]\nredirect = 1\n[audio]\ntype = spice\n[guest]\n"
	      "clipboard = on\n",
		"vm.ini:2: [display] type: 'spcie' is not one of: gtk, sdl, spice-app, vnc, "
		"spice, curses, egl-headless, dbus, none; did you mean 'spice'?"),

	/* video */
	WRONG("[video]\nmodel = vga\n",
		"vm.ini:2: [video] model: 'vga' is not one of: std, virtio, qxl, cirrus, "
		"vmware, bochs, ramfb, none"),
	WRONG("[video]\nmodel = virtio-gpu\n",
		"vm.ini:2: [video] model: 'virtio-gpu' is not one of: std, virtio, qxl, "
		"cirrus, vmware, bochs, ramfb, none; did you mean 'virtio'?"),
	WRONG("[video]\nresolution = 1080p\n",
		"vm.ini:2: [video] resolution: '1080p' is not a width and a height, like "
		"1920x1080"),
	WRONG("[video]\nmodel = cirrus\nresolution = 800x600\n",
		"vm.ini:3: [video] resolution: only the models std, virtio, qxl and bochs have it"),
	WRONG("[video]\nheads = 17\n",
		"vm.ini:2: [video] heads: '17' is not a number from 1 to 16"),
	WRONG("[video]\nheads = 2\n",
		"vm.ini:2: [video] heads: only the models virtio and qxl have several"),
	WRONG("[video]\nmodel = virtoi\nheads = 2\nresolution = 800x600\n",
		"vm.ini:2: [video] model: 'virtoi' is not one of: std, virtio, qxl, cirrus, "
		"vmware, bochs, ramfb, none; did you mean 'virtio'?"),
	WRONG("[display]\ntype = gtk\ngl = on\n[video]\nmodel = qxl\n",
		"vm.ini:5: [video] model: [display] gl = on needs virtio"),

	/* audio */
	WRONG("[audio]\ntype = pulse\n",
		"vm.ini:2: [audio] type: 'pulse' is not one of: pa, pipewire, alsa, jack, sdl, "
		"spice, dbus, none"),
	WRONG("[audio]\ntype = spice\n",
		"vm.ini:2: [audio] type: only the displays spice and spice-app play it"),
	WRONG("[audio]\ntype = dbus\n", "vm.ini:2: [audio] type: only the display dbus plays it"),
	WRONG("[audio]\nmodel = es1371\n",
		"vm.ini:2: [audio] model: 'es1371' is not one of: hda, ac97, es1370, sb16, "
		"usb; did you mean 'es1370'?"),
	WRONG_ON("aarch64", "[audio]\ntype = alsa\nmodel = sb16\n",
		"vm.ini:3: [audio] model: only x86_64 and i386 have an ISA bus for it"),
	WRONG("[usb]\ncontroller = usb-ehci\n[audio]\ntype = alsa\nmodel = usb\n",
		"vm.ini:5: [audio] model: usb runs at full speed, which usb-ehci cannot; take "
		"another [usb] controller"),

	/* usb */
	WRONG("[usb]\ncontroller = xhci\n",
		"vm.ini:2: [usb] controller: 'xhci' is not one of: qemu-xhci, nec-usb-xhci, "
		"usb-ehci, piix3-usb-uhci"),
	WRONG("[usb]\ntablet = mouse\n", "vm.ini:2: [usb] tablet: 'mouse' is neither on nor off"),
	WRONG("[usb]\nkeyboard = de\n", "vm.ini:2: [usb] keyboard: 'de' is neither on nor off"),
	WRONG("[usb]\nhost = 046d\n",
		"vm.ini:2: [usb] host: '046d' is not a USB device: vendor and product, like "
		"046d:c52b, or bus and port, like 1-2.3"),
	WRONG("[usb]\nhost = 1-2, mouse\n",
		"vm.ini:2: [usb] host: 'mouse' is not a USB device: vendor and product, like "
		"046d:c52b, or bus and port, like 1-2.3"),
	WRONG("[usb]\nredirect = 9\n",
		"vm.ini:2: [usb] redirect: '9' is not a number from 0 to 8\n"
		"vm.ini:2: [usb] redirect: only the displays spice and spice-app have it"),
	WRONG("[display]\ntype = gtk\n[usb]\nredirect = 1\n",
		"vm.ini:4: [usb] redirect: only the displays spice and spice-app have it"),

	/* serial */
	WRONG("[serial]\ntype = usb\n",
		"vm.ini:2: [serial] type: 'usb' is not one of: stdio, mon:stdio, pty, unix, "
		"tcp, telnet, file, null"),
	WRONG("[serial]\ntype = file\n",
		"vm.ini:1: [serial]: needs path = PATH because its type is file"),
	WRONG("[serial]\npath = a.log\n",
		"vm.ini:2: [serial] path: only the types unix and file have a path"),
	WRONG("[serial]\ntype = file\npath = ~me/a.log\n",
		"vm.ini:3: [serial] path: '~me/a.log': only ~/ is known, for your own home "
		"directory"),
	WRONG("[serial]\ntype = unix\n"
	      "path = " LONG "\n",
		"vm.ini:3: [serial] path: a socket's path has at most 107 bytes: " LONG),
	WRONG("[serial]\ntype = tcp\n",
		"vm.ini:1: [serial]: needs listen = ADDRESS:PORT, like 127.0.0.1:4321"),
	WRONG("[serial]\ntype = tcp\nlisten = localhost:4321\n",
		"vm.ini:3: [serial] listen: 'localhost:4321' is neither the path of a socket, "
		"like vm.sock, nor an address with a port, like 127.0.0.1:5901"),
	WRONG("[serial]\ntype = telnet\nlisten = serial.sock\n",
		"vm.ini:3: [serial] listen: '@DIR@/serial.sock' is a path; for a socket take "
		"type = unix"),
	WRONG("[serial]\ntype = pty\nlisten = :4321\n",
		"vm.ini:3: [serial] listen: only the types tcp and telnet have it"),
	WRONG("[serial]\nmodel = 16550\n",
		"vm.ini:2: [serial] model: '16550' is not one of: serial, virtio"),
	WRONG("[serial \"a\"]\n[serial \"b\"]\ntype = mon:stdio\n",
		"vm.ini:3: [serial \"b\"] type: the terminal is taken by another serial port"),
	WRONG("[display]\ntype = curses\n[serial]\n",
		"vm.ini:3: [serial] type: the terminal is taken by [display] type = curses"),
	WRONG("[serial \"a\"]\ntype = null\n[serial \"b\"]\ntype = null\n[serial \"c\"]\n"
	      "type = null\n[serial \"v\"]\ntype = null\nmodel = virtio\n[serial \"d\"]\n"
	      "type = null\n[serial \"e\"]\ntype = null\n",
		"vm.ini:12: [serial \"e\"]: the machine has room for 4 serial ports; take "
		"model = virtio"),
	WRONG_ON("aarch64", "[serial \"a\"]\ntype = null\n[serial \"b\"]\ntype = null\n",
		"vm.ini:3: [serial \"b\"]: the machine has room for 1 serial port; take model "
		"= virtio"),

	/* guest */
	WRONG("[guest]\nagent = qemu-ga\n",
		"vm.ini:2: [guest] agent: 'qemu-ga' is neither on nor off"),
	WRONG("[guest]\nclipboard = both\n",
		"vm.ini:2: [guest] clipboard: 'both' is neither on nor off"),
	WRONG("[display]\ntype = sdl\n[guest]\nclipboard = on\n",
		"vm.ini:4: [guest] clipboard: only the displays gtk, vnc, dbus, spice and "
		"spice-app have one"),
	WRONG("[guest]\nballoon = 512M\n",
		"vm.ini:2: [guest] balloon: '512M' is neither on nor off"),
	WRONG("[guest]\nrng = /dev/urandom\n",
		"vm.ini:2: [guest] rng: '/dev/urandom' is neither on nor off"),
	WRONG("[guest]\nssh-user = -oProxyCommand\n",
		"vm.ini:2: [guest] ssh-user: '-oProxyCommand' is not a login name: letters, "
		"digits, '-', '_' and '.', a letter or '_' in front, at most 32 bytes"),
	WRONG("[guest]\nssh-port = 0\n",
		"vm.ini:2: [guest] ssh-port: '0' is not a number from 1 to 65535"),

	/* hooks */
	WRONG("[hooks]\npre-start = ./up 'two\n",
		"vm.ini:2: [hooks] pre-start: a quote is not closed"),
	WRONG("[hooks]\npre-start = ~bob/up\n",
		"vm.ini:2: [hooks] pre-start: '~bob/up': only ~/ is known, for your own home "
		"directory"),
	WRONG("[hooks]\npost-stop = \"'' down\"\n",
		"vm.ini:2: [hooks] post-stop: begins with nothing, where the program would be"),
	WRONG("[hooks]\npost-stop = true\npost-stop = false\n",
		"vm.ini:3: [hooks] post-stop: stands a second time; the first is in line 2"),
	WRONG("[hooks]\npost-stop = true\n[qemu]\nargs = --daemonize\n",
		"vm.ini:2: [hooks] post-stop: does not go together with -daemonize in [qemu] args"),

	/* tpm */
	WRONG("[tpm]\ntype = swtpm\n",
		"vm.ini:2: [tpm] type: 'swtpm' is not one of: emulator, passthrough, none"),
	WRONG("[tpm]\nmodel = crb\n",
		"vm.ini:2: [tpm] model: 'crb' is not one of: tpm-crb, tpm-tis, tpm-tis-device, "
		"tpm-spapr"),
	WRONG("[tpm]\nversion = 2\n", "vm.ini:2: [tpm] version: '2' is not one of: 2.0, 1.2"),
	WRONG("[tpm]\nversion = 1.2\nmodel = tpm-crb\n",
		"vm.ini:3: [tpm] model: tpm-crb is only for version 2.0; take tpm-tis"),
	WRONG("[tpm]\nstate = ${UNSET}/tpm\n",
		"vm.ini:2: [tpm] state: the variable UNSET is not set"),
	WRONG("[tpm]\ntype = passthrough\n",
		"vm.ini:1: [tpm]: needs path = PATH of the host's TPM, like /dev/tpm0"),
	WRONG("[tpm]\ntype = passthrough\npath = ~me/tpm\n",
		"vm.ini:3: [tpm] path: '~me/tpm': only ~/ is known, for your own home directory"),
	WRONG("[tpm]\npath = /dev/tpm0\n", "vm.ini:2: [tpm] path: only type = passthrough has it"),
	WRONG("[tpm]\ntype = passthrough\npath = /dev/tpm0\nstate = tpm\n",
		"vm.ini:4: [tpm] state: only type = emulator has it"),

	/* vfio */
	WRONG("[vfio]\n", "vm.ini:1: [vfio]: needs host = ADDRESS, like 0000:01:00.0"),
	WRONG("[vfio \"gpu\"]\nhost = 1:0.0\n",
		"vm.ini:2: [vfio \"gpu\"] host: '1:0.0' is not a PCI address, like "
		"0000:01:00.0 of lspci -D"),
	WRONG("[vfio \"gpu\"]\nhost = 01:00.0\nromfile = ~me/rom\n",
		"vm.ini:3: [vfio \"gpu\"] romfile: '~me/rom': only ~/ is known, for your own "
		"home directory"),

	/* desktop */
	WRONG("[desktop]\ntitle =\n", "vm.ini:2: [desktop] title: has no value"),
	WRONG("[desktop]\nicon = my computer\n",
		"vm.ini:2: [desktop] icon: 'my computer' is not a name of letters, digits, '-', "
		"'_' and '.' that begins with a letter or digit"),
	WRONG("[desktop]\nicon = ~bob/vm.png\n",
		"vm.ini:2: [desktop] icon: '~bob/vm.png': only ~/ is known, for your own home "
		"directory"),
	WRONG("[desktop \"a\"]\n",
		"vm.ini:1: [desktop \"a\"]: this section has no id; write [desktop]"),
	WRONG("[desktop]\nname = x\n", "vm.ini:2: [desktop] name: no such key; it belongs in [vm]"),

	/* monitor */
	WRONG("[monitor]\nqmp = 4444\n",
		"vm.ini:2: [monitor] qmp: '4444' is neither the path of a socket, like "
		"vm.sock, nor an address with a port, like 127.0.0.1:5901"),
	WRONG("[monitor]\nqmp = unix:qmp.sock,server=on\n",
		"vm.ini:2: [monitor] qmp: 'unix:qmp.sock,server=on' is neither the path of a "
		"socket, like vm.sock, nor an address with a port, like 127.0.0.1:5901"),
	WRONG("[monitor]\nhmp = stdio:1\n",
		"vm.ini:2: [monitor] hmp: 'stdio:1' is neither the path of a socket, like "
		"vm.sock, nor an address with a port, like 127.0.0.1:5901"),
	WRONG("[monitor]\ngdb = 1234\n",
		"vm.ini:2: [monitor] gdb: '1234' is neither the path of a socket, like "
		"vm.sock, nor an address with a port, like 127.0.0.1:5901"),
	WRONG("[monitor]\npaused = yeah\n",
		"vm.ini:2: [monitor] paused: 'yeah' is neither on nor off"),
	WRONG("[monitor]\n"
	      "qmp = " LONG "\n"
	      "hmp = " LONG "\n"
	      "gdb = " LONG "\n",
		"vm.ini:2: [monitor] qmp: a socket's path has at most 107 bytes: " LONG "\n"
		"vm.ini:3: [monitor] hmp: a socket's path has at most 107 bytes: " LONG "\n"
		"vm.ini:4: [monitor] gdb: a socket's path has at most 107 bytes: " LONG),

	/* qemu */
	WRONG("[qemu]\nbinary = ${UNSET}/qemu\n",
		"vm.ini:2: [qemu] binary: the variable UNSET is not set"),
	WRONG("[qemu]\nargs = -device 'edu\n", "vm.ini:2: [qemu] args: a quote is not closed"),
	WRONG("[qemu]\nargs = \"-a #b\"\n",
		"vm.ini:2: [qemu] args: a '#' starts a comment here; quote the argument it begins"),
	WRONG("[qemu]\narg = -S\n", "vm.ini:2: [qemu] arg: no such key; did you mean 'args'?"),
};

static Profile *load(const char *arch)
{
	g_autofree char *setting = g_strconcat("vm.arch=", arch, NULL);
	char *settings[] = { setting, NULL };
	g_autoptr(GError) error = NULL;
	Profile *profile = profile_load("vm.ini", arch ? settings : NULL, &error);

	g_assert_no_error(error);
	return profile;
}

static char *verdict(const char *arch)
{
	g_autoptr(Profile) profile = load(arch);
	g_autoptr(GError) error = NULL;

	return profile_verdict(profile, &error) ? g_strdup("") : g_strdup(error->message);
}

static void test_row(gconstpointer data)
{
	const Row *row = data;
	g_autofree char *directory = g_get_current_dir();
	g_autoptr(GString) told = g_string_new(NULL);
	g_autofree char *text = NULL;

	scratch_write("vm.ini", row->profile, -1);
	text = verdict(row->arch);
	g_string_assign(told, text);
	g_string_replace(told, directory, "@DIR@", 0);
	assert_same_lines(told->str, row->told);
}

/* ---- what is no row ---- */

static char *print_monitor(guint len)
{
	g_autofree char *name = g_strnfill(len - 1, 'a');

	return g_strdup_printf("[monitor]\nqmp = /%s\n", name);
}

/* One byte of difference. */
static void test_socket_length(void)
{
	g_autofree char *fits = print_monitor(107);
	g_autofree char *too_long = print_monitor(108);
	g_autofree char *told = NULL, *told_nothing = NULL;

	scratch_write("vm.ini", fits, -1);
	told_nothing = verdict("x86_64");
	g_assert_cmpstr(told_nothing, ==, "");
	scratch_write("vm.ini", too_long, -1);
	told = verdict("x86_64");
	g_assert_true(g_str_has_prefix(
		told, "vm.ini:2: [monitor] qmp: a socket's path has at most 107 bytes: /aaa"));
}

/* As somebody who has no run directory at all: for root, and in most sessions, there is one. */
static int tell_without_run_directory(void)
{
	g_autofree char *told = NULL;

	g_unsetenv("XDG_RUNTIME_DIR");
	if (getuid() == 0 && setuid(65534) < 0)
		return 77;
	if (!g_access("/run/user/65534", F_OK) || (getuid() != 65534 && getuid() != 0))
		return 77;
	told = verdict("x86_64");
	assert_same_lines(told, "vm.ini:1: [display]: there is no run directory for vnc.sock: "
				"$XDG_RUNTIME_DIR is not set, or not yours\n"
				"vm.ini:3: [serial]: there is no run directory for serial-0.sock: "
				"$XDG_RUNTIME_DIR is not set, or not yours\n"
				"vm.ini:5: [guest]: there is no run directory for agent.sock: "
				"$XDG_RUNTIME_DIR is not set, or not yours\n"
				"vm.ini:8: [monitor] qmp: there is no ${run_dir}: "
				"$XDG_RUNTIME_DIR is not set, or not yours");
	return 0;
}

static void test_no_run_directory(void)
{
	int status = 0;
	pid_t pid;

	scratch_write("vm.ini",
		"[display]\ntype = vnc\n[serial]\ntype = unix\n[guest]\nagent = on\n"
		"[monitor]\nqmp = ${run_dir}/qmp.sock\n",
		-1);
	g_assert_cmpint(g_chmod(".", 0755), ==, 0);
	g_assert_cmpint(g_chmod("vm.ini", 0644), ==, 0);
	pid = fork();
	g_assert_cmpint(pid, >=, 0);
	if (pid == 0)
		_exit(tell_without_run_directory());
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		g_test_skip("there is a run directory");
	else
		g_assert_cmpint(status, ==, 0);
}

/* Of "vm.ini:2: [disk "a"] if: ..." adds "disk.if". */
static void collect(GHashTable *seen, const char *line)
{
	const char *open = strchr(line, '['), *close = strchr(line, ']');
	const char *colon = close ? strchr(close, ':') : NULL;
	g_autofree char *name = NULL;

	if (!open || !colon || close[1] != ' ')
		return;
	name = g_strndup(open + 1, strcspn(open + 1, " ]"));
	g_hash_table_add(
		seen, g_strdup_printf("%s.%.*s", name, (int)(colon - close - 2), close + 2));
}

/* A key that nobody can get wrong is one that this table has missed. */
static void test_all_keys(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) lines = g_strsplit(rows[i].told, "\n", -1);

		for (guint k = 0; lines[k]; k++)
			collect(seen, lines[k]);
	}
	for (const SchemaSection *section = schema; section->name; section++)
		for (const SchemaKey *key = section->keys; key->key; key++) {
			g_autofree char *name = g_strconcat(section->name, ".", key->key, NULL);

			if (!g_hash_table_contains(seen, name))
				g_test_fail_printf("no row is wrong about %s", name);
		}
}

int main(int argc, char **argv)
{
	g_autofree char *directory = scratch_enter();
	int status;

	g_unsetenv("DISPLAY");
	g_unsetenv("WAYLAND_DISPLAY");
	g_unsetenv("UNSET");
	g_setenv("XDG_RUNTIME_DIR", directory, TRUE);
	g_setenv("XDG_STATE_HOME", directory, TRUE);
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strdup_printf("/wrong-values/line-%u", rows[i].line);

		g_test_add_data_func(path, &rows[i], test_row);
	}
	g_test_add_func("/wrong-values/socket-length", test_socket_length);
	g_test_add_func("/wrong-values/no-run-directory", test_no_run_directory);
	g_test_add_func("/wrong-values/all-keys", test_all_keys);
	status = g_test_run();
	scratch_leave(g_steal_pointer(&directory));
	return status;
}
