#!/usr/bin/env bash
# The first process of a machine: in new namespaces of processes, mounts, network, names and IPC it makes an overlay over the root of
# this machine its root, says "ready", and ends with its stdin. What is changed there is in /run/upper, over what is in /run/lower.
# Usage: machine.sh DIR PLUGINS BIND... (DIR is empty, PLUGINS has the reference CNI plugins, and BIND are directories to see there.)
set -euo pipefail
dir=$1 plugins=$2
shift 2

mount --make-rprivate /
mount -t tmpfs tmpfs "$dir"
mkdir "$dir"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
root=$dir/root
for path in etc/cni opt/cni/bin usr/lib/cni usr/libexec/cni var/lib/cni var/lib/etcfiles; do
	rm -rf "${root:?}/$path"
done
# As Debian's containernetworking-plugins, which the package recommends.
install -D -t "$root/usr/lib/cni" "$plugins"/{bridge,host-local,portmap,firewall}

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
# crun refuses cgroups of version 1 with a version 2 beside them. What it then writes there instead is the machine's.
[[ ! -d $root/sys/fs/cgroup/unified ]] || mount -t tmpfs tmpfs "$root/sys/fs/cgroup/unified"
mount -t tmpfs tmpfs "$root/run"
mkdir "$root"/run/{upper,lower}
mount --bind "$dir/upper" "$root/run/upper"
mount --bind / "$root/run/lower"
for path in "$@"; do
	mkdir -p "$root$path" # not below, where another file system is mounted over it: a tmpfs over /tmp, say
	mount --bind "$path" "$root$path"
done
cd "$root"
pivot_root . .
umount --lazy .
cd /
ip link set lo up
hostname machine
echo ready
cat >/dev/null # until the test ends; what has lost its parent is this shell's to wait for
