#!/bin/sh
# SPDX-License-Identifier: MIT
#
# privilege.sh give|take
#
# Gives the installed helper what it needs to serve others than root, for `make install-privilege`:
# a group that may execute it, its capability, a policy, and an action for pkexec. Or takes exactly
# that away again. The Makefile says where all of it is, in the environment: HELPER, POLICY, ACTION,
# GROUP, DHCP (not empty: what dhcp = on takes, too), and DESTDIR, in which packages are made: what
# cannot be done there is printed, for the package's own script. Whatever fails, nothing is ever
# setuid.
#
# Nothing goes to /run, tmpfiles.d or modules-load.d: the helper keeps no state, and udev makes
# /dev/net/tun for all and loads the module when it is opened.
# shellcheck disable=SC2153 # these come from the Makefile
set -eu

here=$(dirname "$0")
helper=$DESTDIR$HELPER policy=$DESTDIR$POLICY action=$DESTDIR$ACTION
capability=cap_net_admin
[ -z "$DHCP" ] || capability=cap_net_admin,cap_net_bind_service,cap_net_raw
failed=''

say() {
	printf '%s\n' "$1"
}

fail() {
	printf 'privilege.sh: %s\n' "$1" >&2
	failed=1
}

am_root() {
	[ "$(id -u)" -eq 0 ]
}

# ---- who may execute it ----

group_exists() {
	if command -v getent >/dev/null; then
		getent group "$GROUP" >/dev/null
	else
		grep -q "^$GROUP:" /etc/group
	fi
}

make_group() {
	! group_exists || return 0
	if command -v groupadd >/dev/null; then
		groupadd --system "$GROUP"
	else
		addgroup -S "$GROUP"
	fi && say "group $GROUP: made"
}

# "OWNER GROUP MODE" of an administrator who wants them so, or nothing.
override() {
	[ -z "$DESTDIR" ] && command -v dpkg-statoverride >/dev/null || return 0
	dpkg-statoverride --list "$HELPER" 2>/dev/null | cut -d ' ' -f 1-3
}

# Whoever can write to a directory on the way can put another program in the helper's place, and
# pkexec and sudo would run that as root.
check_way() {
	way=$HELPER
	while [ "$way" != / ]; do
		way=$(dirname "$way")
		# shellcheck disable=SC2046 # two words
		set -- $(stat -Lc '%u %A' "$way")
		case $1:$2 in
		[!0]*:* | 0?*:* | *:????????w?)
			fail "$way must be a directory of root that nobody else can write to"
			;;
		*:?????w????) say "warning: the group of $way can replace the helper" ;;
		esac
	done
	[ -z "$failed" ]
}

set_owner() {
	given=$(override)
	# shellcheck disable=SC2086 # three words
	if [ -n "$given" ]; then
		set -- $given
		say "$HELPER: dpkg-statoverride has it $1:$2 $3"
	else
		set -- root "$GROUP" 0750
		make_group
	fi
	chown "$1:$2" "$helper" && chmod "$3" "$helper"
}

# ---- its capability ----

# setcap is content where the kernel will not look at it.
is_nosuid() {
	command -v findmnt >/dev/null &&
		findmnt -nro OPTIONS -T "$helper" | grep -qE '(^|,)nosuid(,|$)'
}

set_capability() {
	if ! command -v setcap >/dev/null; then
		fail "setcap is missing (libcap2-bin, libcap, libcap-progs or libcap-setcap)"
	elif ! why=$(setcap "$capability=p" "$helper" 2>&1); then
		fail "$HELPER gets no capability: $why"
	elif is_nosuid; then
		fail "$HELPER is on a file system mounted nosuid, where its capability is void"
	fi
	[ -z "$failed" ] || say 'Without its capability only root, sudo and pkexec make taps.'
}

# ---- policy and action ----

# Never over that of an administrator.
give_policy() {
	if [ -e "$policy" ] || [ -L "$policy" ]; then
		say "$POLICY: kept as it is"
		return
	fi
	[ -d "${policy%/*}" ] || install -d -m 0755 "${policy%/*}"
	install -m 0644 "$here/policy" "$policy"
	say "$POLICY: says what users may do; look at it"
}

print_action() {
	path=$(printf '%s' "$HELPER" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/[\\&|]/\\&/g')
	sed "s|@helper@|$path|" "$here/polkit.policy.in"
}

give_action() {
	if install -d -m 0755 "${action%/*}" && print_action >"$action.new"; then
		chmod 0644 "$action.new" && mv "$action.new" "$action"
		say "$ACTION: lets pkexec ask for a password on a desktop"
	else
		say "$ACTION: cannot be written; pkexec will not be used"
	fi
}

# ---- give ----

say_rest() {
	user=${SUDO_USER:-YOU}
	join="usermod -aG $GROUP $user"
	command -v usermod >/dev/null || join="addgroup $user $GROUP"
	case " $(id -nG "$user" 2>/dev/null) " in
	*" $GROUP "*) ;;
	*) [ -n "$(override)" ] || say "What remains, for each user: $join, and log in again." ;;
	esac
	say "Then qemu-tapwrap --doctor tells whether all is well."
}

# For a package, where there is no such group, or nobody who could give it a file.
say_package() {
	say "For the package's script, after unpacking:"
	say "	chown root:$GROUP $HELPER"
	say "	chmod 0750 $HELPER"
	say "	setcap $capability=p $HELPER"
}

give() {
	if [ ! -f "$helper" ]; then
		fail "$HELPER is missing; make install comes first"
	elif [ -n "$DESTDIR" ] && ! { am_root && group_exists; }; then
		give_policy
		give_action
		say_package
	elif ! am_root; then
		fail "only root can do that"
	elif [ -n "$DESTDIR" ] || check_way; then
		set_owner
		give_policy
		give_action
		set_capability
		[ -n "$failed" ] || say "$HELPER: has $capability, for $(stat -c %G "$helper")"
		[ -n "$DESTDIR" ] || say_rest
	fi
}

# ---- take ----

take_helper() {
	[ -f "$helper" ] || return 0
	! command -v setcap >/dev/null || setcap -q -r "$helper" 2>/dev/null || :
	if [ -n "$(override)" ]; then
		say "$HELPER: stays as dpkg-statoverride has it, without a capability"
		return
	fi
	! am_root || chown root:root "$helper"
	chmod 0755 "$helper"
}

take_policy() {
	if cmp -s "$here/policy" "$policy"; then
		rm -f "$policy"
		rmdir "${policy%/*}" 2>/dev/null || :
	elif [ -e "$policy" ]; then
		say "$POLICY: is not as it was installed, so it stays"
	fi
}

take() {
	take_helper
	take_policy
	[ -e "$action" ] || return 0
	rm -f "$action"
	rmdir "${action%/*}" "$(dirname "${action%/*}")" 2>/dev/null || :
}

case $#:${1-} in
1:give) give ;;
1:take) take ;;
*)
	echo "usage: privilege.sh give|take" >&2
	exit 64
	;;
esac
[ -z "$failed" ]
