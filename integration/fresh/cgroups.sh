#!/usr/bin/env bash
# The cgroups of a fresh machine, one of its name in every hierarchy of this one, version 1 or 2.
# Usage: cgroups.sh make NAME | cgroups.sh enter NAME COMMAND... | cgroups.sh remove NAME
set -euo pipefail
verb=$1 name=$2
shift 2

mapfile -t tops < <(awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts)

case $verb in
make)
	for top in "${tops[@]}"; do
		mkdir "$top/$name"
		for file in cpuset.cpus cpuset.mems; do # version 1 has them empty
			if [[ -f $top/$name/$file && -f $top/cgroup.clone_children ]]; then cat "$top/$file" >"$top/$name/$file"; fi
		done
	done
	;;
enter)
	for top in "${tops[@]}"; do echo $$ >"$top/$name/cgroup.procs"; done
	exec "$@"
	;;
remove)
	for top in "${tops[@]}"; do
		[[ -d $top/$name ]] || continue
		for _ in $(seq 100); do # busy for a moment after the last process has ended
			if find "$top/$name" -depth -type d -exec rmdir {} + 2>/dev/null; then break; fi
			sleep 0.1
		done
		[[ ! -d $top/$name ]] || echo "cannot remove $top/$name" >&2
	done
	;;
esac
