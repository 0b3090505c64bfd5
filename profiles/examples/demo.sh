#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `make demo`: shows, in a network namespace that tests/world.sh has made, what qemu-tapwrap does
# with demo.ini. Ends with status 1 if anything is not as it says.

set -eu
profile=/srv/share/doc/qemu-tapwrap/examples/demo.ini
guest=192.168.50.2

for IPXE in /usr/lib/ipxe/ipxe.lkrn /boot/ipxe.lkrn /usr/share/ipxe/ipxe.lkrn; do
	[ ! -r "$IPXE" ] || break
done
export IPXE

title() { printf '\n== %s\n' "$*"; }
indent() { sed 's/^/    /'; }
fail() {
	echo "demo: $*" >&2
	exit 1
}
network() {
	ip -o link
	ip -o address
	ip route show table all
}
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

before=$(network)
echo 'This runs in a network namespace of its own: your network is neither used nor changed.'

title 'The profile: profiles/examples/demo.ini'
sed -n '/^\[vm\]/,$p' "$profile" | indent

title 'What it asks of the host, as the commands you would type (qemu-tapwrap --dry-run demo.ini)'
qemu-tapwrap --dry-run "$profile" | sed -n 's/^as_root ip/ip/p' | indent

title 'qemu-tapwrap demo.ini'
start=$(milliseconds)
qemu-tapwrap "$profile" &
vm=$!
trap 'kill -9 $vm 2>/dev/null' EXIT
until ping -c1 -W1 -q $guest >/dev/null 2>&1; do
	kill -0 $vm 2>/dev/null || fail 'the VM has ended'
	[ $(($(milliseconds) - start)) -lt 60000 ] || fail "no answer from $guest in 60 s"
done
echo "    the guest answers at $guest, $(($(milliseconds) - start)) ms after the start"
ping -c3 -i0.2 -q $guest | grep transmitted | indent
echo "    PID $vm is $(cat /proc/$vm/comm) itself; no process of ours is left beside it"
{ ip -o -4 address show dev tw-demo && ip route show dev tw-demo; } | sed 's/ *\\.*//' | indent

title "kill -9 $vm"
kill -9 $vm
wait $vm 2>/dev/null || true
trap - EXIT
[ "$(network)" = "$before" ] || fail "something is left: $(network)"
cat <<'END' | indent
interface tw-demo        gone
address 192.168.50.1/24  gone
route 192.168.50.0/24    gone
The network is byte for byte as it was before; nothing had to clean up.
END
