#!/usr/bin/env bash
# Runs a script as an unprivileged user inside RootlessKit with slirp4netns. It is to be run as root in a mount namespace
# of its own, where it makes that user without a trace on the machine.
# Usage: host.sh DIR SCRIPT
set -euo pipefail
dir=$1 script=$2
id=64321

for file in passwd group subuid subgid; do
	[[ -e /etc/$file ]] && cp "/etc/$file" "$dir/$file" || : >"$dir/$file"
done
echo "etcfiles-test:x:$id:$id::$dir/home:/bin/bash" >>"$dir/passwd"
echo "etcfiles-test:x:$id:" >>"$dir/group"
echo "etcfiles-test:500000:65536" | tee "$dir/subuid" >"$dir/subgid"
for file in passwd group subuid subgid; do
	mount --bind "$dir/$file" "/etc/$file"
done
mknod -m 666 "$dir/tun" c 10 200 # open to everybody on most machines, but not on all
mount --bind "$dir/tun" /dev/net/tun
install -d -o $id -g $id "$dir/home"
cd "$dir/home"
setpriv --reuid $id --regid $id --clear-groups env -i \
	PATH="$PATH" HOME="$dir/home" XDG_RUNTIME_DIR="$dir/home" BIN="$BIN" CONFLIST="$CONFLIST" \
	rootlesskit --state-dir="$dir/home/rootlesskit" --net=slirp4netns --disable-host-loopback --pidns \
	--copy-up=/etc --copy-up=/run --copy-up=/var/lib "$script"
