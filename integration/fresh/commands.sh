#!/usr/bin/env bash
# On a bare Debian: runs each command in the clone of the repository, and after `make demo` looks at what it has brought and left.
# Usage: commands.sh COMMAND...
set -euo pipefail
clone=/root/etcfiles
most=20 # packages that the demo may bring
work=$(mktemp -d /run/commands.XXXXXX)
export TMPDIR=$work # of what looks; the commands get none

packages() { dpkg-query --show --showformat='${Package}\n' | LC_ALL=C sort; }

# files lists every file with what may not change of it, on each mount that keeps files.
files() {
	find / /run /tmp /dev -xdev \( -path "$clone" -o -path "$work" \) -prune -o \
		\( -type d -printf '%p\t%M %U:%G\n' \) -o -printf '%p\t%M %U:%G %l %s %T@\n' | LC_ALL=C sort -u
	git -C "$clone" status --porcelain --untracked-files=all
}

# state lists what else there is on a machine: interfaces, mounts, cgroups and processes.
state() {
	local dir name
	printf 'IPv4 forwarding is %s\n' "$(</proc/sys/net/ipv4/ip_forward)"
	for dir in /sys/class/net/*; do echo "interface ${dir##*/}"; done
	sed -E 's/^([^ ]+ ){4}([^ ]+) .*/mount \2/' /proc/self/mountinfo
	find /sys/fs/cgroup -mindepth 1 -type d -printf 'cgroup %p\n' | LC_ALL=C sort
	for dir in /proc/[0-9]*; do
		if read -r name <"$dir/comm"; then echo "process $name"; fi
	done 2>/dev/null
}

# owned lists the files that came with packages: dpkg's, and the links of alternatives.
owned() {
	cat /var/lib/dpkg/info/*.list | sed -E 's,^/(bin|sbin|lib[0-9x]*)/,/usr/&,; s,^/usr//,/usr/,'
	sed -n -E 's,^/,&,p' /var/lib/dpkg/alternatives/*
	find /etc/alternatives -type l
}

# unscripted leaves out of a list of files those that the script of a package names, since that makes them: netbase's /etc/hosts, say.
unscripted() {
	local path
	while read -r path; do
		grep -qwF -- "$path" /var/lib/dpkg/info/*.postinst || echo "$path"
	done
}

# What apt, dpkg, debconf, ldconfig and Go keep for themselves.
caches='^(/var/(lib|cache|log)/(apt|dpkg|debconf)(/.*)?|/var/log/(dpkg|alternatives)\.log|/etc/ld\.so\.cache|/var/cache/ldconfig/aux-cache'
caches+='|/root/(\.cache|\.config|go|\.cache/go-build(/.*)?|\.config/go(/.*)?|go/.*))$'

# run runs a command in the clone. It prints what that prints, and then how long it took and was silent.
run() { # COMMAND
	local line begun=${EPOCHREALTIME/./} now last first='' longest=0 silence
	last=$begun
	echo "== # $1"
	(cd "$clone" && exec env -u TMPDIR bash -c "$1") 2>&1 | {
		while IFS= read -r line; do
			now=${EPOCHREALTIME/./}
			silence=$((now - last)) last=$now
			((silence <= longest)) || longest=$silence
			: "${first:=$silence}"
			printf '%s\n' "$line"
		done
		printf '== %s: first line after %d s, longest silence %d s, %d s in all\n' "$1" \
			$((${first:-0} / 1000000)) $((longest / 1000000)) $(((last - begun) / 1000000))
	}
}

demo() { # COMMAND
	local package brought said left
	packages >"$work/packages.before"
	state >"$work/state.before"
	files >"$work/files.before"
	run "$1" | tee "$work/output"
	packages >"$work/packages.after"
	state >"$work/state.after"
	files >"$work/files.after"

	mapfile -t brought < <(comm -13 "$work"/packages.{before,after})
	echo "== it brought ${#brought[@]} packages"
	((${#brought[@]} <= most)) || { echo "more than $most packages: ${brought[*]}" >&2; return 1; }
	said=$(sed '/^installing/q' "$work/output")
	for package in "${brought[@]}"; do
		grep -qwF -- "$package" <<<"$said" || { echo "it did not say that it would install $package" >&2; return 1; }
	done

	owned | LC_ALL=C sort -u >"$work/owned"
	left=$(diff "$work"/files.{before,after} | sed -n 's/^[<>] //p' | cut -f 1 | LC_ALL=C sort -u |
		LC_ALL=C comm -23 - "$work/owned" | grep -vE "$caches" | unscripted || true)
	left+=$(diff "$work"/state.{before,after} || true)
	[[ -z $left ]] || { printf 'it left, or changed, what belongs to no package:\n%s\n' "$left" >&2; return 1; }
	echo "== it left nothing but them"
}

for command; do
	case $command in
	"make demo") demo "$command" ;;
	"etcfiles setup") /run/setup.sh "$clone" ;;
	*) run "$command" ;;
	esac
done
