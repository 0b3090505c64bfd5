#!/bin/sh
# SPDX-License-Identifier: MIT
#
# world.sh STAGE COMMAND [ARGUMENT...]
#
# Runs a command in a world of its own: network, mount and PID namespaces, loopback up, and what
# is staged below STAGE/srv installed in a tmpfs on /srv; /run is empty. Whatever happens in there, and whatever
# it leaves behind, ends with it; the host's network is neither seen nor touched.
#
# As root, or as a user where user namespaces and /dev/net/tun are open to all; else through sudo.

set -eu
PATH=$PATH:/usr/sbin:/sbin

namespaces='--mount --net --pid --fork --kill-child --mount-proc'

# shellcheck disable=SC2086 # $namespaces is words
if [ "$1" != --inside ]; then
	if [ "$(id -u)" = 0 ]; then
		exec unshare $namespaces sh "$0" --inside "$@"
	elif [ -w /dev/net/tun ] && unshare --user --map-root-user --net true 2>/dev/null; then
		exec unshare --user --map-root-user $namespaces sh "$0" --inside "$@"
	fi
	echo "world.sh: no rights for namespaces and /dev/net/tun: asking sudo" >&2
	exec sudo env WORLD_INSIDE="${WORLD_INSIDE-}" STAGE="${STAGE-}" \
		TESTS_MUST_RUN="${TESTS_MUST_RUN-}" THOROUGH="${THOROUGH-}" \
		SEED="${SEED-}" unshare $namespaces sh "$0" --inside "$@"
fi

stage=$2
shift 2
mount -t tmpfs -o mode=0755 tmpfs /srv
mount -t tmpfs -o mode=0755 tmpfs /run # where VMs of root are known, if nowhere else
cp -a "$stage/srv/." /srv/
mkdir -p /srv/home /srv/run /srv/etc/qemu-tapwrap
ip link set lo up
unset XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_DATA_HOME XDG_STATE_HOME SUDO_UID SUDO_GID SUDO_USER \
	PKEXEC_UID DISPLAY WAYLAND_DISPLAY
# Without the cache's place Mesa takes the one of the user's home in passwd.
export HOME=/srv/home XDG_CACHE_HOME=/srv/home/.cache XDG_RUNTIME_DIR=/srv/run PATH="/srv/bin:$PATH"
"$@" # not exec: PID 1 is no place for a test
