#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Makes sure that this machine has what the build and the demo need (`packages.sh demo`), or what
# the tests need as well (`packages.sh check`), and installs the packages that are missing. It
# looks for the things themselves, so it is silent and takes milliseconds when all are there.
# Exit status: 69 when something has to be installed by hand, 64 for a wrong command line.
set -u

# A need is a command, a header (.h; alone or in a directory of its name), a pkg-config module
# (.pc), a Perl module (::), a shared library (.so), an iPXE image (.lkrn), a driver of an installed
# Linux kernel, for a guest (.ko), the descriptor of a UEFI firmware for an architecture (.json), or
# a module of QEMU (.qemu). The cell of a distribution names the package that has it; "-": not
# packaged; ".": not looked for, since it comes with another package of the column or is done
# without (mandoc on Arch would replace man-db; Alpine's gcc has no sanitizers, and it has no UEFI
# for other architectures; Debian 12 has virtiofsd in qemu-system-common). Alpine's alpine-ipxe
# boots only Alpine's own script.
needs='
#need          apt              dnf               pacman          zypper             apk
demo:
cc             gcc              gcc               gcc             gcc                gcc
stdio.h        libc6-dev        glibc-devel       .               glibc-devel        musl-dev
linux/if_tun.h linux-libc-dev   kernel-headers    .               linux-glibc-devel  linux-headers
pkg-config     pkg-config       pkgconfig         pkgconf         pkg-config         pkgconf
glib-2.0.pc    libglib2.0-dev   glib2-devel       glib2           glib2-devel        glib-dev
json-glib-1.0.pc libjson-glib-dev json-glib-devel json-glib        json-glib-devel    json-glib-dev
libnl-3.0.pc   libnl-3-dev      libnl3-devel      libnl           libnl3-devel       libnl3-dev
libmnl.pc      libmnl-dev       libmnl-devel      libmnl          libmnl-devel       libmnl-dev
libnftnl.pc    libnftnl-dev     libnftnl-devel    libnftnl        libnftnl-devel     libnftnl-dev
libseccomp.pc  libseccomp-dev   libseccomp-devel  libseccomp      libseccomp-devel   libseccomp-dev
iniparser.h    libiniparser-dev iniparser-devel   iniparser       libiniparser-devel iniparser-dev
qemu-system-x86_64 qemu-system-x86 qemu-system-x86 qemu-system-x86 qemu-x86 qemu-system-x86_64
ipxe.lkrn      ipxe             ipxe-bootimgs-x86 ipxe            ipxe-bootimgs      -
ip             iproute2         iproute           iproute2        iproute2           iproute2
ping           iputils-ping     iputils           iputils         iputils            iputils-ping
unshare        util-linux       util-linux        util-linux      util-linux         util-linux-misc
check:
prove          perl             perl-Test-Harness perl            perl               perl-utils
Test::More     .                perl-Test-Simple  .               .                  .
IO::Socket     .                perl-IO           .               .                  .
IO::Socket::IP .                perl-IO-Socket-IP .               .                  .
JSON::PP       .                perl-JSON-PP      .               .                  .
strace         strace           strace            strace          strace             strace
nft            nftables         nftables          nftables        nftables           nftables
iptables       iptables         iptables-nft      iptables        iptables           iptables
setcap         libcap2-bin      libcap            libcap          libcap-progs       libcap-setcap
sudo           sudo             sudo              sudo            sudo               sudo
doas           opendoas         opendoas          opendoas        opendoas           doas
pkexec         pkexec           polkit            polkit          pkexec             polkit
mandoc         mandoc           mandoc            .               mandoc-bin         mandoc
qemu-img       qemu-utils       qemu-img          qemu-img        qemu-img           qemu-img
xorriso        xorriso          xorriso           libisoburn      xorriso            xorriso
busybox        busybox          busybox           busybox         busybox            busybox
qemu-system-aarch64 qemu-system-arm qemu-system-aarch64 qemu-system-aarch64 qemu-arm qemu-system-aarch64
x86_64.json    ovmf             edk2-ovmf         edk2-ovmf       qemu-ovmf-x86_64   ovmf
aarch64.json   qemu-efi-aarch64 edk2-aarch64      edk2-aarch64    qemu-uefi-aarch64  .
dnsmasq        dnsmasq-base     dnsmasq           dnsmasq         dnsmasq            dnsmasq
dhcpcd         dhcpcd-base      dhcpcd            dhcpcd          dhcpcd             dhcpcd
swtpm          swtpm            swtpm             swtpm           swtpm              swtpm
passt          passt            passt             passt           passt              passt
virtiofsd      .                virtiofsd         virtiofsd       virtiofsd          virtiofsd
systemd-networkd systemd        systemd-networkd  systemd         systemd-network    .
systemd-analyze systemd         systemd           systemd         systemd            .
bash-completion.pc bash-completion bash-completion bash-completion bash-completion  bash-completion
zsh            zsh              zsh               zsh             zsh                zsh
fish           fish             fish              fish            fish               fish
ui-gtk.qemu    qemu-system-gui  .                 .               .                  .
libEGL.so      libegl1          .                 .               .                  .
Xvfb           xvfb             xorg-x11-server-Xvfb xorg-server-xvfb xorg-x11-server-Xvfb xvfb
dbus-daemon    dbus-daemon      dbus-daemon       dbus            dbus-1-daemon      dbus
gdbus          libglib2.0-bin   glib2             glib2           glib2-tools        glib
desktop-file-validate desktop-file-utils desktop-file-utils desktop-file-utils desktop-file-utils desktop-file-utils
update-mime-database shared-mime-info shared-mime-info shared-mime-info shared-mime-info shared-mime-info
xwininfo       x11-utils        xwininfo          xorg-xwininfo   xwininfo           xwininfo
xdg-mime       xdg-utils        xdg-utils         xdg-utils       xdg-utils          xdg-utils
dunst          dunst            dunst             dunst           dunst              dunst
e1000.ko       linux-image-amd64 kernel-modules   linux           kernel-default     linux-lts
libasan.so     .                libasan           .               .                  .
libubsan.so    .                libubsan          .               .                  .
'

find_manager() {
	ID='' ID_LIKE='' manager=''
	# shellcheck source=/dev/null
	[ ! -r /etc/os-release ] || . /etc/os-release
	case " $ID $ID_LIKE " in
	*' debian '*) manager='apt-get' ;;
	*' fedora '* | *' rhel '*) manager=dnf ;;
	*' arch '*) manager=pacman ;;
	*suse*) manager=zypper ;;
	*' alpine '*) manager=apk ;;
	esac
	command -v "${manager:-none}" >/dev/null || manager=''
}

# Alpine has an ip, a ping and an unshare from the start: BusyBox's, which are not enough.
command_present() {
	command -v "$1" >/dev/null || return
	# shellcheck disable=SC3013 # dash, bash and BusyBox have -ef, and POSIX since 2024
	[ "$manager" != apk ] || ! [ "$(command -v "$1")" -ef /bin/busybox ]
}

# The compiler is asked only where headers are not in the usual place: that takes 20 ms.
header_present() {
	own=${1%.h}/$1
	any_present "/usr/include/$1" "/usr/include/$own" ||
		printf '#if !__has_include(<%s>) && !__has_include(<%s>)\n#error\n#endif\n' \
			"$1" "$own" | $cc -E - >/dev/null 2>&1
}

any_present() {
	for file; do
		[ ! -e "$file" ] || return 0
	done
	return 1
}

present() {
	case $1 in
	*.h) header_present "$1" ;;
	*.pc) ${PKG_CONFIG:-pkg-config} --exists "${1%.pc}" 2>/dev/null ;;
	*::*) perl -e "require $1" 2>/dev/null ;;
	*.so) any_present /usr/lib*/"$1".* /usr/lib/*/"$1".* ;;
	*.ko) any_present /lib/modules/*/kernel/drivers/net/ethernet/intel/*/"$1"* ;;
	*.json) cat /usr/share/qemu/firmware/*.json 2>/dev/null |
		grep -q "\"architecture\": *\"${1%.json}\"" ;;
	*.qemu) any_present /usr/lib*/qemu/"${1%.qemu}".so /usr/lib/*/qemu/"${1%.qemu}".so ;;
	*.lkrn) any_present /usr/lib/ipxe/"$1" /boot/"$1" /usr/share/ipxe/"$1" ;;
	cc) command_present "${cc%% *}" ;;
	virtiofsd) command_present "$1" ||
		any_present /usr/libexec/"$1" /usr/lib/"$1" /usr/lib/*/"$1" ;;
	systemd-networkd) any_present /usr/lib/systemd/"$1" /lib/systemd/"$1" ;;
	busybox) command -v "$1" >/dev/null ;;
	*) command_present "$1" ;;
	esac
}

# Sets packages to those that would fill what is missing (the bare needs where the package
# manager is not known), and unpackaged to the needs for which there is none.
look() {
	packages='' unpackaged=''
	while read -r need apt dnf pacman zypper apk; do
		case $stage:$need in
		demo:check:) break ;;
		*: | *:'#'*) continue ;;
		esac
		case $manager in
		apt-get) package=$apt ;;
		dnf) package=$dnf ;;
		pacman) package=$pacman ;;
		zypper) package=$zypper ;;
		apk) package=$apk ;;
		*) [ "$apt" = . ] && package=. || package=$need ;;
		esac
		if [ "$package" = . ] || present "$need"; then
			continue
		elif [ "$package" = - ]; then
			unpackaged="$unpackaged $need"
		else
			packages="$packages $package"
		fi
	done <<-EOF
		$needs
	EOF
}

give_up() {
	todo=${packages:+; install by hand${manager:+ with $manager}:$packages}
	todo=$todo${unpackaged:+; not packaged for $manager, get by other means:$unpackaged}
	echo "packages.sh: $1$todo" >&2
	exit 69
}

become_root() {
	as_root=''
	[ "$(id -u)" -ne 0 ] || return 0
	command -v sudo >/dev/null || give_up "neither root nor sudo here"
	if [ -t 0 ]; then
		as_root='sudo'
		sudo -p 'packages.sh: to install packages, password for %p: ' true
	else
		as_root='sudo -n'
		sudo -n true 2>/dev/null
	fi || give_up "sudo refuses"
}

# shellcheck disable=SC2086 # $as_root, $apt, $install and $packages are words
install_packages() {
	case $manager in
	apt-get)
		apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -y"
		install="$apt -o DPkg::Lock::Timeout=99 --no-install-recommends --no-remove install"
		# The lists may be missing or so old that their files are gone from the mirror.
		$install $packages || { $apt update && $install $packages; }
		;;
	dnf) $as_root dnf -y --setopt=install_weak_deps=False install $packages ;;
	pacman)
		# Not over lists that are there: an upgrade of a part breaks an Arch system.
		any_present /var/lib/pacman/sync/*.db || $as_root pacman -Sy
		$as_root pacman -S --needed --noconfirm --noprogressbar $packages
		;;
	zypper) $as_root zypper --non-interactive install --no-recommends $packages ;;
	apk) $as_root apk add --update-cache $packages ;;
	esac
}

stage=${1-}
case $#:$stage in
1:demo | 1:check) ;;
*)
	echo "usage: packages.sh demo|check" >&2
	exit 64
	;;
esac

PATH=$PATH:/usr/sbin:/sbin:/usr/bin/core_perl # the last is where Arch has prove
cc=${CC:-cc}
find_manager
look
[ -n "$packages$unpackaged" ] || exit 0
if [ -n "$packages" ]; then
	[ -n "$manager" ] || give_up "this system's package manager is not known"
	become_root
	echo "packages.sh: installing:$packages"
	log=$(mktemp) || exit 69
	trap 'rm -f "$log"' EXIT
	trap 'exit 130' HUP INT TERM
	install_packages </dev/null >"$log" 2>&1 || {
		tail -n 25 "$log" >&2
		give_up "$manager failed"
	}
	look
fi
[ -z "$packages$unpackaged" ] || give_up "still missing"
