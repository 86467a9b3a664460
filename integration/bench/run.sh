#!/usr/bin/env bash
# Compares etcfiles with the physical floor, the least possible CNI plugin and nerdctl's hosts store, and prints one
# table. Needs root (a network namespace) and an etcfiles binary.
#
#   BENCH_N            numbers of containers on the network (default "1 10 100 1000 5000")
#   BENCH_REPS         repetitions of which the median is taken (default 15; at most 5 above N=2000)
#   BENCH_NERDCTL_MAX  largest N that nerdctl's store is measured on (default 1000; at 5000 it takes minutes)
#   BENCH_BIN          the etcfiles binary (default bin/etcfiles)
#   BENCH_FORMER       that of the version before (default: the one of make former)
#   BENCH_PART         remote: what names of other hosts cost, and nothing else
#   BENCH_STRICT       1: exit with 2 when the bar is not met
#   TMPDIR             where the files are written, about 3 GB at N=5000
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(realpath -m "${BENCH_BIN:-$here/../../bin/etcfiles}")
former=$(realpath -m "${BENCH_FORMER:-$here/../../bin/former/source/bin/etcfiles}")

if [[ $(id -u) != 0 ]]; then
	echo "bench: needs root, to make a network namespace" >&2
	exit 1
fi
if [[ ! -x $bin || ! -x $former ]]; then
	echo "bench: $bin or $former is not there: run make build former, or set BENCH_BIN and BENCH_FORMER" >&2
	exit 1
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/etcfiles-bench.XXXXXX")
child=
cleanup() {
	trap - EXIT
	trap '' INT TERM HUP
	if [[ -n $child ]]; then
		kill -TERM "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	fi
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

export CGO_ENABLED=0
go build -C "$here" -trimpath -ldflags '-s -w' -o "$tmp/least-linked" ./least
go build -C "$here" -trimpath -o "$tmp/bench" .

# Copies are measured, as an installed plugin is one: what Go's linker writes lies in the kernel's cache page by page, and starts a tenth
# slower than what was written in one go.
copy() {
	install -D -m 755 "$1" "$tmp/$2"
	printf '%s\n' "$tmp/$2"
}
least=$(copy "$tmp/least-linked" least)
bin=$(copy "$bin" now/etcfiles)
former=$(copy "$former" former/etcfiles)

echo "etcfiles bench: $(uname -sr), $(nproc) CPUs, $(df --output=fstype "$tmp" | tail -n 1) in $(dirname "$tmp"), $(go env GOVERSION)"
echo "Times are medians. etcfiles and the least plugin are whole processes, nerdctl v1.7.7 is called in-process;"
echo "the floor opens N files of N lines, appends 60 bytes to each, and closes them."
echo

strict=false
if [[ ${BENCH_STRICT:-} == 1 ]]; then
	strict=true
fi

# measure runs the bench in a mount namespace of its own: what is mounted there is gone with the process.
measure() {
	rm -rf "$tmp/work"
	mkdir "$tmp/work" "$tmp/journal"
	unshare --mount --propagation private -- bash -c 'mount -o loop "$1" "$2"; shift 2; exec "$@"' bash "$tmp/ext4" "$tmp/journal" \
		"$tmp/bench" -plugin "$bin" -least "$least" -former "$former" -dir "$tmp/work" -journal "$tmp/journal" -strict="$strict" "$@" &
	child=$!
	local status=0
	wait "$child" || status=$?
	child=
	rmdir "$tmp/journal"
	return "$status"
}

truncate --size 4G "$tmp/ext4"
mkfs.ext4 -q "$tmp/ext4"
status=0
if [[ ${BENCH_PART:-} == remote ]]; then
	measure -remote -reps "${BENCH_REPS:-15}" || status=$?
	exit "$status"
fi
measure -n "${BENCH_N:-1 10 100 1000 5000}" -reps "${BENCH_REPS:-15}" -nerdctl-max "${BENCH_NERDCTL_MAX:-1000}" || status=$?
if [[ $status == 0 || $status == 2 ]]; then
	measure -life || status=$?
fi
exit "$status"
