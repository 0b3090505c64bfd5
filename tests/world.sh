#!/bin/sh
# SPDX-License-Identifier: MIT
#
# world.sh STAGE COMMAND [ARGUMENT...]
#
# Runs a command in a world of its own: network, mount and PID namespaces, loopback up, and what
# is staged below STAGE/srv installed in a tmpfs on /srv. Whatever happens in there, and whatever
# it leaves behind, ends with it; the host's network is neither seen nor touched.
#
# As root, or as a user where user namespaces and /dev/net/tun are open to all; else through sudo.

set -eu
PATH=$PATH:/usr/sbin:/sbin

if [ "$1" != --inside ]; then
	stage=$1
	shift
	inside="--mount --net --pid --fork --kill-child --mount-proc sh $0 --inside"
	if [ "$(id -u)" = 0 ]; then
		# shellcheck disable=SC2086
		exec unshare $inside "$stage" "$@"
	elif [ -w /dev/net/tun ] && unshare --user --map-root-user --net true 2>/dev/null; then
		# shellcheck disable=SC2086
		exec unshare --user --map-root-user $inside "$stage" "$@"
	fi
	echo "world.sh: no rights for namespaces and /dev/net/tun: asking sudo" >&2
	# shellcheck disable=SC2086
	exec sudo unshare $inside "$stage" "$@"
fi

stage=$2
shift 2
mount -t tmpfs -o mode=0755 tmpfs /srv
cp -a "$stage/srv/." /srv/
mkdir -p /srv/home /srv/etc/qemu-tapwrap
ip link set lo up
unset XDG_CONFIG_HOME XDG_CONFIG_DIRS SUDO_UID SUDO_GID SUDO_USER PKEXEC_UID DISPLAY WAYLAND_DISPLAY
export HOME=/srv/home PATH="/srv/bin:$PATH"
"$@" # not exec: PID 1 is no place for a test
