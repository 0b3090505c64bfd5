/* SPDX-License-Identifier: MIT */
/*
 * value: every type with what it takes and with what it must refuse, a case to a row. A test is
 * named after its row's line in this file.
 */
#include <arpa/inet.h>
#include <string.h>

#include "profiles/value.h"

#define WORDS "tap user none mon:stdio"
#define DIRECTORY "/vms/my profiles"

typedef union {
	char *text;
	gboolean boolean;
	guint mib;
	GArray *addresses;
	GStrv list;
} Slot;

typedef struct {
	guint line;
	ValueType type;
	const char *words;
	const char *text;
	const char *result; /* as print_slot has it; NULL: refused */
	const char *why;    /* up to a '*' at its end, where the rest is GLib's */
} Row;

#define GOOD(type, text, result)                                  \
	{                                                         \
		__LINE__, VALUE_##type, WORDS, text, result, NULL \
	}
#define BAD(type, text, why)                                   \
	{                                                      \
		__LINE__, VALUE_##type, WORDS, text, NULL, why \
	}

#define NAME_RULE \
	" is not a VM name: at most 64 bytes, no '/', no '-' or '.' in front, no blank at an end"
#define DEVICE_RULE " is not a name QEMU could know, like e1000"
#define WORD_RULE " is not one of: tap, user, none, mon:stdio"
#define BOOLEAN_RULE " is neither on nor off"
#define SIZE_RULE " is not a size, like 512M or 4G"
#define ACCEL_RULE " is not an accelerator, or several, like kvm:tcg"
#define SMP_RULE " is not a number of CPUs, like 4 or 4,cores=2,threads=2"
#define ORDER_RULE " is not an order of drives: c disk, d cdrom, n network, like dc"
#define TILDE_RULE ": only ~/ is known, for your own home directory"
#define MAC_RULE " is not a MAC address, like 52:54:00:0a:0b:0c"
#define MULTICAST_RULE " is a multicast MAC address, which no NIC can have; like 52:54:00:0a:0b:0c"
#define ZEROS_RULE " is a MAC address of zeros, which no NIC can have; like 52:54:00:0a:0b:0c"
#define ADDRESS_RULE " is not an address with a prefix length, like 192.168.50.1/24"
#define HOSTFWD_RULE " is not a port forward, like tcp:127.0.0.1:2222-:22 or 2222:22"
#define COMMENT_RULE "a '#' starts a comment here; quote the argument it begins"
#define UNSPLIT "a quote is not closed"

#define EIGHT "12345678"
#define SIXTY_FOUR EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT

static const Row rows[] = {
	GOOD(TEXT, "console=ttyS0,115200 root=/dev/vda", "console=ttyS0,115200 root=/dev/vda"),
	GOOD(TEXT, " 4", " 4"),
	GOOD(TEXT, "a \"b\" 'c' #d ;e \\f", "a \"b\" 'c' #d ;e \\f"),
	GOOD(TEXT, "\xc3\xa4\xff", "\xc3\xa4\xff"),
	BAD(TEXT, "", "has no value"),

	GOOD(NAME, "myvm", "myvm"),
	GOOD(NAME, "my vm, the 2nd", "my vm, the 2nd"),
	GOOD(NAME, "a.b-c_d", "a.b-c_d"),
	GOOD(NAME, "b\303\274cher", "b\303\274cher"),
	GOOD(NAME, SIXTY_FOUR, SIXTY_FOUR),
	BAD(NAME, SIXTY_FOUR "9", "'" SIXTY_FOUR "9'" NAME_RULE),
	BAD(NAME, "a/b", "'a/b'" NAME_RULE),
	BAD(NAME, "/", "'/'" NAME_RULE),
	BAD(NAME, "-vm", "'-vm'" NAME_RULE),
	BAD(NAME, ".vm", "'.vm'" NAME_RULE),
	BAD(NAME, "..", "'..'" NAME_RULE),
	BAD(NAME, "", "has no value"),

	GOOD(OPTION, "host,-vmx", "host,-vmx"),
	GOOD(OPTION, "q35,smm=off", "q35,smm=off"),
	BAD(OPTION, "", "has no value"),

	GOOD(DEVICE, "e1000", "e1000"),
	GOOD(DEVICE, "virtio-net-pci", "virtio-net-pci"),
	GOOD(DEVICE, "pc-q35-7.2", "pc-q35-7.2"),
	GOOD(DEVICE, "x86_64", "x86_64"),
	GOOD(DEVICE, "82551", "82551"),
	BAD(DEVICE, "e1000,addr=3", "'e1000,addr=3'" DEVICE_RULE),
	BAD(DEVICE, "e 1000", "'e 1000'" DEVICE_RULE),
	BAD(DEVICE, "-e1000", "'-e1000'" DEVICE_RULE),
	BAD(DEVICE, "../x86_64", "'../x86_64'" DEVICE_RULE),
	BAD(DEVICE, "x86/64", "'x86/64'" DEVICE_RULE),
	BAD(DEVICE, "\xc3\xa4", "'\xc3\xa4'" DEVICE_RULE),
	BAD(DEVICE, "", "has no value"),

	GOOD(WORD, "tap", "tap"),
	GOOD(WORD, "none", "none"),
	GOOD(WORD, "mon:stdio", "mon:stdio"),
	BAD(WORD, "TAP", "'TAP'" WORD_RULE),
	BAD(WORD, "ta", "'ta'" WORD_RULE),
	BAD(WORD, "tap0", "'tap0'" WORD_RULE),
	BAD(WORD, " tap", "' tap'" WORD_RULE),
	BAD(WORD, "tap user", "'tap user'" WORD_RULE),
	BAD(WORD, "", "has no value"),

	GOOD(BOOLEAN, "on", "on"),
	GOOD(BOOLEAN, "yes", "on"),
	GOOD(BOOLEAN, "true", "on"),
	GOOD(BOOLEAN, "TRUE", "on"),
	GOOD(BOOLEAN, "1", "on"),
	GOOD(BOOLEAN, "off", "off"),
	GOOD(BOOLEAN, "no", "off"),
	GOOD(BOOLEAN, "No", "off"),
	GOOD(BOOLEAN, "false", "off"),
	GOOD(BOOLEAN, "0", "off"),
	BAD(BOOLEAN, "yikes", "'yikes'" BOOLEAN_RULE),
	BAD(BOOLEAN, "y", "'y'" BOOLEAN_RULE),
	BAD(BOOLEAN, "enable", "'enable'" BOOLEAN_RULE),
	BAD(BOOLEAN, "2", "'2'" BOOLEAN_RULE),
	BAD(BOOLEAN, "01", "'01'" BOOLEAN_RULE),
	BAD(BOOLEAN, "-1", "'-1'" BOOLEAN_RULE),
	BAD(BOOLEAN, " on", "' on'" BOOLEAN_RULE),
	BAD(BOOLEAN, "", "has no value"),

	GOOD(MIB, "1", "1"),
	GOOD(MIB, "512", "512"),
	GOOD(MIB, "512M", "512"),
	GOOD(MIB, "512m", "512"),
	GOOD(MIB, "4G", "4096"),
	GOOD(MIB, "4g", "4096"),
	GOOD(MIB, "1T", "1048576"),
	GOOD(MIB, "1024G", "1048576"),
	GOOD(MIB, "16T", "16777216"),
	GOOD(MIB, "2097152", "2097152"),
	GOOD(MIB, "16777216", "16777216"),
	BAD(MIB, "16777217", "'16777217' is more than 16T"),
	BAD(MIB, "17T", "'17T' is more than 16T"),
	BAD(MIB, "16385G", "'16385G' is more than 16T"),
	BAD(MIB, "1048576T", "'1048576T' is more than 16T"),
	BAD(MIB, "0", "'0'" SIZE_RULE),
	BAD(MIB, "0G", "'0G'" SIZE_RULE),
	BAD(MIB, "010", "'010'" SIZE_RULE),
	BAD(MIB, "12abc", "'12abc'" SIZE_RULE),
	BAD(MIB, "-1", "'-1'" SIZE_RULE),
	BAD(MIB, "+1", "'+1'" SIZE_RULE),
	BAD(MIB, " 4", "' 4'" SIZE_RULE),
	BAD(MIB, "4 ", "'4 '" SIZE_RULE),
	BAD(MIB, "4 G", "'4 G'" SIZE_RULE),
	BAD(MIB, "0x10", "'0x10'" SIZE_RULE),
	BAD(MIB, "1e3", "'1e3'" SIZE_RULE),
	BAD(MIB, "4GB", "'4GB'" SIZE_RULE),
	BAD(MIB, "4GG", "'4GG'" SIZE_RULE),
	BAD(MIB, "4GiB", "'4GiB'" SIZE_RULE),
	BAD(MIB, "0.5G", "'0.5G'" SIZE_RULE),
	BAD(MIB, "512K", "'512K'" SIZE_RULE),
	BAD(MIB, "G", "'G'" SIZE_RULE),
	BAD(MIB, "max", "'max'" SIZE_RULE),
	BAD(MIB, "", "has no value"),

	GOOD(ACCEL, "kvm", "kvm"),
	GOOD(ACCEL, "kvm:tcg", "kvm:tcg"),
	GOOD(ACCEL, "xen:hvf:nvmm:whpx:tcg", "xen:hvf:nvmm:whpx:tcg"),
	BAD(ACCEL, "KVM", "'KVM'" ACCEL_RULE),
	BAD(ACCEL, "kvm:", "'kvm:'" ACCEL_RULE),
	BAD(ACCEL, ":tcg", "':tcg'" ACCEL_RULE),
	BAD(ACCEL, "kvm::tcg", "'kvm::tcg'" ACCEL_RULE),
	BAD(ACCEL, "kvm,tcg", "'kvm,tcg'" ACCEL_RULE),
	BAD(ACCEL, "kvm tcg", "'kvm tcg'" ACCEL_RULE),
	BAD(ACCEL, "on", "'on'" ACCEL_RULE),
	BAD(ACCEL, "", "has no value"),

	GOOD(SMP, "1", "1"),
	GOOD(SMP, "4096", "4096"),
	GOOD(SMP, "4,cores=2,threads=2", "4,cores=2,threads=2"),
	GOOD(SMP, "sockets=2,dies=1,clusters=1,cores=2", "sockets=2,dies=1,clusters=1,cores=2"),
	GOOD(SMP, "cpus=2,maxcpus=8", "cpus=2,maxcpus=8"),
	BAD(SMP, "0", "'0'" SMP_RULE),
	BAD(SMP, "4097", "'4097'" SMP_RULE),
	BAD(SMP, "010", "'010'" SMP_RULE),
	BAD(SMP, "-1", "'-1'" SMP_RULE),
	BAD(SMP, "12abc", "'12abc'" SMP_RULE),
	BAD(SMP, "99999999999", "'99999999999'" SMP_RULE),
	BAD(SMP, "0x10", "'0x10'" SMP_RULE),
	BAD(SMP, "1e3", "'1e3'" SMP_RULE),
	BAD(SMP, " 4", "' 4'" SMP_RULE),
	BAD(SMP, "4,", "'4,'" SMP_RULE),
	BAD(SMP, ",4", "',4'" SMP_RULE),
	BAD(SMP, "4,2", "'4,2'" SMP_RULE),
	BAD(SMP, "4, cores=2", "'4, cores=2'" SMP_RULE),
	BAD(SMP, "4,cores=0", "'4,cores=0'" SMP_RULE),
	BAD(SMP, "4,cores=", "'4,cores='" SMP_RULE),
	BAD(SMP, "4,cores=2=2", "'4,cores=2=2'" SMP_RULE),
	BAD(SMP, "4,nodes=2", "'4,nodes=2'" SMP_RULE),
	BAD(SMP, "=4", "'=4'" SMP_RULE),
	BAD(SMP, "", "has no value"),

	GOOD(ORDER, "d", "d"),
	GOOD(ORDER, "dc", "dc"),
	GOOD(ORDER, "abcdefghijklmnop", "abcdefghijklmnop"),
	BAD(ORDER, "cc", "'cc'" ORDER_RULE),
	BAD(ORDER, "dcd", "'dcd'" ORDER_RULE),
	BAD(ORDER, "q", "'q'" ORDER_RULE),
	BAD(ORDER, "D", "'D'" ORDER_RULE),
	BAD(ORDER, "d c", "'d c'" ORDER_RULE),
	BAD(ORDER, "d,c", "'d,c'" ORDER_RULE),
	BAD(ORDER, "c,menu=on", "'c,menu=on'" ORDER_RULE),
	BAD(ORDER, "1", "'1'" ORDER_RULE),
	BAD(ORDER, "", "has no value"),

	GOOD(PATH, "/a/b.img", "/a/b.img"),
	GOOD(PATH, "b.img", DIRECTORY "/b.img"),
	GOOD(PATH, "../b.img", DIRECTORY "/../b.img"),
	GOOD(PATH, "~/x", "/home/some body/x"),
	GOOD(PATH, "~/", "/home/some body/"),
	GOOD(PATH, "a/~/x", DIRECTORY "/a/~/x"),
	GOOD(PATH, "/a/~/x", "/a/~/x"),
	GOOD(PATH, "${VMS}/x", "/srv/v m,s/x"),
	GOOD(PATH, "${VMS}", "/srv/v m,s"),
	GOOD(PATH, "/a${VMS}${VMS}/x", "/a/srv/v m,s/srv/v m,s/x"),
	GOOD(PATH, "~/${DISK}.img", "/home/some body/root.img"),
	GOOD(PATH, "${DISK}.img", DIRECTORY "/root.img"),
	GOOD(PATH, "/a/${EMPTY}b", "/a/b"),
	GOOD(PATH, "/a/${NESTED}", "/a/${VMS}"),
	GOOD(PATH, "$VMS/x", DIRECTORY "/$VMS/x"),
	GOOD(PATH, "/a}/$", "/a}/$"),
	GOOD(PATH, "/a b, c/\"d\" 'e' #f;g", "/a b, c/\"d\" 'e' #f;g"),
	GOOD(PATH, "my disk,1 #2.img", DIRECTORY "/my disk,1 #2.img"),
	GOOD(PATH, "/b\303\274cher.img", "/b\303\274cher.img"),
	GOOD(PATH, "/b\374cher.img", "/b\374cher.img"),
	GOOD(PATH, "C:\\vms\\x.img", DIRECTORY "/C:\\vms\\x.img"),
	BAD(PATH, "~bob/x", "'~bob/x'" TILDE_RULE),
	BAD(PATH, "~", "'~'" TILDE_RULE),
	BAD(PATH, "~~/x", "'~~/x'" TILDE_RULE),
	BAD(PATH, "${UNSET}/x", "the variable UNSET is not set"),
	BAD(PATH, "${VMS}/${UNSET}", "the variable UNSET is not set"),
	BAD(PATH, "${unclosed", "'${unclosed' has no '}' after its '${'"),
	BAD(PATH, "", "has no value"),

	GOOD(MAC, "52:54:00:0a:0b:0c", "52:54:00:0a:0b:0c"),
	GOOD(MAC, "52:54:00:AB:CD:EF", "52:54:00:ab:cd:ef"),
	GOOD(MAC, "00:00:00:00:00:01", "00:00:00:00:00:01"),
	GOOD(MAC, "02:00:00:00:00:00", "02:00:00:00:00:00"),
	GOOD(MAC, "10:00:00:00:00:00", "10:00:00:00:00:00"),
	BAD(MAC, "00:00:00:00:00:00", "'00:00:00:00:00:00'" ZEROS_RULE),
	BAD(MAC, "01:00:5e:00:00:01", "'01:00:5e:00:00:01'" MULTICAST_RULE),
	BAD(MAC, "33:33:00:00:00:01", "'33:33:00:00:00:01'" MULTICAST_RULE),
	BAD(MAC, "FF:FF:FF:FF:FF:FF", "'FF:FF:FF:FF:FF:FF'" MULTICAST_RULE),
	BAD(MAC, "52:54:00:0a:0b", "'52:54:00:0a:0b'" MAC_RULE),
	BAD(MAC, "52:54:00:0a:0b:", "'52:54:00:0a:0b:'" MAC_RULE),
	BAD(MAC, "52:54:00:0a:0b:c", "'52:54:00:0a:0b:c'" MAC_RULE),
	BAD(MAC, "52:54:00:0a:0b:0c:0d", "'52:54:00:0a:0b:0c:0d'" MAC_RULE),
	BAD(MAC, "52:54:00:0a:0b:0cd", "'52:54:00:0a:0b:0cd'" MAC_RULE),
	BAD(MAC, "52:54:00:0a:0b:0g", "'52:54:00:0a:0b:0g'" MAC_RULE),
	BAD(MAC, "52-54-00-0a-0b-0c", "'52-54-00-0a-0b-0c'" MAC_RULE),
	BAD(MAC, "5254000a0b0c", "'5254000a0b0c'" MAC_RULE),
	BAD(MAC, " 52:54:00:0a:0b:0c", "' 52:54:00:0a:0b:0c'" MAC_RULE),
	BAD(MAC, "", "has no value"),

	GOOD(IFNAME, "tap0", "tap0"),
	GOOD(IFNAME, "a name/for the platform", "a name/for the platform"),
	BAD(IFNAME, "", "has no value"),

	GOOD(ADDRESSES, "192.168.50.1/24", "192.168.50.1/24"),
	GOOD(ADDRESSES, "0.0.0.0/0", "0.0.0.0/0"),
	GOOD(ADDRESSES, "255.255.255.255/32", "255.255.255.255/32"),
	GOOD(ADDRESSES, "fd00::1/64", "fd00::1/64"),
	GOOD(ADDRESSES, "FD00:0::1/128", "fd00::1/128"),
	GOOD(ADDRESSES, "::/0", "::/0"),
	GOOD(ADDRESSES, "::ffff:1.2.3.4/96", "::ffff:1.2.3.4/96"),
	GOOD(ADDRESSES, "10.0.0.1/24,fd00::1/64", "10.0.0.1/24 fd00::1/64"),
	GOOD(ADDRESSES, "10.0.0.1/24 fd00::1/64", "10.0.0.1/24 fd00::1/64"),
	GOOD(ADDRESSES, "fd00::1/64, 10.0.0.1/24,\t10.0.0.2/8,",
		"fd00::1/64 10.0.0.1/24 10.0.0.2/8"),
	BAD(ADDRESSES, "10.0.0.256/24", "'10.0.0.256/24'" ADDRESS_RULE),
	BAD(ADDRESSES, "010.0.0.1/24", "'010.0.0.1/24'" ADDRESS_RULE),
	BAD(ADDRESSES, "0x0a.0.0.1/24", "'0x0a.0.0.1/24'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.1/24", "'10.1/24'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1.2/24", "'10.0.0.1.2/24'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1", "'10.0.0.1'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/", "'10.0.0.1/'" ADDRESS_RULE),
	BAD(ADDRESSES, "/24", "'/24'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/33", "'10.0.0.1/33'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/-1", "'10.0.0.1/-1'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/24abc", "'10.0.0.1/24abc'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/024", "'10.0.0.1/024'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/24/25", "'10.0.0.1/24/25'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/255.255.255.0", "'10.0.0.1/255.255.255.0'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1 / 24", "'10.0.0.1'" ADDRESS_RULE),
	BAD(ADDRESSES, "fd00::1/129", "'fd00::1/129'" ADDRESS_RULE),
	BAD(ADDRESSES, "fd00::1", "'fd00::1'" ADDRESS_RULE),
	BAD(ADDRESSES, "fd00::1::2/64", "'fd00::1::2/64'" ADDRESS_RULE),
	BAD(ADDRESSES, "[fd00::1]/64", "'[fd00::1]/64'" ADDRESS_RULE),
	BAD(ADDRESSES, "fe80::1%tap0/64", "'fe80::1%tap0/64'" ADDRESS_RULE),
	BAD(ADDRESSES, "any", "'any'" ADDRESS_RULE),
	BAD(ADDRESSES, "dhcp", "'dhcp'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/24, 10.0.0.300/24", "'10.0.0.300/24'" ADDRESS_RULE),
	BAD(ADDRESSES, "10.0.0.1/24;fd00::1/64", "'10.0.0.1/24;fd00::1/64'" ADDRESS_RULE),
	BAD(ADDRESSES, ", ", "has no value"),
	BAD(ADDRESSES, "", "has no value"),

	GOOD(HOSTFWDS, "2222:22", "tcp:127.0.0.1:2222-:22"),
	GOOD(HOSTFWDS, "1:65535", "tcp:127.0.0.1:1-:65535"),
	GOOD(HOSTFWDS, "tcp:127.0.0.1:2222-:22", "tcp:127.0.0.1:2222-:22"),
	GOOD(HOSTFWDS, "tcp::2222-:22", "tcp::2222-:22"),
	GOOD(HOSTFWDS, "udp::53-10.0.2.15:53", "udp::53-10.0.2.15:53"),
	GOOD(HOSTFWDS, "::8080-:80", "tcp::8080-:80"),
	GOOD(HOSTFWDS, "2222:22, udp::53-:53", "tcp:127.0.0.1:2222-:22|udp::53-:53"),
	BAD(HOSTFWDS, "22", "'22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, ":22", "':22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "2222:", "'2222:'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "0:22", "'0:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "2222:0", "'2222:0'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "65536:22", "'65536:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "2222:022", "'2222:022'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "2222:ssh", "'2222:ssh'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "2222-22", "'2222-22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "127.0.0.1:2222:22", "'127.0.0.1:2222:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp::2222:22", "'tcp::2222:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp::-:22", "'tcp::-:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp::0-:22", "'tcp::0-:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp::2222-:65536", "'tcp::2222-:65536'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp::2222-:", "'tcp::2222-:'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp::2222-22", "'tcp::2222-22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "TCP::2222-:22", "'TCP::2222-:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "sctp::2222-:22", "'sctp::2222-:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp:localhost:2222-:22", "'tcp:localhost:2222-:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp::2222-guest:22", "'tcp::2222-guest:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp:[::1]:2222-:22", "'tcp:[::1]:2222-:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "tcp:10.0.0.256:2222-:22", "'tcp:10.0.0.256:2222-:22'" HOSTFWD_RULE),
	BAD(HOSTFWDS, "2222:22 80", "'80'" HOSTFWD_RULE),
	BAD(HOSTFWDS, ",", "has no value"),
	BAD(HOSTFWDS, "", "has no value"),

	GOOD(INCLUDES, "base.ini, ?host.ini", "base.ini, ?host.ini"),
	BAD(INCLUDES, "", "has no value"),

	GOOD(ARGS, "-snapshot", "-snapshot"),
	GOOD(ARGS, "-device  virtio-rng\t-snapshot ", "-device|virtio-rng|-snapshot"),
	GOOD(ARGS, "-fw_cfg 'name=a,string=b c'", "-fw_cfg|name=a,string=b c"),
	GOOD(ARGS, "-a \"b 'c' \\\"d\\\"\" e\\ f", "-a|b 'c' \"d\"|e f"),
	GOOD(ARGS, "-a '' b", "-a||b"),
	GOOD(ARGS, "a'b c'd", "ab cd"),
	GOOD(ARGS, "a#b", "a#b"),
	GOOD(ARGS, "'#a' \"# b\" \\#c", "#a|# b|#c"),
	GOOD(ARGS, "$HOME `id` *", "$HOME|`id`|*"),
	GOOD(ARGS, "\xc3\xa4 \xff", "\xc3\xa4|\xff"),
	BAD(ARGS, "-a #b", COMMENT_RULE),
	BAD(ARGS, "-a # b", COMMENT_RULE),
	BAD(ARGS, "-a #", COMMENT_RULE),
	BAD(ARGS, "-a 'b", UNSPLIT),
	BAD(ARGS, "-a \"b", UNSPLIT),
	BAD(ARGS, "'", UNSPLIT),
	BAD(ARGS, "# b", COMMENT_RULE),
	BAD(ARGS, " ", "has no value"),
	BAD(ARGS, "", "has no value"),
};

static const char *const type_names[] = {
	[VALUE_TEXT] = "text",
	[VALUE_NAME] = "name",
	[VALUE_OPTION] = "option",
	[VALUE_DEVICE] = "device",
	[VALUE_WORD] = "word",
	[VALUE_BOOLEAN] = "boolean",
	[VALUE_MIB] = "mib",
	[VALUE_ACCEL] = "accel",
	[VALUE_SMP] = "smp",
	[VALUE_ORDER] = "order",
	[VALUE_PATH] = "path",
	[VALUE_MAC] = "mac",
	[VALUE_IFNAME] = "ifname",
	[VALUE_ADDRESSES] = "addresses",
	[VALUE_HOSTFWDS] = "hostfwds",
	[VALUE_ARGS] = "args",
};

static char *print_addresses(const GArray *addresses)
{
	static const guint8 zeros[12];
	g_autoptr(GString) all = g_string_new(NULL);

	for (guint i = 0; i < addresses->len; i++) {
		const ProfileAddress *address = &g_array_index(addresses, ProfileAddress, i);
		gboolean four = address->family == 4;
		char text[INET6_ADDRSTRLEN];

		g_assert_true(four || address->family == 6);
		if (four)
			g_assert_cmpmem(address->octets + 4, 12, zeros, 12);
		inet_ntop(four ? AF_INET : AF_INET6, address->octets, text, sizeof(text));
		g_string_append_printf(all, "%s%s/%u", i ? " " : "", text, address->prefix_len);
	}
	return g_strdup(all->str);
}

static char *print_slot(ValueType type, const Slot *slot)
{
	switch (type) {
	case VALUE_BOOLEAN:
		g_assert_true(slot->boolean == TRUE || slot->boolean == FALSE);
		return g_strdup(slot->boolean ? "on" : "off");
	case VALUE_MIB:
		return g_strdup_printf("%u", slot->mib);
	case VALUE_ADDRESSES:
		return print_addresses(slot->addresses);
	case VALUE_HOSTFWDS:
	case VALUE_ARGS:
		return g_strjoinv("|", slot->list);
	default:
		return g_strdup(slot->text);
	}
}

static void test_good(gconstpointer data)
{
	const Row *row = data;
	ValueRule rule = { .type = row->type, .words = row->words, .directory = DIRECTORY };
	Slot slot = { NULL }, empty = { NULL };
	g_autofree char *why = NULL;
	g_autofree char *result = NULL;

	if (!value_parse(&rule, row->text, &slot, &why))
		g_error("'%s' is refused: %s", row->text, why);
	g_assert_null(why);
	result = print_slot(row->type, &slot);
	g_assert_cmpstr(result, ==, row->result);
	value_clear(row->type, &slot);
	if (row->type != VALUE_BOOLEAN && row->type != VALUE_MIB)
		g_assert_cmpmem(&slot, sizeof(slot), &empty, sizeof(empty));
}

/* What must not be touched does not even need to be a value. */
static void test_bad(gconstpointer data)
{
	const Row *row = data;
	ValueRule rule = { .type = row->type, .words = row->words, .directory = DIRECTORY };
	g_autofree char *why = NULL;
	Slot slot, before;

	memset(&slot, 0xa5, sizeof(slot));
	before = slot;
	g_assert_false(value_parse(&rule, row->text, &slot, &why));
	g_assert_cmpmem(&slot, sizeof(slot), &before, sizeof(before));
	g_assert_nonnull(why);
	g_assert_cmpstr(why, ==, row->why);
}

/* A type without a good and a bad row is one that this table has missed. */
static void test_all_types(void)
{
	for (guint type = 0; type <= VALUE_ARGS; type++) {
		guint n[2] = { 0 };

		for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
			if (rows[i].type == type)
				n[rows[i].result != NULL]++;
		g_assert_cmpuint(n[FALSE], >, 0);
		g_assert_cmpuint(n[TRUE], >, 0);
	}
}

int main(int argc, char **argv)
{
	g_setenv("HOME", "/home/some body", TRUE);
	g_setenv("VMS", "/srv/v m,s", TRUE);
	g_setenv("DISK", "root", TRUE);
	g_setenv("EMPTY", "", TRUE);
	g_setenv("NESTED", "${VMS}", TRUE);
	g_unsetenv("UNSET");
	g_test_init(&argc, &argv, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const Row *row = &rows[i];
		g_autofree char *path = g_strdup_printf("/value/%s/%s/line-%u",
			type_names[row->type], row->result ? "good" : "bad", row->line);

		g_test_add_data_func(path, row, row->result ? test_good : test_bad);
	}
	g_test_add_func("/value/all-types", test_all_types);
	return g_test_run();
}
