#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Proof, run by hand as root, that a newly installed Debian with only make and git gets from a
# clone of this tree (its HEAD) to a finished `make demo` and `make check`:
#	sh tests/fresh-machine.sh [--only demo|check] [SUITE]
# The Debian is debootstrapped below ${TMPDIR:-/var/tmp} from this machine's own apt mirror, or
# from $MIRROR, and is gone at the end. TESTS and TESTS_MUST_RUN are passed on. Exit status: 0 all
# ok, 1 something failed, 64 wrong command line, 69 no debootstrap or mirror, 77 not root.
set -eu

say() {
	echo "fresh-machine: $suite: $*"
}

refuse() {
	say "$2" >&2
	exit "$1"
}

usage() {
	echo "usage: fresh-machine.sh [--only demo|check] [SUITE]" >&2
	exit 64
}

# Runs a command as process 1 of its own world of processes and mounts, none of which outlives
# it. In the background, so that a signal to this script is acted on at once.
apart() {
	unshare --mount --pid --fork --kill-child "$@" &
	child=$!
	status=0
	wait "$child" || status=$?
	child=''
	return "$status"
}

# shellcheck disable=SC2317 # the trap calls it
cleanup() {
	[ -z "$child" ] || kill -KILL "$child" || :
	[ -n "$dir" ] || return 0
	tries=0
	# What was killed may be a moment in dying.
	until rm -rf --one-file-system "$dir" 2>/dev/null || [ "$tries" -eq 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	[ ! -e "$dir" ] || say "could not remove $dir" >&2
}

device() {
	mknod -m 666 "dev/$1" c "$2" "$3" 2>/dev/null || {
		: >"dev/$1"
		mount --bind "/dev/$1" "dev/$1"
	}
}

# In the world that apart() made: mounts what a running system has, makes $root the root (chroot
# would do but for user namespaces, which the kernel refuses to a chrooted process), and runs make.
# A shell stays process 1, to reap orphans. A background job ignores SIGINT; the tests must not.
enter() {
	root=$1
	target=$2
	mount --bind "$root" "$root"
	cd "$root"
	mount -t proc proc proc
	mount -t sysfs -o ro sysfs sys
	mount -t tmpfs -o mode=755 tmpfs run
	mount -t tmpfs -o mode=755 tmpfs dev
	mkdir dev/net dev/pts dev/shm
	mount -t tmpfs -o mode=1777 tmpfs dev/shm
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
	device null 1 3
	device zero 1 5
	device full 1 7
	device random 1 8
	device urandom 1 9
	device tty 5 0
	device net/tun 10 200
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	ln -s fd/0 dev/stdin
	ln -s fd/1 dev/stdout
	ln -s fd/2 dev/stderr
	pivot_root . mnt
	umount -l /mnt
	cd /opt/qemu-tapwrap
	# shellcheck disable=SC2016 # for the inner shell
	exec env -i --default-signal=INT,QUIT HOME=/root TERM="${TERM:-dumb}" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		${TESTS_MUST_RUN+"TESTS_MUST_RUN=$TESTS_MUST_RUN"} ${TESTS+"TESTS=$TESTS"} \
		sh -c 'make "$1"; exit $?' sh "$target"
}

# How apt on this machine reaches the mirror and judges its files, as apt.conf lines.
apt_settings() {
	apt-config dump | grep -iE '^Acquire::(Check-|[a-z]+::(Proxy|CaInfo|Verify-))' || :
	[ -z "${http_proxy-}" ] || echo "Acquire::http::Proxy \"$http_proxy\";"
	[ -z "${https_proxy-}" ] || echo "Acquire::https::Proxy \"$https_proxy\";"
}

install_debian() {
	include=make,git
	case $mirror in
	https:*) include=$include,ca-certificates ;;
	esac
	# debootstrap reads no apt.conf.
	eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
	[ -z "${http_proxy-}" ] || export http_proxy
	[ -z "${https_proxy-}" ] || export https_proxy
	apart debootstrap --variant=minbase --include="$include" "$suite" "$root" "$mirror" \
		>"$dir/log" 2>&1 || {
		tail -n 15 "$dir/log" >&2
		refuse 1 "debootstrap failed"
	}
	apt_settings >"$root/etc/apt/apt.conf.d/99mirror"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	for command in cc gcc qemu-system-x86_64; do
		! chroot "$root" sh -c "command -v $command" ||
			refuse 1 "$command is there before anything was installed"
	done
	git clone --quiet --no-hardlinks "$tree" "$root/opt/qemu-tapwrap"
}

suite=bookworm targets='demo check' dir='' child=''
if [ "${1-}" = --enter ]; then
	enter "$2" "$3"
fi
if [ "${1-}" = --only ]; then
	case ${2-} in
	demo | check) targets=$2 ;;
	*) usage ;;
	esac
	shift 2
fi
case $#:${1-} in
0:) ;;
1:-* | 1:) usage ;;
1:*) suite=$1 ;;
*) usage ;;
esac

[ "$(id -u)" -eq 0 ] || refuse 77 "only root can do this"
command -v debootstrap >/dev/null || refuse 69 "debootstrap is missing: apt-get install debootstrap"
# shellcheck disable=SC2016 # for apt-get
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' | sed -n '/\/debian\/$/{p;q;}')}
[ -n "$mirror" ] || refuse 69 "apt knows no mirror of Debian here: name one in MIRROR"
tree=$(cd "$(dirname "$0")/.." && pwd)
[ -z "$(git -C "$tree" status --porcelain)" ] || say "note: what is not committed is not tried"

trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/fresh-machine.XXXXXX")
root=$dir/root
began=$(date +%s)
install_debian
say "Debian with $(git -C "$tree" rev-parse --short HEAD) ready ($(($(date +%s) - began)) s)"

result='' failed=0
for target in $targets; do
	began=$(date +%s)
	if apart sh "$0" --enter "$root" "$target"; then
		verdict=ok
	else
		verdict="failed with status $status"
		failed=1
	fi
	result="$result, make $target $verdict ($(($(date +%s) - began)) s)"
done
say "${result#, }"
exit "$failed"
