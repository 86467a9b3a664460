#!/usr/bin/env bash
# Runs a command as an unprivileged user. It is to be run as root in mount and PID namespaces of its own, where it makes that user
# without a trace on the machine, and where the CNI plugins are in /opt/cni/bin.
# Usage: host.sh DIR COMMAND...
set -euo pipefail
dir=$1
shift
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
mount -t tmpfs -o mode=1777 tmpfs /dev/shm # for the locks of Podman
mkdir -p /etc/containers
printf '[containers]\nlog_driver = "k8s-file"\n[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' >/etc/containers/containers.conf
mount -t tmpfs tmpfs /opt
mkdir -p /opt/cni
cp -rL "$BIN/cni" /opt/cni/bin
install -d -o $id -g $id "$dir/home"
cd "$dir/home"
setpriv --reuid $id --regid $id --clear-groups env -i \
	PATH="$PATH" HOME="$dir/home" XDG_RUNTIME_DIR="$dir/home" BIN="$BIN" CONFLIST="$CONFLIST" \
	"$@"
