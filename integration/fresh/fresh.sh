#!/usr/bin/env bash
# Runs the two commands that the README says to try, as they are written there, in a fresh clone of HEAD on a bare Debian: what
# debootstrap makes, with git, make, ca-certificates and this machine's Go. The machine is a directory and namespaces of its own, and is
# taken away at the end, also after a failure or Ctrl-C.
# Usage: fresh.sh SUITE... (as root; below DIR, or else a temporary directory, from the Debian MIRROR; if ONLY is set, that command)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
mirror=${MIRROR:-http://deb.debian.org/debian}

made='' # the directory for the machines, if it is ours to remove
root='' netns='' cgroup='' way='' machine=''

# take_away ends the machine and removes what it was made of.
take_away() {
	if [[ -n $machine ]]; then
		# With its first process all others are killed; unshare ends after them.
		pkill -KILL -P "$machine" || kill -KILL "$machine" || true
		wait "$machine" || true
	fi
	[[ -z $way ]] || { kill "$way" || true; wait "$way" || true; }
	[[ -z $netns ]] || ip netns del "$netns" || true
	[[ -z $cgroup ]] || "$here/cgroups.sh" remove "$cgroup" || true
	[[ -z $root ]] || rm -rf --one-file-system "$root"
	root='' netns='' cgroup='' way='' machine=''
} 2>/dev/null

cleanup() {
	status=$?
	trap - EXIT
	trap '' INT TERM HUP
	take_away
	[[ -z $made ]] || rm -rf --one-file-system "$made"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# commands prints the commands of the README's block "try", without their comments.
commands() {
	awk '/^<!-- try: / { marked = 1 } marked && /^```/ { if (inside) exit; inside = 1; next } inside { sub(/[ \t]*#.*/, ""); if ($0 != "") print }' "$repository/README.md"
}

# make_root makes the bare system of a suite.
make_root() { # SUITE
	echo "== $1: debootstrap, into $root"
	# With what debootstrap mounts in a namespace of its own, a Ctrl-C leaves no mount.
	unshare --mount debootstrap --variant=minbase --include=git,make,ca-certificates "$1" "$root" "$mirror" >"$root.log" ||
		{ tail -n 20 "$root.log" "$root/debootstrap/debootstrap.log" >&2; return 1; }
	rm "$root.log"
	cp -a "$(go env GOROOT)" "$root/usr/local/go"
	git clone --quiet --no-hardlinks "$repository" "$root/root/etcfiles"
	echo "nameserver 10.0.2.3" >"$root/etc/resolv.conf" # slirp4netns asks this machine's
	echo "fresh-$1" >"$root/etc/hostname"
	# Where this machine trusts others than Debian does, so does that one.
	if [[ -f ${SSL_CERT_FILE:-} ]]; then install -m 644 "$SSL_CERT_FILE" "$root/etc/ssl/trusted.pem"; fi
}

# environment prints what the machine gets of this one's environment: the way to the registries.
environment() {
	local name
	for name in {http,https,no}_proxy {HTTP,HTTPS,NO}_PROXY; do
		[[ -z ${!name:-} ]] || echo "$name=${!name}"
	done
	for name in GOPROXY GOSUMDB GONOSUMDB GOPRIVATE GOTOOLCHAIN; do
		echo "$name=$(go env "$name")"
	done
	if [[ -f $root/etc/ssl/trusted.pem ]]; then printf '%s=/etc/ssl/trusted.pem\n' SSL_CERT_FILE GIT_SSL_CAINFO; fi
}

# run_suite makes the machine of a suite and runs the commands there.
run_suite() { # SUITE
	local name=etcfiles-fresh-$$-$1 variables
	root=$directory/$name
	[[ ! -e $root ]] || { echo "$root is there already" >&2; exit 1; }
	make_root "$1"
	mapfile -t variables < <(environment)

	ip netns add "$name"
	netns=$name
	ip -n "$netns" link set lo up
	exec {ready}<> <(:)
	slirp4netns --configure --mtu=65520 --disable-host-loopback --ready-fd="$ready" --netns-type=path "/run/netns/$netns" tap0 \
		>"$root/var/log/slirp4netns.log" 2>&1 &
	way=$!
	read -r -n 1 -t 30 -u "$ready" || { cat "$root/var/log/slirp4netns.log" >&2; return 1; }
	exec {ready}<&-
	rm "$root/var/log/slirp4netns.log"

	cgroup=$name
	"$here/cgroups.sh" make "$cgroup"
	# A shell gives what it runs in the background no SIGINT; the demo and the tests are to have theirs.
	env -i --default-signal=INT,QUIT PATH="$PATH" nsenter --net="/run/netns/$netns" \
		unshare --mount --uts --ipc --pid --fork --kill-child "$here/cgroups.sh" enter "$cgroup" unshare --cgroup \
		"$here/machine.sh" "$1" "$root" "${variables[@]}" -- "${written[@]}" </dev/null &
	machine=$!
	wait "$machine" || { machine=''; return 1; }
	machine=''
	take_away
}

(( $# )) || { echo "usage: fresh.sh SUITE..." >&2; exit 2; }
mapfile -t written < <(commands)
[[ ${written[*]} == "make demo make test" ]] || { echo "README.md says to try other commands than this knows: ${written[*]}" >&2; exit 1; }
written+=("etcfiles setup")
if [[ -n ${ONLY:-} ]]; then
	[[ " ${written[*]} " == *" $ONLY "* ]] || { echo "ONLY is to be one of: $(IFS=,; echo "${written[*]}")" >&2; exit 2; }
	written=("$ONLY")
fi
[[ -z $(git -C "$repository" status --porcelain) ]] || echo "what is not committed is not in it"
if [[ -n ${DIR:-} ]]; then
	mkdir -p "$DIR"
	directory=$(cd "$DIR" && pwd)
else
	made=$(mktemp -d "${TMPDIR:-/var/tmp}/etcfiles-fresh.XXXXXX")
	directory=$made
fi
free=$(df --output=avail -BG "$directory" | tail -n 1 | tr -dc 0-9)
(( free >= 12 )) || { echo "$directory has ${free} GB of room; set DIR to a directory with 12 GB" >&2; exit 1; }

for suite; do
	run_suite "$suite"
done
printf '== on a bare Debian (%s) this works as written: %s\n' "$*" "$(printf '%s; ' "${written[@]}")"
