#!/usr/bin/env bash
# Plain runc containers find each other by name. Everything happens inside a network namespace of its own that stands for
# the host, and everything is taken away at the end, also after a failure or Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=$PWD/bin
host=etcfiles-demo-$$
[[ -d /run/netns ]] && first='' || first=yes # network namespace of this machine by a name
work=$(mktemp -d /tmp/etcfiles-demo.XXXXXX)
flags=(--conf-dir "$work/net.d" --bin-dir "$bin/cni" --cache-dir "$work/cache" --run-dir "$work/run")

say() { printf '\n== %s\n' "$*"; }

# As the host: in its network namespace.
onhost() { nsenter --net="/run/netns/$host" "$@"; }

runc() { onhost runc --root "$work/runc" "$@"; }

inside() { runc exec "$@"; } # NAME COMMAND...

hosts() { inside "$1" cat /etc/hosts | sed "s/^/   $1 | /"; }

# A bundle with the host's programs, read-only, and files of its own.
bundle() { # NAME COMMAND...
	local name=$1 args
	shift
	args=$(printf ', "%s"' "$@")
	mkdir -p "$work/$name/rootfs/"{usr,etc,proc,dev,sys,tmp} "$work/$name/www"
	for dir in bin sbin lib lib64; do
		[[ ! -L /$dir ]] || cp -a "/$dir" "$work/$name/rootfs/"
	done
	echo "hello from $name" >"$work/$name/rootfs/tmp/index.html"
	command runc spec --bundle "$work/$name"
	sed -i -e 's/"terminal": true/"terminal": false/' -e "s|\"sh\"|${args:2}|" \
		-e 's|"mounts": \[|&{"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},|' \
		"$work/$name/config.json"
}

start() { # NAME COMMAND...
	bundle "$@"
	"$bin/oci-cni-hook" "${flags[@]}" spec --network lab --name "$1" --data-dir "$work/data" "$work/$1"
	runc run --detach --bundle "$work/$1" "$1" </dev/null >"$work/$1.log" 2>&1 || { cat "$work/$1.log" >&2; return 1; }
}

cleanup() {
	status=$?
	trap - EXIT INT TERM
	for name in web db cache; do
		[[ ! -d $work/runc/$name ]] || runc delete --force "$name" || true
	done
	onhost "$bin/oci-cni-hook" "${flags[@]}" gc || true
	ip netns del "$host" 2>/dev/null || true
	# What `ip netns add` leaves on a machine where it was the first; busy if there is another namespace by now.
	if [[ $first ]]; then { umount --no-mtab /run/netns && rmdir /run/netns; } 2>/dev/null || true; fi
	rm -rf "$work"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$work/net.d"
ip netns add "$host"
onhost ip link set lo up
# The shipped conflist, with directories of the demo's own.
sed -e "s|\"type\": \"etcfiles\",|&\n      \"dataDir\": \"$work/data\",|" \
	-e "s|\"type\": \"host-local\",|&\n        \"dataDir\": \"$work/leases\",|" conflists/10-bridge.conflist >"$work/net.d/10-bridge.conflist"

say "runc run web: it joins the network \"lab\" (conflists/10-bridge.conflist); its /etc/hosts:"
start web sleep 600
hosts web

say "runc run db: web's running file has grown, db's knows web:"
start db busybox httpd -f -p 80 -h /tmp
hosts web
hosts db

say "web fetches a page from db by name:"
for _ in $(seq 50); do
	page=$(inside web wget -q -T 2 -t 1 --no-proxy -O - http://db/) && break
	sleep 0.1
done 2>"$work/wget.err"
[[ $page == "hello from db" ]] || { tail -n 3 "$work/wget.err" >&2; echo "no answer from db" >&2; exit 1; }
echo "   web\$ wget -q -O - http://db/     $page"
echo "   web\$ getent hosts db             $(inside web getent hosts db)"
echo "   web\$ hostname                    $(inside web hostname)"

say "runc run cache: a third joins, and both see it at once:"
start cache sleep 600
for name in web db; do
	echo "   $name\$ getent hosts cache         $(inside "$name" getent hosts cache)"
done

say "runc delete db: web's file has no trace of it:"
runc delete --force db
hosts web

say "the others leave; what is left:"
runc delete --force cache
runc delete --force web
left() { # WHAT COUNT
	echo "   $1: $2"
	[[ $2 == 0 ]] || { echo "something is left" >&2; exit 1; }
}
left "address leases" "$(find "$work/leases" -type f -name '*.*.*.*' | wc -l)"
left "firewall rules of a container" "$(onhost iptables-save | grep -c 'default-' || true)"
left "pinned network namespaces" "$(find "$work/run" -type f | wc -l)"
left "mounts" "$(grep -c "$work" /proc/self/mountinfo || true)"
left "files in the data directory" "$(find "$work/data" -type f | wc -l)"
echo
echo "It works. Next: make install, and a conflist of yours in /etc/cni/net.d (see README.md)."
