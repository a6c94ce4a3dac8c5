#!/usr/bin/env bash
# Installs kisd as docs/service.md says in a real Debian under a real systemd, and looks whether it does what is promised.
#
#   tests/systemd.sh [DIRECTORY]    the programs in DIRECTORY; without it, a release build is made
#
# Needs root, debootstrap and systemd-nspawn; a machine that lacks them is told so, and the check is skipped. The container has
# no network: KIS is simulated inside. Takes about two minutes the first time, half a minute with a base system in
# target/systemd-root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skip() { echo "skipped: $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip "only root can boot a container"
for tool in debootstrap systemd-nspawn; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done

base="$PWD/target/systemd-root"
if [ ! -e "$base/.complete" ]; then
    rm -rf "$base"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,curl bookworm "$base" >"$PWD/target/debootstrap.log" 2>&1 ||
        skip "no Debian to boot: $(tail -n 1 "$PWD/target/debootstrap.log")"
    touch "$base/.complete"
fi
programs=${1:-target/release}
[ $# -gt 0 ] || cargo build --release --locked

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
cp -a "$base/." "$root"
mkdir "$root/kisd"
cp -r systemd tests/systemd-inside.sh "$programs/kisd" "$programs/kisctl" "$root/kisd/"
cat >"$root/etc/systemd/system/check.service" <<'UNIT'
[Unit]
Description=Check of kisd
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c '/bin/bash /kisd/systemd-inside.sh >/kisd/report 2>&1; echo $? >/kisd/status; systemctl poweroff --no-block'
[Install]
WantedBy=default.target
UNIT
ln -s /etc/systemd/system/check.service "$root/etc/systemd/system/multi-user.target.wants/check.service"
timeout 180 systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit --private-network \
    >"$PWD/target/systemd-console.log" 2>&1 </dev/null || true
[ -f "$root/kisd/report" ] || skip "the container did not boot: $(tail -n 1 "$PWD/target/systemd-console.log")"
cat "$root/kisd/report"
[ "$(cat "$root/kisd/status" 2>/dev/null)" = 0 ]
