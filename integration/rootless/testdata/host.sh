#!/usr/bin/env bash
# Runs a script as an unprivileged user inside RootlessKit with slirp4netns. It is to be run as root in a mount namespace
# of its own, where it makes that user without a trace on the machine.
# Usage: host.sh DIR SCRIPT
set -euo pipefail
dir=$1 script=$2
id=64321

mkdir "$dir/etc"
mount -t tmpfs tmpfs "$dir/etc"
mkdir "$dir/etc/upper" "$dir/etc/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$dir/etc/upper,workdir=$dir/etc/work" /etc
echo "etcfiles-test:x:$id:$id::$dir/home:/bin/bash" >>/etc/passwd
echo "etcfiles-test:x:$id:" >>/etc/group
echo "etcfiles-test:500000:65536" | tee /etc/subuid >/etc/subgid
mknod -m 666 "$dir/etc/tun" c 10 200 # open to everybody on most machines, but not on all; on a tmpfs that has devices, unlike /tmp
mount --bind "$dir/etc/tun" /dev/net/tun
install -d -o $id -g $id "$dir/home"
cd "$dir/home"
setpriv --reuid $id --regid $id --clear-groups env -i \
	PATH="$PATH" HOME="$dir/home" XDG_RUNTIME_DIR="$dir/home" BIN="$BIN" CONFLIST="$CONFLIST" \
	rootlesskit --state-dir="$dir/home/rootlesskit" --net=slirp4netns --disable-host-loopback --pidns \
	--copy-up=/etc --copy-up=/run --copy-up=/var/lib "$script"
