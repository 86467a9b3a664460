#!/usr/bin/env bash
# Containers on three hosts find each other by name through an etcd with three members. Members and hosts are network namespaces on a bridge that is in
# one too, so no packet leaves. Everything is taken away at the end, also after a failure or Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=$PWD/bin
id=etcfiles-cluster-$$
ttl=5
[[ -d /run/netns ]] && first='' || first=yes # network namespace of this machine by a name
work=$(mktemp -d /tmp/etcfiles-cluster.XXXXXX)
declare -A pids=()
namespaces=()

say() { printf '\n== %s\n' "$*"; }

# As a member or host: in its network namespace.
on() { local name=$1; shift; nsenter --net="/run/netns/$id-$name" "$@"; }

# Start a program there, which ends with the demo at the latest.
run() { # NAME PROGRAM...
	local name=$1
	shift
	nsenter --net="/run/netns/$id-$name" "$@" >"$work/${1##*/}-$name.log" 2>&1 &
	pids[${1##*/}-$name]=$!
}

namespace() {
	ip netns add "$id-$1"
	namespaces+=("$id-$1")
	on "$1" ip link set lo up
}

# On the bridge, with an address.
plug() { # NAME ADDRESS
	namespace "$1"
	ip -n "$id-wire" link add "$1" type veth peer name eth0 netns "$id-$1"
	ip -n "$id-wire" link set "$1" master lan up
	ip -n "$id-$1" address add "$2/24" dev eth0
	ip -n "$id-$1" link set eth0 up
}

soon() { # WHAT COMMAND...
	local what=$1
	shift
	for _ in $(seq 600); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	tail -n 5 "$work"/*.log >&2
	echo "it does not come to this: $what" >&2
	exit 1
}

cni() { # HOST VERB CONTAINER
	on "$1" env NETCONFPATH="$work/$1/net.d" CNI_PATH="$bin/cni" CAP_ARGS='{"etcfiles": {"name": "'"$3"'"}}' \
		"$bin/cni/cnitool" "$2" routed "/run/netns/$id-$3" >"$work/cni.log" 2>&1 || { cat "$work/cni.log" >&2; return 1; }
}

start() { # HOST CONTAINER
	namespace "$2"
	cni "$1" add "$2"
	containers[$2]=$1
}
declare -A containers=()

# In a container: with its network and its /etc/hosts.
inside() { # HOST CONTAINER COMMAND...
	local host=$1 name=$2 hosts
	shift 2
	for hosts in "$work/$host"/data/etchosts/default/*/hosts; do
		on "$name" unshare --mount --propagation private sh -c 'mount --bind "$1" /etc/hosts; shift; exec "$@"' sh "$hosts" "$@"
	done
}

dns() { on h3 busybox nslookup -type=a "$1" 127.0.0.1 | sed -n '/^Name/,$s/^Address[^:]*: //p'; }

# end_processes kills what was started; bash says of each that it was killed.
end_processes() {
	local name
	for name in "${!pids[@]}"; do
		kill -9 "${pids[$name]}" || true
		unset "pids[$name]"
	done
	wait || true
} 2>/dev/null

cleanup() {
	status=$?
	trap - EXIT INT TERM
	for name in "${!containers[@]}"; do
		cni "${containers[$name]}" del "$name" || true
	done
	end_processes
	for name in "${namespaces[@]}"; do
		ip netns del "$name" || true
	done
	# What `ip netns add` leaves on a machine where it was the first; busy if there is another namespace by now.
	if [[ $first ]]; then { umount --no-mtab /run/netns && rmdir /run/netns; } 2>/dev/null || true; fi
	rm -rf "$work"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "three members of etcd, each on a machine of its own:"
namespace wire
ip -n "$id-wire" link add lan type bridge
ip -n "$id-wire" link set lan up
members='' endpoints=''
for i in 1 2 3; do
	members+=",m$i=http://10.231.250.1$i:2380"
	endpoints+=", \"http://10.231.250.1$i:2379\""
done
for i in 1 2 3; do
	plug "m$i" "10.231.250.1$i"
	url=http://10.231.250.1$i
	run "m$i" "$bin/etcd/etcd" --name "m$i" --data-dir "$work/m$i" --log-level error --initial-cluster "${members:1}" \
		--listen-peer-urls "$url:2380" --initial-advertise-peer-urls "$url:2380" --listen-client-urls "$url:2379" --advertise-client-urls "$url:2379"
done
etcdctl() { on m1 "$bin/etcd/etcdctl" --endpoints http://10.231.250.11:2379,http://10.231.250.12:2379,http://10.231.250.13:2379 "$@"; }
soon "etcd has a leader" etcdctl get x
etcdctl endpoint status -w fields | awk '/"Leader"/ { leader = $3 } /"Endpoint"/ { gsub(/"/, "", $3); print "   " $3 }'

say "three hosts, each with the network \"routed\" (conflists/60-routed.conflist) and etcfiles-etcd:"
for i in 1 2 3; do
	plug "h$i" "10.231.250.10$i"
	mkdir -p "$work/h$i/net.d"
	printf '%032x\n' "$i" >"$work/h$i/machine-id"
	sed -e "s|10.231.60.0/24|10.231.6$((i - 1)).0/24|" -e "s|\"type\": \"etcfiles\",|&\n      \"dataDir\": \"$work/h$i/data\",|" \
		-e "s|\"type\": \"host-local\",|&\n        \"dataDir\": \"$work/h$i/leases\",|" conflists/60-routed.conflist >"$work/h$i/net.d/60-routed.conflist"
	cat >"$work/h$i/etcd.json" <<-END
		{ "endpoints": [${endpoints:1}], "insecure": true, "host": "h$i", "ttl": "${ttl}s", "dataDir": "$work/h$i/data", "confDir": "$work/h$i/net.d",
		  "networks": [{ "network": "routed", "within": "10.231.60.0/22" }] }
	END
	run "h$i" "$bin/etcfiles-etcd" run --config "$work/h$i/etcd.json" --run-dir "$work/h$i/run" --machine-id "$work/h$i/machine-id"
	for j in 1 2 3; do
		[[ $i == "$j" ]] || on "h$i" ip route add "10.231.6$((j - 1)).0/24" via "10.231.250.10$j"
	done
	on "h$i" sysctl -q -w net.ipv4.ip_forward=1
done
etcd_of() { on "$1" "$bin/etcfiles-etcd" --config "$work/$1/etcd.json" --run-dir "$work/$1/run" "${@:2}"; }
for i in 1 2 3; do
	soon "h$i is connected" etcd_of "h$i" status
	echo "   $(etcd_of "h$i" status | head -n 1)"
done

say "web starts on h1, db on h2; what is in etcd:"
start h1 web
start h2 db
soon "db knows web" grep -q ' web ' "$work"/h2/data/etchosts/default/*/hosts
etcd_of h1 ls | sed 's/^/   /'

say "db on h2 finds web on h1 by its own /etc/hosts, and reaches it:"
echo "   db\$ getent hosts web        $(inside h2 db getent hosts web)"
echo "   db\$ ping web                $(inside h2 db busybox ping -c 1 -W 5 web | sed -n 's/.*\(64 bytes from [^:]*\).*/\1/p')"

say "CoreDNS on h3, where no container is, answers from the network's hosts file:"
cat >"$work/Corefile" <<END
.:53 {
    bind 127.0.0.1
    hosts $work/h3/data/networks/default/routed/hosts {
        reload 1s
        ttl 1
    }
}
END
soon "h3 knows web" grep -q ' web ' "$work/h3/data/networks/default/routed/hosts"
run h3 "$bin/coredns" -conf "$work/Corefile"
soon "CoreDNS answers" eval '[[ -n $(dns web) ]]'
echo "   h3\$ nslookup web            $(dns web)"

say "h1 is killed; its names go within its ttl, ${ttl}s, and one more:"
{ kill -9 "${pids[etcfiles-etcd-h1]}" && wait "${pids[etcfiles-etcd-h1]}"; } 2>/dev/null || true
begin=$(date +%s%N)
soon "web goes" eval '! grep -q "^10.*[[:space:]]web " "$work"/h2/data/etchosts/default/*/hosts'
printf '   gone from the hosts file of db after %d.%d s\n' $((($(date +%s%N) - begin) / 1000000000)) $((($(date +%s%N) - begin) / 100000000 % 10))
soon "CoreDNS does not know web" eval '[[ -z $(dns web) ]]'
echo "   h3\$ nslookup web            no such name"
etcd_of h2 status | sed 's/^/   /'

say "the others end; what is left:"
for name in web db; do
	cni "${containers[$name]}" del "$name"
	unset "containers[$name]"
done
end_processes
left() { # WHAT COUNT
	echo "   $1: $2"
	[[ $2 == 0 ]] || { echo "something is left" >&2; exit 1; }
}
left "address leases" "$(find "$work"/h?/leases -type f -name '*.*.*.*' | wc -l)"
left "mounts" "$(grep -c "$work" /proc/self/mountinfo || true)"
for name in "${namespaces[@]}"; do
	ip netns del "$name"
done
namespaces=()
left "network namespaces" "$(ip netns list 2>/dev/null | grep -c "$id" || true)"
echo
echo "It works. Next: plugins/etcd/etcfiles-etcd/README.md, from nothing to two machines."
