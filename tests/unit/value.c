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
	guint64 bytes;
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

#define GOOD_OF(words, type, text, result)                        \
	{                                                         \
		__LINE__, VALUE_##type, words, text, result, NULL \
	}
#define BAD_OF(words, type, text, why)                         \
	{                                                      \
		__LINE__, VALUE_##type, words, text, NULL, why \
	}
#define GOOD(type, text, result) GOOD_OF(WORDS, type, text, result)
#define BAD(type, text, why) BAD_OF(WORDS, type, text, why)

#define NAME_RULE \
	" is not a VM name: at most 64 bytes, no '/', no '-' or '.' in front, no blank at an end"
#define DEVICE_RULE                                                                      \
	" is not a name of letters, digits, '-', '_' and '.' that begins with a letter " \
	"or digit"
#define WORD_RULE " is not one of: tap, user, none, mon:stdio"
#define MEANT(word) "; did you mean '" word "'?"
#define BOOLEAN_RULE " is neither on nor off"
#define SIZE_RULE " is not a size, like 512M or 4G"
#define BYTES_RULE " is not a size with its unit, like 512M or 40G"
#define ACCEL_RULE " is not an accelerator, or several, like kvm:tcg"
#define SMP_RULE " is not a number of CPUs, like 4 or 4,cores=2,threads=2"
#define ORDER_RULE " is not an order of drives: c disk, d cdrom, n network, like dc"
#define CPUS_RULE " is not a range of CPUs, like 0-3 or 8"
#define RTC_RULE " is not utc, localtime or a time like 2024-02-29T13:00:00"
#define UUID_RULE " is not a UUID, like 7d444840-9dc0-11d1-b245-5ffdce74fad2"
#define RESOLUTION_RULE " is not a width and a height, like 1920x1080"
#define ENDPOINT_RULE                                                          \
	" is neither the path of a socket, like vm.sock, nor an address with " \
	"a port, like 127.0.0.1:5901"
#define USB_RULE \
	" is not a USB device: vendor and product, like 046d:c52b, or bus and port, like 1-2.3"
#define PCI_RULE " is not a PCI address, like 0000:01:00.0 of lspci -D"
#define TILDE_RULE ": only ~/ is known, for your own home directory"
#define MAC_RULE " is not a MAC address, like 52:54:00:0a:0b:0c"
#define MULTICAST_RULE " is a multicast MAC address, which no NIC can have; like 52:54:00:0a:0b:0c"
#define ZEROS_RULE " is a MAC address of zeros, which no NIC can have; like 52:54:00:0a:0b:0c"
#define HOSTNAME_RULE                                                                   \
	" is not a host name: letters, digits and '-', at most 64 bytes, like myvm or " \
	"myvm.example.org"
#define USER_RULE                                                                      \
	" is not a login name: letters, digits, '-', '_' and '.', a letter or '_' in " \
	"front, at most 32 bytes"
#define COMMA_RULE "has nothing before or after a comma"
#define TEN "aaaaaaaaaa"
#define HOST_RULE " is not the address of one host, like 192.168.50.2"
#define ROUTE_RULE " is not a route, like 198.51.100.0/24 or 198.51.100.0/24 via 192.168.50.2"
#define UPLINK_RULE " is neither on nor off nor an interface, like eth0"
#define HOSTS_RULE " is one too many: an IPv4 address and an IPv6 one"
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
	GOOD(TEXT, "a\tb", "a\tb"),
	BAD(TEXT, "a\nb", "holds a control character"),
	BAD(TEXT, "a\r", "holds a control character"),
	BAD(TEXT, "\001", "holds a control character"),
	BAD(TEXT, "\x1b[31m", "holds a control character"),
	BAD(TEXT, "a\x7f", "holds a control character"),
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
	BAD(WORD, "TAP", "'TAP'" WORD_RULE MEANT("tap")),
	BAD(WORD, "ta", "'ta'" WORD_RULE MEANT("tap")),
	BAD(WORD, "tap0", "'tap0'" WORD_RULE MEANT("tap")),
	BAD(WORD, "stdio", "'stdio'" WORD_RULE),
	BAD(WORD, "bridge", "'bridge'" WORD_RULE),
	BAD(WORD, " tap", "' tap'" WORD_RULE MEANT("tap")),
	BAD(WORD, "tap user", "'tap user'" WORD_RULE MEANT("user")),
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

	GOOD_OF("0-9999", NUMBER, "0", "0"),
	GOOD_OF("0-9999", NUMBER, "9999", "9999"),
	GOOD_OF("1-16", NUMBER, "1", "1"),
	GOOD_OF("1-16", NUMBER, "16", "16"),
	BAD_OF("0-9999", NUMBER, "10000", "'10000' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "00", "'00' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "01", "'01' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "-1", "'-1' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "+1", "'+1' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "1 ", "'1 ' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "0x1", "'0x1' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "1.0", "'1.0' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "0-9999", "'0-9999' is not a number from 0 to 9999"),
	BAD_OF("0-9999", NUMBER, "18446744073709551617",
		"'18446744073709551617' is not a number from 0 to 9999"),
	BAD_OF("1-16", NUMBER, "0", "'0' is not a number from 1 to 16"),
	BAD_OF("1-16", NUMBER, "17", "'17' is not a number from 1 to 16"),
	BAD_OF("1-16", NUMBER, "two", "'two' is not a number from 1 to 16"),
	BAD_OF("1-16", NUMBER, "", "has no value"),

	GOOD(BYTES, "1K", "1024"),
	GOOD(BYTES, "1k", "1024"),
	GOOD(BYTES, "512M", "536870912"),
	GOOD(BYTES, "40g", "42949672960"),
	GOOD(BYTES, "1T", "1099511627776"),
	GOOD(BYTES, "1048576T", "1152921504606846976"),
	BAD(BYTES, "1048577T", "'1048577T'" BYTES_RULE),
	BAD(BYTES, "18014398509481985K", "'18014398509481985K'" BYTES_RULE),
	BAD(BYTES, "18446744073709551617K", "'18446744073709551617K'" BYTES_RULE),
	BAD(BYTES, "40", "'40'" BYTES_RULE),
	BAD(BYTES, "0", "'0'" BYTES_RULE),
	BAD(BYTES, "0G", "'0G'" BYTES_RULE),
	BAD(BYTES, "010G", "'010G'" BYTES_RULE),
	BAD(BYTES, "512B", "'512B'" BYTES_RULE),
	BAD(BYTES, "5BK", "'5BK'" BYTES_RULE),
	BAD(BYTES, "5KK", "'5KK'" BYTES_RULE),
	BAD(BYTES, "40GB", "'40GB'" BYTES_RULE),
	BAD(BYTES, "40GiB", "'40GiB'" BYTES_RULE),
	BAD(BYTES, "1P", "'1P'" BYTES_RULE),
	BAD(BYTES, "1.5G", "'1.5G'" BYTES_RULE),
	BAD(BYTES, "-1G", "'-1G'" BYTES_RULE),
	BAD(BYTES, "40 G", "'40 G'" BYTES_RULE),
	BAD(BYTES, "G", "'G'" BYTES_RULE),
	BAD(BYTES, "all", "'all'" BYTES_RULE),
	BAD(BYTES, "", "has no value"),

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

	GOOD(CPUS, "0", "0"),
	GOOD(CPUS, "0-3", "0-3"),
	GOOD(CPUS, "7-7", "7-7"),
	GOOD(CPUS, "0-4095", "0-4095"),
	GOOD(CPUS, "0-1, 4,6-7\t9", "0-1|4|6-7|9"),
	GOOD(CPUS, ",0,,1,", "0|1"),
	BAD(CPUS, "4096", "'4096'" CPUS_RULE),
	BAD(CPUS, "0-4096", "'0-4096'" CPUS_RULE),
	BAD(CPUS, "18446744073709551617", "'18446744073709551617'" CPUS_RULE),
	BAD(CPUS, "3-1", "'3-1'" CPUS_RULE),
	BAD(CPUS, "01", "'01'" CPUS_RULE),
	BAD(CPUS, "0-03", "'0-03'" CPUS_RULE),
	BAD(CPUS, "-1", "'-1'" CPUS_RULE),
	BAD(CPUS, "1-", "'1-'" CPUS_RULE),
	BAD(CPUS, "-", "'-'" CPUS_RULE),
	BAD(CPUS, "0-1-2", "'0-1-2'" CPUS_RULE),
	BAD(CPUS, "0 - 3", "'-'" CPUS_RULE),
	BAD(CPUS, "0:3", "'0:3'" CPUS_RULE),
	BAD(CPUS, "0,all", "'all'" CPUS_RULE),
	BAD(CPUS, ",", "has no value"),
	BAD(CPUS, "", "has no value"),

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

	GOOD(RTC, "utc", "utc"),
	GOOD(RTC, "localtime", "localtime"),
	GOOD(RTC, "2024-02-29", "2024-02-29"),
	GOOD(RTC, "2024-02-29T13:00:00", "2024-02-29T13:00:00"),
	GOOD(RTC, "1999-12-31T23:59:59", "1999-12-31T23:59:59"),
	BAD(RTC, "2023-02-29", "'2023-02-29'" RTC_RULE),
	BAD(RTC, "2024-13-01", "'2024-13-01'" RTC_RULE),
	BAD(RTC, "2024-00-01", "'2024-00-01'" RTC_RULE),
	BAD(RTC, "0000-01-01", "'0000-01-01'" RTC_RULE),
	BAD(RTC, "2024-2-29", "'2024-2-29'" RTC_RULE),
	BAD(RTC, "2024-02-29T24:00:00", "'2024-02-29T24:00:00'" RTC_RULE),
	BAD(RTC, "2024-02-29T13:60:00", "'2024-02-29T13:60:00'" RTC_RULE),
	BAD(RTC, "2024-02-29T13:00", "'2024-02-29T13:00'" RTC_RULE),
	BAD(RTC, "2024-02-29T13:00:00Z", "'2024-02-29T13:00:00Z'" RTC_RULE),
	BAD(RTC, "2024-02-29 13:00:00", "'2024-02-29 13:00:00'" RTC_RULE),
	BAD(RTC, "20240229", "'20240229'" RTC_RULE),
	BAD(RTC, "UTC", "'UTC'" RTC_RULE),
	BAD(RTC, "utc,clock=vm", "'utc,clock=vm'" RTC_RULE),
	BAD(RTC, "", "has no value"),

	GOOD(UUID, "7d444840-9dc0-11d1-b245-5ffdce74fad2", "7d444840-9dc0-11d1-b245-5ffdce74fad2"),
	GOOD(UUID, "7D444840-9DC0-11D1-B245-5FFDCE74FAD2", "7d444840-9dc0-11d1-b245-5ffdce74fad2"),
	BAD(UUID, "7d444840-9dc0-11d1-b245-5ffdce74fad",
		"'7d444840-9dc0-11d1-b245-5ffdce74fad'" UUID_RULE),
	BAD(UUID, "7d444840-9dc0-11d1-b245-5ffdce74fad22",
		"'7d444840-9dc0-11d1-b245-5ffdce74fad22'" UUID_RULE),
	BAD(UUID, "7d444840-9dc0-11d1-b245-5ffdce74fadg",
		"'7d444840-9dc0-11d1-b245-5ffdce74fadg'" UUID_RULE),
	BAD(UUID, "{7d444840-9dc0-11d1-b245-5ffdce74fad2}",
		"'{7d444840-9dc0-11d1-b245-5ffdce74fad2}'" UUID_RULE),
	BAD(UUID, "7d4448409dc011d1b2455ffdce74fad2",
		"'7d4448409dc011d1b2455ffdce74fad2'" UUID_RULE),
	BAD(UUID, "random", "'random'" UUID_RULE),
	BAD(UUID, "", "has no value"),

	GOOD(RESOLUTION, "1920x1080", "1920x1080"),
	GOOD(RESOLUTION, "1x1", "1x1"),
	GOOD(RESOLUTION, "16384x16384", "16384x16384"),
	BAD(RESOLUTION, "16385x1", "'16385x1'" RESOLUTION_RULE),
	BAD(RESOLUTION, "1x16385", "'1x16385'" RESOLUTION_RULE),
	BAD(RESOLUTION, "0x600", "'0x600'" RESOLUTION_RULE),
	BAD(RESOLUTION, "800x0", "'800x0'" RESOLUTION_RULE),
	BAD(RESOLUTION, "0800x600", "'0800x600'" RESOLUTION_RULE),
	BAD(RESOLUTION, "x600", "'x600'" RESOLUTION_RULE),
	BAD(RESOLUTION, "800x", "'800x'" RESOLUTION_RULE),
	BAD(RESOLUTION, "800", "'800'" RESOLUTION_RULE),
	BAD(RESOLUTION, "x", "'x'" RESOLUTION_RULE),
	BAD(RESOLUTION, "800X600", "'800X600'" RESOLUTION_RULE),
	BAD(RESOLUTION, "800 x 600", "'800 x 600'" RESOLUTION_RULE),
	BAD(RESOLUTION, "800x600x32", "'800x600x32'" RESOLUTION_RULE),
	BAD(RESOLUTION, "800,600", "'800,600'" RESOLUTION_RULE),
	BAD(RESOLUTION, "1080p", "'1080p'" RESOLUTION_RULE),
	BAD(RESOLUTION, "", "has no value"),

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
	BAD(PATH, "${}/x", "'${}/x' has a ${} without a name"),
	BAD(PATH, "/a/${BREAK}", "the variable BREAK holds a control character"),
	BAD(PATH, "${unclosed", "'${unclosed' has no '}' after its '${'"),
	BAD(PATH, "", "has no value"),

	GOOD(ICON, "computer", "computer"),
	GOOD(ICON, "org.gnome.Boxes", "org.gnome.Boxes"),
	GOOD(ICON, "vm.png", DIRECTORY "/vm.png"),
	GOOD(ICON, "vm.svg", DIRECTORY "/vm.svg"),
	GOOD(ICON, "vm.xpm", DIRECTORY "/vm.xpm"),
	GOOD(ICON, "./computer", DIRECTORY "/./computer"),
	GOOD(ICON, "~/a, b", "/home/some body/a, b"),
	GOOD(ICON, "${VMS}/x", "/srv/v m,s/x"),
	BAD(ICON, "my computer", "'my computer'" DEVICE_RULE),
	BAD(ICON, "vm.png,", "'vm.png,'" DEVICE_RULE),
	BAD(ICON, "~bob/x", "'~bob/x'" TILDE_RULE),
	BAD(ICON, "", "has no value"),

	GOOD(ENDPOINT, "/run/vm.sock", "/run/vm.sock"),
	GOOD(ENDPOINT, "vm.sock", DIRECTORY "/vm.sock"),
	GOOD(ENDPOINT, "./a:b", DIRECTORY "/./a:b"),
	GOOD(ENDPOINT, "/run/a:1", "/run/a:1"),
	GOOD(ENDPOINT, "~/a, b.sock", "/home/some body/a, b.sock"),
	GOOD(ENDPOINT, "${VMS}/x.sock", "/srv/v m,s/x.sock"),
	GOOD(ENDPOINT, "${DISK}", DIRECTORY "/root"),
	GOOD(ENDPOINT, "5901.sock", DIRECTORY "/5901.sock"),
	GOOD(ENDPOINT, "127.0.0.1:5901", "127.0.0.1:5901"),
	GOOD(ENDPOINT, "0.0.0.0:1", "0.0.0.0:1"),
	GOOD(ENDPOINT, ":65535", "127.0.0.1:65535"),
	GOOD(ENDPOINT, "[::1]:5901", "[::1]:5901"),
	GOOD(ENDPOINT, "[fd00::a]:5901", "[fd00::a]:5901"),
	BAD(ENDPOINT, "5901", "'5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "127.0.0.1:0", "'127.0.0.1:0'" ENDPOINT_RULE),
	BAD(ENDPOINT, "127.0.0.1:65536", "'127.0.0.1:65536'" ENDPOINT_RULE),
	BAD(ENDPOINT, "127.0.0.1:05901", "'127.0.0.1:05901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "127.0.0.1:", "'127.0.0.1:'" ENDPOINT_RULE),
	BAD(ENDPOINT, "127.0.0.1:vnc", "'127.0.0.1:vnc'" ENDPOINT_RULE),
	BAD(ENDPOINT, "127.0.0.1:5901,to=9", "'127.0.0.1:5901,to=9'" ENDPOINT_RULE),
	BAD(ENDPOINT, "127.0.0.256:5901", "'127.0.0.256:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "127.1:5901", "'127.1:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "010.0.0.1:5901", "'010.0.0.1:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "localhost:5901", "'localhost:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, ":", "':'" ENDPOINT_RULE),
	BAD(ENDPOINT, "::1:5901", "'::1:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "[::1]", "'[::1]'" ENDPOINT_RULE),
	BAD(ENDPOINT, "[::1]5901", "'[::1]5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "[]:5901", "'[]:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "[:5901", "'[:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "[127.0.0.1]:5901", "'[127.0.0.1]:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "[fe80::1%lo]:5901", "'[fe80::1%lo]:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "[::1],x:5901", "'[::1],x:5901'" ENDPOINT_RULE),
	BAD(ENDPOINT, "unix:/run/vm.sock", "'unix:/run/vm.sock'" ENDPOINT_RULE),
	BAD(ENDPOINT, "tcp::1234,server=on", "'tcp::1234,server=on'" ENDPOINT_RULE),
	BAD(ENDPOINT, "~bob/vm.sock", "'~bob/vm.sock'" TILDE_RULE),
	BAD(ENDPOINT, "${UNSET}/vm.sock", "the variable UNSET is not set"),
	BAD(ENDPOINT, "${unclosed", "'${unclosed' has no '}' after its '${'"),
	BAD(ENDPOINT, "", "has no value"),

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

	GOOD(HOSTNAME, "myvm", "myvm"),
	GOOD(HOSTNAME, "My-VM.example.org", "My-VM.example.org"),
	GOOD(HOSTNAME, "4", "4"),
	GOOD(HOSTNAME, TEN TEN TEN TEN TEN TEN "abc", TEN TEN TEN TEN TEN TEN "abc"),
	GOOD(HOSTNAME, TEN TEN TEN ".a." TEN TEN TEN "a", TEN TEN TEN ".a." TEN TEN TEN "a"),
	BAD(HOSTNAME, TEN TEN TEN ".a." TEN TEN TEN "aa",
		"'" TEN TEN TEN ".a." TEN TEN TEN "aa'" HOSTNAME_RULE),
	BAD(HOSTNAME, TEN TEN TEN TEN TEN TEN "abcd",
		"'" TEN TEN TEN TEN TEN TEN "abcd'" HOSTNAME_RULE),
	BAD(HOSTNAME, "-a", "'-a'" HOSTNAME_RULE),
	BAD(HOSTNAME, "a-", "'a-'" HOSTNAME_RULE),
	BAD(HOSTNAME, "a.", "'a.'" HOSTNAME_RULE),
	BAD(HOSTNAME, "a..b", "'a..b'" HOSTNAME_RULE),
	BAD(HOSTNAME, "my vm", "'my vm'" HOSTNAME_RULE),
	BAD(HOSTNAME, "my_vm", "'my_vm'" HOSTNAME_RULE),
	BAD(HOSTNAME, "a:b", "'a:b'" HOSTNAME_RULE),
	BAD(HOSTNAME, "\xc3\xa9", "'\xc3\xa9'" HOSTNAME_RULE),
	BAD(HOSTNAME, "", "has no value"),

	GOOD(USER, "ada", "ada"),
	GOOD(USER, "_apt", "_apt"),
	GOOD(USER, "Ada.Love-lace_2", "Ada.Love-lace_2"),
	GOOD(USER, TEN TEN TEN "aa", TEN TEN TEN "aa"),
	BAD(USER, TEN TEN TEN "aaa", "'" TEN TEN TEN "aaa'" USER_RULE),
	BAD(USER, "1ada", "'1ada'" USER_RULE),
	BAD(USER, "-ada", "'-ada'" USER_RULE),
	BAD(USER, "ada lovelace", "'ada lovelace'" USER_RULE),
	BAD(USER, "ada:x", "'ada:x'" USER_RULE),
	BAD(USER, "ada\"", "'ada\"'" USER_RULE),
	BAD(USER, "", "has no value"),

	GOOD(PATHS, "a.pub", DIRECTORY "/a.pub"),
	GOOD(PATHS, "a b.pub , /c.pub,~/d", DIRECTORY "/a b.pub|/c.pub|/home/some body/d"),
	BAD(PATHS, "a.pub,", COMMA_RULE),
	BAD(PATHS, ",a.pub", COMMA_RULE),
	BAD(PATHS, "a,,b", COMMA_RULE),
	BAD(PATHS, "a,${UNSET}/b", "the variable UNSET is not set"),
	BAD(PATHS, "", "has no value"),

	GOOD(HOSTS, "192.168.50.2", "192.168.50.2/32"),
	GOOD(HOSTS, "fd00:5A17:0::2", "fd00:5a17::2/128"),
	GOOD(HOSTS, "192.168.50.2, fd00::2", "192.168.50.2/32 fd00::2/128"),
	GOOD(HOSTS, "fd00::2\t192.168.50.2,", "fd00::2/128 192.168.50.2/32"),
	GOOD(HOSTS, "223.255.255.254", "223.255.255.254/32"),
	GOOD(HOSTS, "126.0.0.1", "126.0.0.1/32"),
	GOOD(HOSTS, "169.253.0.1", "169.253.0.1/32"),
	GOOD(HOSTS, "fec0::1", "fec0::1/128"),
	BAD(HOSTS, "192.168.50.2/24", "'192.168.50.2/24'" HOST_RULE),
	BAD(HOSTS, "fd00::2/64", "'fd00::2/64'" HOST_RULE),
	BAD(HOSTS, "192.168.50", "'192.168.50'" HOST_RULE),
	BAD(HOSTS, "192.168.050.2", "'192.168.050.2'" HOST_RULE),
	BAD(HOSTS, "fd00::2%eth0", "'fd00::2%eth0'" HOST_RULE),
	BAD(HOSTS, "guest", "'guest'" HOST_RULE),
	BAD(HOSTS, "0.0.0.0", "'0.0.0.0'" HOST_RULE),
	BAD(HOSTS, "127.0.0.1", "'127.0.0.1'" HOST_RULE),
	BAD(HOSTS, "169.254.1.2", "'169.254.1.2'" HOST_RULE),
	BAD(HOSTS, "224.0.0.1", "'224.0.0.1'" HOST_RULE),
	BAD(HOSTS, "255.255.255.255", "'255.255.255.255'" HOST_RULE),
	BAD(HOSTS, "::", "'::'" HOST_RULE),
	BAD(HOSTS, "::1", "'::1'" HOST_RULE),
	BAD(HOSTS, "::ffff:192.168.50.2", "'::ffff:192.168.50.2'" HOST_RULE),
	BAD(HOSTS, "fe80::2", "'fe80::2'" HOST_RULE),
	BAD(HOSTS, "febf::2", "'febf::2'" HOST_RULE),
	BAD(HOSTS, "ff02::1", "'ff02::1'" HOST_RULE),
	BAD(HOSTS, "192.168.50.2, 192.168.50.3", "'192.168.50.3'" HOSTS_RULE),
	BAD(HOSTS, "fd00::2 fd00::3", "'fd00::3'" HOSTS_RULE),
	BAD(HOSTS, "192.168.50.2, fd00::2, 192.168.50.3", "'192.168.50.3'" HOSTS_RULE),
	BAD(HOSTS, ",", "has no value"),
	BAD(HOSTS, "", "has no value"),

	GOOD(ROUTES, "198.51.100.0/24", "198.51.100.0/24"),
	GOOD(ROUTES, "198.51.100.0/24 via 192.168.50.2", "198.51.100.0/24 via 192.168.50.2"),
	GOOD(ROUTES, "10.0.0.0/8,198.51.100.0/24\tvia  192.168.50.2 , fd00:1::/48 via fd00::2,",
		"10.0.0.0/8|198.51.100.0/24 via 192.168.50.2|fd00:1::/48 via fd00::2"),
	GOOD(ROUTES, "0.0.0.0/0", "0.0.0.0/0"), /* what a route may lead to is for others to say */
	BAD(ROUTES, "198.51.100.0", "'198.51.100.0'" ROUTE_RULE),
	BAD(ROUTES, "198.51.100.0/33", "'198.51.100.0/33'" ROUTE_RULE),
	BAD(ROUTES, "default", "'default'" ROUTE_RULE),
	BAD(ROUTES, "10.0.0.0/8 192.168.50.2", "'10.0.0.0/8 192.168.50.2'" ROUTE_RULE),
	BAD(ROUTES, "10.0.0.0/8 via", "'10.0.0.0/8 via'" ROUTE_RULE),
	BAD(ROUTES, "10.0.0.0/8 dev tap0", "'10.0.0.0/8 dev tap0'" ROUTE_RULE),
	BAD(ROUTES, "10.0.0.0/8 via fd00::2", "'10.0.0.0/8 via fd00::2'" ROUTE_RULE),
	BAD(ROUTES, "10.0.0.0/8 via 10.0.0.1/32", "'10.0.0.0/8 via 10.0.0.1/32'" ROUTE_RULE),
	BAD(ROUTES, "10.0.0.0/8 via 127.0.0.1", "'10.0.0.0/8 via 127.0.0.1'" ROUTE_RULE),
	BAD(ROUTES, "10.0.0.0/8, via 10.0.0.1", "'via 10.0.0.1'" ROUTE_RULE),
	BAD(ROUTES, " , ", "has no value"),
	BAD(ROUTES, "", "has no value"),

	GOOD(UPLINK, "on", "on"),
	GOOD(UPLINK, "Yes", "on"),
	GOOD(UPLINK, "1", "on"),
	GOOD(UPLINK, "off", "off"),
	GOOD(UPLINK, "FALSE", "off"),
	GOOD(UPLINK, "eth0", "eth0"),
	GOOD(UPLINK, "enp3s0.12", "enp3s0.12"),
	BAD(UPLINK, "eth0 eth1", "'eth0 eth1'" UPLINK_RULE),
	BAD(UPLINK, "eth0,eth1", "'eth0,eth1'" UPLINK_RULE),
	BAD(UPLINK, "../x", "'../x'" UPLINK_RULE),
	BAD(UPLINK, "", "has no value"),

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

	GOOD(USB_HOSTS, "046d:c52b", "vendorid=0x046d,productid=0xc52b"),
	GOOD(USB_HOSTS, "046D:C52B", "vendorid=0x046d,productid=0xc52b"),
	GOOD(USB_HOSTS, "1-2", "hostbus=1,hostport=2"),
	GOOD(USB_HOSTS, "127-1.2.3.4", "hostbus=127,hostport=1.2.3.4"),
	GOOD(USB_HOSTS, "ffff:ffff, 1-1,,",
		"vendorid=0xffff,productid=0xffff|hostbus=1,hostport=1"),
	BAD(USB_HOSTS, "0000:0000", "'0000:0000'" USB_RULE),
	BAD(USB_HOSTS, "0000:c52b", "'0000:c52b'" USB_RULE),
	BAD(USB_HOSTS, "046d:0000", "'046d:0000'" USB_RULE),
	BAD(USB_HOSTS, "46d:c52b", "'46d:c52b'" USB_RULE),
	BAD(USB_HOSTS, "046d:c52", "'046d:c52'" USB_RULE),
	BAD(USB_HOSTS, "046d:c52bb", "'046d:c52bb'" USB_RULE),
	BAD(USB_HOSTS, "0x46:0xc5", "'0x46:0xc5'" USB_RULE),
	BAD(USB_HOSTS, "046d:c52g", "'046d:c52g'" USB_RULE),
	BAD(USB_HOSTS, "046d:c52b:1", "'046d:c52b:1'" USB_RULE),
	BAD(USB_HOSTS, "046d", "'046d'" USB_RULE),
	BAD(USB_HOSTS, "046d:", "'046d:'" USB_RULE),
	BAD(USB_HOSTS, ":c52b", "':c52b'" USB_RULE),
	BAD(USB_HOSTS, "0-1", "'0-1'" USB_RULE),
	BAD(USB_HOSTS, "1-0", "'1-0'" USB_RULE),
	BAD(USB_HOSTS, "128-1", "'128-1'" USB_RULE),
	BAD(USB_HOSTS, "1-128", "'1-128'" USB_RULE),
	BAD(USB_HOSTS, "01-2", "'01-2'" USB_RULE),
	BAD(USB_HOSTS, "1-02", "'1-02'" USB_RULE),
	BAD(USB_HOSTS, "1-", "'1-'" USB_RULE),
	BAD(USB_HOSTS, "-1", "'-1'" USB_RULE),
	BAD(USB_HOSTS, "1-2.", "'1-2.'" USB_RULE),
	BAD(USB_HOSTS, "1-.2", "'1-.2'" USB_RULE),
	BAD(USB_HOSTS, "1-2..3", "'1-2..3'" USB_RULE),
	BAD(USB_HOSTS, "1-2:1.0", "'1-2:1.0'" USB_RULE),
	BAD(USB_HOSTS, "1.2", "'1.2'" USB_RULE),
	BAD(USB_HOSTS, "046d:c52b, mouse", "'mouse'" USB_RULE),
	BAD(USB_HOSTS, " , ", "has no value"),
	BAD(USB_HOSTS, "", "has no value"),

	GOOD(PCI, "0000:01:00.0", "0000:01:00.0"),
	GOOD(PCI, "01:00.0", "0000:01:00.0"),
	GOOD(PCI, "FFFF:FF:1F.7", "ffff:ff:1f.7"),
	GOOD(PCI, "0A:1f.7", "0000:0a:1f.7"),
	BAD(PCI, "0000:01:20.0", "'0000:01:20.0'" PCI_RULE),
	BAD(PCI, "0000:01:00.8", "'0000:01:00.8'" PCI_RULE),
	BAD(PCI, "01:00.8", "'01:00.8'" PCI_RULE),
	BAD(PCI, "1:00.0", "'1:00.0'" PCI_RULE),
	BAD(PCI, "001:00.0", "'001:00.0'" PCI_RULE),
	BAD(PCI, "10000:01:00.0", "'10000:01:00.0'" PCI_RULE),
	BAD(PCI, "0000:01:00", "'0000:01:00'" PCI_RULE),
	BAD(PCI, "0000:01:00.", "'0000:01:00.'" PCI_RULE),
	BAD(PCI, "0000:01:00.00", "'0000:01:00.00'" PCI_RULE),
	BAD(PCI, "0000:01.00:0", "'0000:01.00:0'" PCI_RULE),
	BAD(PCI, "0000.01:00.0", "'0000.01:00.0'" PCI_RULE),
	BAD(PCI, "0000:01:00:0", "'0000:01:00:0'" PCI_RULE),
	BAD(PCI, "0000:01:0g.0", "'0000:01:0g.0'" PCI_RULE),
	BAD(PCI, "01:00.0,x=1", "'01:00.0,x=1'" PCI_RULE),
	BAD(PCI, " 01:00.0", "' 01:00.0'" PCI_RULE),
	BAD(PCI, "gpu", "'gpu'" PCI_RULE),
	BAD(PCI, "", "has no value"),

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

	/* command */
	GOOD(COMMAND, "true", "true"),
	GOOD(COMMAND, "logger -t 'my vm' ~/x $HOME", "logger|-t|my vm|~/x|$HOME"),
	GOOD(COMMAND, "/bin/a b", "/bin/a|b"),
	GOOD(COMMAND, "~/a b/c", "/home/some body/a|b/c"),
	GOOD(COMMAND, "'${VMS}/a b' c", "/srv/v m,s/a b|c"),
	GOOD(COMMAND, "./a", DIRECTORY "/./a"),
	BAD(COMMAND, "'' a", "begins with nothing, where the program would be"),
	BAD(COMMAND, "a 'b", UNSPLIT),
	BAD(COMMAND, "a #b", COMMENT_RULE),
	BAD(COMMAND, "${UNSET}/a", "the variable UNSET is not set"),
	BAD(COMMAND, "~bob/a", "'~bob/a': only ~/ is known, for your own home directory"),
	BAD(COMMAND, "", "has no value"),
};

static const char *const type_names[] = {
	[VALUE_TEXT] = "text",
	[VALUE_NAME] = "name",
	[VALUE_OPTION] = "option",
	[VALUE_DEVICE] = "device",
	[VALUE_WORD] = "word",
	[VALUE_BOOLEAN] = "boolean",
	[VALUE_NUMBER] = "number",
	[VALUE_MIB] = "mib",
	[VALUE_BYTES] = "bytes",
	[VALUE_ACCEL] = "accel",
	[VALUE_SMP] = "smp",
	[VALUE_CPUS] = "cpus",
	[VALUE_HOSTNAME] = "hostname",
	[VALUE_USER] = "user",
	[VALUE_ORDER] = "order",
	[VALUE_RTC] = "rtc",
	[VALUE_UUID] = "uuid",
	[VALUE_RESOLUTION] = "resolution",
	[VALUE_PATH] = "path",
	[VALUE_PATHS] = "paths",
	[VALUE_ENDPOINT] = "endpoint",
	[VALUE_ICON] = "icon",
	[VALUE_INCLUDES] = "includes",
	[VALUE_MAC] = "mac",
	[VALUE_IFNAME] = "ifname",
	[VALUE_ADDRESSES] = "addresses",
	[VALUE_HOSTS] = "hosts",
	[VALUE_ROUTES] = "routes",
	[VALUE_UPLINK] = "uplink",
	[VALUE_HOSTFWDS] = "hostfwds",
	[VALUE_USB_HOSTS] = "usb-hosts",
	[VALUE_PCI] = "pci",
	[VALUE_ARGS] = "args",
	[VALUE_COMMAND] = "command",
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

static char *print_routes(const GArray *routes)
{
	g_autoptr(GString) all = g_string_new(NULL);

	for (guint i = 0; i < routes->len; i++) {
		const ProfileRoute *route = &g_array_index(routes, ProfileRoute, i);
		g_autofree char *to = value_host_text(&route->to);
		g_autofree char *via = route->via.family ? value_host_text(&route->via) : NULL;

		g_string_append_printf(all, "%s%s/%u%s%s", i ? "|" : "", to, route->to.prefix_len,
			via ? " via " : "", via ? via : "");
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
	case VALUE_BYTES:
		return g_strdup_printf("%" G_GUINT64_FORMAT, slot->bytes);
	case VALUE_ADDRESSES:
	case VALUE_HOSTS:
		return print_addresses(slot->addresses);
	case VALUE_ROUTES:
		return print_routes(slot->addresses);
	case VALUE_CPUS:
	case VALUE_PATHS:
	case VALUE_HOSTFWDS:
	case VALUE_USB_HOSTS:
	case VALUE_ARGS:
	case VALUE_COMMAND:
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
	if (row->type != VALUE_BOOLEAN && row->type != VALUE_MIB && row->type != VALUE_BYTES)
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
	for (guint type = 0; type <= VALUE_COMMAND; type++) {
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
	g_setenv("BREAK", "a\nb", TRUE);
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
