#!/usr/bin/env bash
# Starts this machine's systemd as the first process of a machine of its own, over an overlay of this one's root, with the programs and units
# given, and runs a script there. It says "the script ended with CODE" then, and ends when it is killed.
# Usage: systemd.sh DIR CGROUP SCRIPT BIN PLUGINS UNIT... (DIR is empty; CGROUP, "/NAME", is made and left; BIN has our programs, PLUGINS the CNI plugins)
set -euo pipefail
if [[ ${1-} != inside ]]; then
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
		[[ -e $hierarchy/cgroup.procs ]] || continue
		mkdir -p "$hierarchy$2"
		echo $$ >"$hierarchy$2/cgroup.procs"
	done
	exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child -- "$0" inside "$@"
fi
shift
dir=$1 script=$3 bin=$4 plugins=$5
shift 5

mount --make-rprivate /
mount -t tmpfs tmpfs "$dir"
mkdir "$dir"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
root=$dir/root
rm -rf "$root"/etc/systemd/system/* "$root"/usr/local/lib/systemd "$root"/var/lib/{etcfiles,cni,prometheus} "$root"/etc/cni
mkdir -p "$root"/etc/systemd/system "$root/opt/cni/bin" "$root/etc/cni/net.d"
rm -f "$root/etc/resolv.conf"
install -t "$root/usr/local/bin" "$bin"/*
install -t "$root/opt/cni/bin" "$plugins"/{bridge,host-local,portmap,firewall} "$bin/etcfiles"
install -m 644 -t "$root/etc/systemd/system" "$@"
install -m 755 "$script" "$root/script"
cat >"$root/etc/systemd/system/machine.target" <<'UNIT'
[Unit]
DefaultDependencies=no
UNIT
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
if [[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]]; then
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
	mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
	mkdir "$root"/sys/fs/cgroup/systemd
	mount -t cgroup -o none,name=systemd,xattr cgroup "$root/sys/fs/cgroup/systemd"
fi
mount -t tmpfs -o mode=755 tmpfs "$root/run"
cd "$root"
pivot_root . .
umount --lazy .
cd /
ip link set lo up
export -n dir script bin plugins root
(
	until systemctl list-units >/dev/null 2>&1; do sleep 0.05; done
	code=0
	/script || code=$?
	echo "the script ended with $code"
) &
exec env -i container=etcfiles-test PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --system --unit=machine.target --log-target=null --show-status=no
