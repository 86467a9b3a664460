#!/usr/bin/env bash
# Two plain runc containers find each other by name, inside RootlessKit, and nothing is left.
set -euo pipefail
data=$HOME/data

fail() { echo "FAIL: $*" >&2; exit 1; }

has() { # FILE REGEXP
	grep -qE "$2" "$1" || fail "$1 has no line that matches $2: $(cat "$1")"
}

start() { # NAME
	mkdir -p "$1/rootfs/bin"
	cp "$(command -v busybox)" "$1/rootfs/bin/"
	runc spec --bundle "$1"
	sed -i -e 's/"terminal": true/"terminal": false/' -e 's|"sh"|"busybox", "sleep", "600"|' "$1/config.json"
	"$BIN/oci-cni-hook" --conf-dir "$HOME/net.d" --bin-dir "$BIN/cni" --cache-dir "$HOME/cache" --run-dir "$XDG_RUNTIME_DIR/etcfiles" \
		spec --network lab --name "$1" --data-dir "$data" "$1"
	runc --root "$HOME/runc" run --detach --bundle "$1" "$1" </dev/null >"$1.log" 2>&1 || fail "runc run $1: $(cat "$1.log")"
}

inside() { runc --root "$HOME/runc" exec "$@"; }

mkdir "$HOME/net.d"
sed -e "s|\"type\": \"etcfiles\",|& \"dataDir\": \"$data\",|" -e "s|\"type\": \"host-local\",|& \"dataDir\": \"$HOME/leases\",|" \
	"$CONFLIST" >"$HOME/net.d/10-bridge.conflist"
[[ $(awk '{ print $2 }' /proc/self/uid_map | head -n 1) == 64321 ]] || fail "this is not run as an unprivileged user"
ip link set lo up

start web
start db
for name in web db; do
	inside "$name" busybox cat /etc/hosts >hosts
	has hosts '^10\.231\.10\.[0-9]+ +web web\.lab$'
	has hosts '^10\.231\.10\.[0-9]+ +db db\.lab$'
	inside "$name" busybox cat /etc/resolv.conf >resolv.conf
	has resolv.conf '^nameserver 10\.0\.2\.3$'
	[[ $(inside "$name" busybox hostname) == "$name" && $(inside "$name" busybox cat /etc/hostname) == "$name" ]] || fail "$name has another hostname"
done
inside db busybox httpd -p 80
address=$(awk '$2 == "db" { print $1 }' hosts)
printf 'GET / HTTP/1.0\r\n\r\n' | inside web busybox nc -w 5 "$address" 80 >answer || fail "web does not reach db"
has answer '^HTTP/1'

runc --root "$HOME/runc" delete --force db
inside web busybox cat /etc/hosts >hosts
grep -q '^10.* db' hosts && fail "web still has db: $(cat hosts)"
runc --root "$HOME/runc" delete --force web
[[ -z $(find "$HOME/leases" -name '10.*') ]] || fail "leases are left"
[[ -z $(find "$data" -type f) ]] || fail "files are left: $(find "$data" -type f)"
[[ -z $(find "$XDG_RUNTIME_DIR/etcfiles" -mindepth 2) ]] || fail "pins or records are left: $(find "$XDG_RUNTIME_DIR/etcfiles")"
! grep -q "$XDG_RUNTIME_DIR/etcfiles" /proc/self/mountinfo || fail "mounts are left"
! iptables-save | grep -q default- || fail "rules are left: $(iptables-save)"
echo "nothing is left"
