#!/usr/bin/env bash
# Times `runc run` of a container that exits at once, to the end of its deletion: without hooks, with the hooks and the CNI
# chain alone, with etcfiles, and with the lean conflists, which leave the rules of the firewall to one for all containers. All
# take turns, so that whatever else the machine does falls on all of them alike.
#
#   BENCH_CONTAINERS  repetitions of which the median is taken (default 31)
set -euo pipefail
cd "$(dirname "$0")/../.."

bin=$PWD/bin
host=etcfiles-bench-$$
work=$(mktemp -d "${TMPDIR:-/tmp}/etcfiles-bench.XXXXXX")
reps=${BENCH_CONTAINERS:-31}
kinds=(none chain etcfiles lean-ports lean)

onhost() { nsenter --net="/run/netns/$host" "$@"; }
hook() { "$bin/oci-cni-hook" --conf-dir "$work/net.d" --bin-dir "$bin/cni" --cache-dir "$work/cache" --run-dir "$work/run" "$@"; }

cleanup() {
	status=$?
	trap - EXIT
	onhost "$bin/oci-cni-hook" --cache-dir "$work/cache" --run-dir "$work/run" --bin-dir "$bin/cni" gc || true
	ip netns del "$host" 2>/dev/null || true
	rm -rf "$work"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ip netns add "$host"
onhost ip link set lo up
mkdir -p "$work/net.d"
conflist() { # NAME LAST-PLUGINS
	cat >"$work/net.d/$1.conflist" <<-END
		{ "cniVersion": "1.0.0", "name": "$1", "plugins": [
			{ "type": "bridge", "bridge": "cni-bench0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
			  "ipam": { "type": "host-local", "dataDir": "$work/leases", "ranges": [[{ "subnet": "10.231.10.0/24" }]] } },
			{ "type": "portmap", "capabilities": { "portMappings": true } },
			{ "type": "firewall" }$2
		] }
	END
}
conflist chain ""
conflist etcfiles ", { \"type\": \"etcfiles\", \"dataDir\": \"$work/data\", \"capabilities\": { \"etcfiles\": true } }"
for kind in "${kinds[@]}"; do
	bundle=$work/$kind
	mkdir -p "$bundle/rootfs/"{bin,etc}
	cp "$(command -v busybox)" "$bundle/rootfs/bin/true"
	runc spec --bundle "$bundle"
	sed -i -e 's/"terminal": true/"terminal": false/' -e 's|"sh"|"true"|' "$bundle/config.json"
done
hook spec --network chain --mount-hook "" "$work/chain"
hook spec --network etcfiles --data-dir "$work/data" "$work/etcfiles"
for kind in lean-ports lean; do
	sed -e "s|\"name\": \"lab\"|\"name\": \"$kind\"|" -e 's|cni-lab0|cni-bench0|' \
		-e "s|\"type\": \"host-local\",|& \"dataDir\": \"$work/leases\",|" \
		-e "s|\"type\": \"etcfiles\",|& \"dataDir\": \"$work/data\",|" \
		"conflists/10-bridge-$kind.conflist" >"$work/net.d/$kind.conflist"
	hook spec --network "$kind" --data-dir "$work/data" "$work/$kind"
done
onhost nft -f conflists/masquerade/lab.nft

declare -A times
for ((i = 0; i <= reps; i++)); do
	for kind in "${kinds[@]}"; do
		start=${EPOCHREALTIME/./}
		onhost runc --root "$work/runc" run --bundle "$work/$kind" "bench-$kind-$i" </dev/null
		((i == 0)) || times[$kind]+="$((${EPOCHREALTIME/./} - start)) " # the first is the warm-up
	done
done

median() { tr ' ' '\n' | grep . | sort -n | sed -n "$(((reps + 1) / 2))p"; }
none=$(median <<<"${times[none]}") chain=$(median <<<"${times[chain]}") etcfiles=$(median <<<"${times[etcfiles]}")
ports=$(median <<<"${times[lean-ports]}") lean=$(median <<<"${times[lean]}")
# The share of etcfiles is the median of the differences: each is between neighbours in time.
read -ra with <<<"${times[etcfiles]}"
read -ra without <<<"${times[chain]}"
share=$(for i in "${!with[@]}"; do echo $((with[i] - without[i])); done | median)
echo
echo "A whole container, from \`runc run\` to its end (median of $reps, in ms):"
echo
awk -v none="$none" -v chain="$chain" -v etcfiles="$etcfiles" -v share="$share" -v ports="$ports" -v lean="$lean" 'BEGIN {
	printf "| conflist | start to end |\n| --- | --- |\n"
	printf "| none, no hooks | %.0f |\n", none / 1000
	printf "| bridge, portmap, firewall | %.0f |\n", chain / 1000
	printf "| `10-bridge`: the same and etcfiles, whose share is %.0f ms, %.1f%% | %.0f |\n", share / 1000, 100 * share / etcfiles, etcfiles / 1000
	printf "| `10-bridge-lean-ports` | %.0f |\n", ports / 1000
	printf "| `10-bridge-lean` | %.0f |\n", lean / 1000
}'
