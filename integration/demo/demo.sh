#!/usr/bin/env bash
# Two containers on a CNI network find each other by name. Everything happens inside a network namespace of its own that
# stands for the host, and everything is taken away at the end, also after a failure or Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=$PWD/bin
id=$$
host=etcfiles-demo-$id
work=$(mktemp -d /tmp/etcfiles-demo.XXXXXX)
server=

say() { printf '\n== %s\n' "$*"; }

# As the host: in its network namespace.
onhost() { ip netns exec "$host" "$@"; }

cni() { # add|del NAME
	onhost env NETCONFPATH="$work/net.d" CNI_PATH="$bin/cni" CNI_IFNAME=eth0 \
		CAP_ARGS="{\"etcfiles\":{\"name\":\"$2\",\"hostname\":\"$2\"}}" \
		"$bin/cni/cnitool" "$1" lab "/run/netns/etcfiles-demo-$2-$id" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; return 1; }
}

# cnitool derives the container ID from the path of the network namespace.
cid() { printf 'cnitool-%s' "$(printf %s "/run/netns/etcfiles-demo-$1-$id" | sha512sum | cut -c1-20)"; }

hosts() { sed "s/^/   $1 | /" "$work/data/etchosts/default/$(cid "$1")/hosts"; }

# As a process of the container: its network namespace, its three files. It replaces the shell, so call it in one of its own.
inside() { # NAME COMMAND...
	local name=$1 data=$work/data
	shift
	exec ip netns exec "etcfiles-demo-$name-$id" unshare --mount --uts bash -c '
		mount --bind "$1/etchosts/default/$2/hosts" /etc/hosts
		mount --bind "$1/containers/default/$2/resolv.conf" "$(readlink -f /etc/resolv.conf)"
		hostname -F "$1/containers/default/$2/hostname"
		shift 2; exec "$@"' inside "$data" "$(cid "$name")" "$@"
}

cleanup() {
	status=$?
	trap - EXIT INT TERM
	[[ -z $server ]] || kill "$server" 2>/dev/null || true
	for name in web db; do
		if ip netns list | grep -qw "etcfiles-demo-$name-$id"; then
			cni del "$name" >/dev/null 2>&1 || true
			ip netns del "etcfiles-demo-$name-$id" || true
		fi
		rm -rf "/var/lib/cni/results/lab-$(cid "$name")-eth0"
	done
	ip netns del "$host" 2>/dev/null || true
	rm -rf "$work"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$work/net.d" "$work/www"
ip netns add "$host"
onhost ip link set lo up
# The shipped conflist, with directories of the demo's own.
sed -e "s|\"type\": \"etcfiles\",|&\n      \"dataDir\": \"$work/data\",|" \
	-e "s|\"type\": \"host-local\",|&\n        \"dataDir\": \"$work/leases\",|" conflists/10-bridge.conflist >"$work/net.d/10-bridge.conflist"
for name in web db; do ip netns add "etcfiles-demo-$name-$id"; done

say "web joins the network \"lab\" (conflists/10-bridge.conflist, by cnitool); its /etc/hosts:"
cni add web
hosts web

say "db joins; web's running file has grown, db's knows web:"
cni add db
hosts web
hosts db

say "web fetches a page from db by name:"
echo "hello from db" >"$work/www/index.html"
inside db busybox httpd -f -p 80 -h "$work/www" &
server=$!
page=
for _ in $(seq 50); do
	page=$(inside web wget -q -T 2 -t 1 --no-proxy -O - http://db/) && break
	sleep 0.1
done 2>"$work/wget.err"
[[ $page == "hello from db" ]] || { tail -n 3 "$work/wget.err" >&2; echo "no answer from db" >&2; exit 1; }
echo "   web\$ wget -q -O - http://db/     $page"
echo "   web\$ getent hosts db             $(inside web getent hosts db)"
echo "   web\$ hostname                    $(inside web hostname)"
kill "$server" && wait "$server" 2>/dev/null || true
server=

say "db leaves; web's file has no trace of it:"
cni del db
hosts web

say "web leaves; what is left:"
cni del web
left() { # WHAT COUNT
	echo "   $1: $2"
	[[ $2 == 0 ]] || { echo "something is left" >&2; exit 1; }
}
left "address leases" "$(find "$work/leases" -type f -name '*.*.*.*' | wc -l)"
left "firewall rules of a container" "$(onhost iptables-save | grep -c -e "$(cid web)" -e "$(cid db)" || true)"
left "files in the data directory" "$(find "$work/data" -type f | wc -l)"
echo
echo "It works. Next: make install, and a conflist of yours in /etc/cni/net.d (see README.md)."
