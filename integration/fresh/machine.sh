#!/usr/bin/env bash
# The first process of a fresh machine, in namespaces of its own: mounts what a machine has mounted, makes ROOT its root, and there
# runs the commands in the clone of the repository.
# Usage: machine.sh SUITE ROOT VARIABLE=VALUE... -- COMMAND...
set -euo pipefail
suite=$1 root=$2
here=$(cd "$(dirname "$0")" && pwd)
shift 2

# cgroups mounts every hierarchy of this machine in the root, as it is mounted here: there it begins with the machine's cgroup.
cgroups() {
	local type options mounted line lines
	mapfile -t lines < <(awk '$3 == "cgroup" || $3 == "cgroup2" { print $3, $4, $2 }' /proc/self/mounts)
	[[ " ${lines[*]} " == *" /sys/fs/cgroup "* ]] || mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
	for line in "${lines[@]}"; do
		read -r type options mounted <<<"$line"
		mkdir -p "$root$mounted"
		if [[ $type == cgroup2 ]]; then
			mount -t cgroup2 cgroup2 "$root$mounted"
		else
			options=$(tr , '\n' <<<"$options" | grep -vxE 'rw|ro|nosuid|nodev|noexec|(no|rel|strict)atime' | paste -sd ,)
			mount -t cgroup -o "$options" cgroup "$root$mounted"
		fi
	done
}

# delegate lets the machine limit what its cgroups use, which version 2 allows a cgroup without processes only.
delegate() {
	local top controllers
	top=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	[[ -n $top ]] || return 0
	mkdir "$root$top/init"
	echo 0 >"$root$top/init/cgroup.procs"
	controllers=$(<"$root$top/cgroup.controllers")
	[[ -z $controllers ]] || echo "+${controllers// / +}" >"$root$top/cgroup.subtree_control"
}

devices() {
	local name
	mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
	mkdir "$root"/dev/{pts,shm,net,mqueue}
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	for name in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${name#*:}" "$root/dev/${name%:*}"; done
	for name in null zero full random urandom tty fuse net/tun; do
		mknod -m 666 "$root/dev/$name" c "$(stat -c '0x%t' "/dev/$name")" "$(stat -c '0x%T' "/dev/$name")"
	done
}

hostname "fresh-$suite"
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
cgroups
delegate
devices
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mkdir -m 1777 "$root/run/lock"
# Where Debian mounts a tmpfs over /tmp.
[[ $suite == bookworm ]] || mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
install -m 755 -t "$root/run" "$here"/{commands,setup}.sh

cd "$root"
pivot_root . .
umount --lazy .
cd /
mount --make-rshared / # as systemd does
variables=()
while [[ $1 != -- ]]; do
	variables+=("$1")
	shift
done
shift
env -i HOME=/root PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${variables[@]}" \
	/run/commands.sh "$@"
