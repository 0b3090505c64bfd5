#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh DIRECTORY, in the world of tests/world.sh: measures with the programs built there.

set -eu
cp "$1/stub" /srv/bin/qemu-system-x86_64
printf '[nic]\nifname = tap0\naddress = 192.168.50.1/24\n' >/srv/bench.ini
"$1/bench" "${ROUNDS:-200}" /srv/bench.ini "$1/raw"
echo
echo "memory while the VM runs: QEMU's own; processes of ours then:"
printf '#!/bin/sh\nexec sleep 5\n' >/srv/bin/qemu-system-x86_64
qemu-tapwrap /srv/bench.ini &
sleep 0.5
count=$(pgrep -c qemu-tapwrap || true)
echo "$count"
kill $!
[ "$count" = 0 ]
