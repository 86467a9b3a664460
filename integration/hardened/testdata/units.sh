#!/usr/bin/env bash
# What the hardened units are for, each run by systemd as it is shipped, on a machine of its own.
set -euo pipefail
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
say() { echo "$1" >&2; exit 1; }
start() {
	systemctl start "$1" || { systemctl status --no-pager "$1" >&2; say "$1 failed"; }
	[[ $(systemctl show --property=Result --value "$1") == success ]] || say "$1 did not succeed"
}
store=/var/lib/etcfiles

# A chain without interfaces, whose addresses the configuration says, so that a container is its files only.
add() {
	ip netns add "$1"
	ip -n "$1" link add eth0 type veth peer eth1
	ip -n "$1" address add "$2/24" dev eth0
	echo '{"cniVersion": "1.0.0", "name": "lab", "type": "etcfiles", "capabilities": {"etcfiles": true}, "runtimeConfig": {"etcfiles": '"${3-{\}}"'},
		"prevResult": {"cniVersion": "1.0.0", "interfaces": [{"name": "eth0", "sandbox": "/run/netns/'"$1"'"}],
		"ips": [{"address": "'"$2"'/24", "interface": 0}]}}' |
		CNI_COMMAND=ADD CNI_CONTAINERID=$1 CNI_NETNS=/run/netns/$1 CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin /opt/cni/bin/etcfiles >/dev/null
}

# refresh before the first container is not a failure, and neither is it after one.
echo nameserver 192.0.2.1 >/etc/resolv.conf
start etcfiles-refresh.service
add web 10.4.10.15
add mapped 10.4.10.16 '{"owner": {"uid": 100000, "gid": 100000}}'
echo nameserver 192.0.2.2 >/etc/resolv.conf
before=$(stat -c '%i %u:%g %a' $store/containers/default/{web,mapped}/resolv.conf)
start etcfiles-refresh.service
for name in web mapped; do
	grep -q 'nameserver 192.0.2.2' $store/containers/default/$name/resolv.conf || say "refresh left the resolv.conf of $name as it was"
done
[[ $(stat -c '%i %u:%g %a' $store/containers/default/{web,mapped}/resolv.conf) == "$before" ]] || say "refresh changed more than the content"
[[ $before == *100000:100000* ]] || say "no file has another owner: $before"

# metrics sees from where it runs that a container is gone, by both kinds of paths, and writes where another user's directory is.
install -d -o 65534 -g 65534 /var/lib/prometheus/node-exporter
ip netns del web
start etcfiles-metrics.service
text=/var/lib/prometheus/node-exporter/etcfiles.prom
grep -qx 'etcfiles_dead_containers{namespace="default"} 1' $text || say "metrics: $(cat $text)"
[[ $(stat -c %a $text) == 644 ]] || say "metrics: nobody else can read $text"

# prune takes the dead one away, and its names from a file of another owner.
grep -q '^10.4.10.15 .*web' $store/etchosts/default/mapped/hosts || say "mapped does not know web"
start etcfiles-prune.service
[[ ! -e $store/etchosts/default/web ]] || say "prune left web"
! grep -q '^10.4.10.15' $store/etchosts/default/mapped/hosts || say "prune left the name of web"
[[ $(stat -c %u:%g $store/etchosts/default/mapped/hosts) == 100000:100000 ]] || say "prune took a file from its owner"

# etcfiles-etcd is ready without etcd. Then names of another host come into a file of another owner, and a restart of the service changes nothing.
wait_for() { # WHAT COMMAND...
	local what=$1
	shift
	for _ in $(seq 600); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	say "etcfiles-etcd: $what: $(etcfiles-etcd status; systemctl status --no-pager etcfiles-etcd)"
}
mkdir -p /etc/etcfiles
echo '{"endpoints": ["http://127.0.0.1:2379"], "insecure": true, "host": "h1", "ttl": "5s", "networks": [{"network": "lab", "ranges": ["10.4.10.0/24"]}]}' >/etc/etcfiles/etcd.json
start etcfiles-etcd.service
! etcfiles-etcd status >/dev/null || say "etcfiles-etcd: well without etcd"
etcd --data-dir /run/etcd --log-level error &
wait_for "it is not well with etcd" etcfiles-etcd status
etcdctl put /etcfiles/1/default/lab/h2/host '{"machine": "m", "ranges": ["10.4.11.0/24"]}' >/dev/null
etcdctl put /etcfiles/1/default/lab/h2/db/eth0 '{"addresses": ["10.4.11.2"], "names": ["db", "db.lab"]}' >/dev/null
wait_for "no name of another host" grep -q '^10.4.11.2 *db db.lab$' $store/etchosts/default/mapped/hosts
[[ $(stat -c %u:%g $store/etchosts/default/mapped/hosts) == 100000:100000 ]] || say "etcfiles-etcd took a file from its owner"
before=$(etcdctl get --prefix /etcfiles/ -w json | tr , '\n' | grep -v '"revision":')
systemctl restart etcfiles-etcd.service
wait_for "it is not well after a restart" etcfiles-etcd status
[[ $(etcdctl get --prefix /etcfiles/ -w json | tr , '\n' | grep -v '"revision":') == "$before" ]] || say "etcfiles-etcd has written again"
start etcfiles-etcd-metrics.service
grep -qx 'etcfiles_published 1' /var/lib/prometheus/node-exporter/etcfiles-etcd.prom || say "metrics: $(cat /var/lib/prometheus/node-exporter/etcfiles-etcd.prom)"
systemctl stop etcfiles-etcd.service
grep -q '^10.4.11.2 *db db.lab$' $store/etchosts/default/mapped/hosts || say "etcfiles-etcd has taken names away at its end"

# gc runs a whole chain for a container whose runtime was killed, and the pin is gone from this mount namespace.
echo '{"cniVersion": "1.0.0", "name": "real", "plugins": [
	{"type": "bridge", "bridge": "cni-real", "isGateway": true, "ipMasq": true, "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.231.77.0/24"}]]}},
	{"type": "portmap", "capabilities": {"portMappings": true}}, {"type": "firewall"}, {"type": "etcfiles", "capabilities": {"etcfiles": true}}]}' >/etc/cni/net.d/10-real.conflist
unshare --net sleep 1000 &
pid=$!
until [[ $(readlink /proc/$pid/ns/net) != $(readlink /proc/self/ns/net) ]]; do sleep 0.01; done
mkdir -p /bundle
echo '{"ociVersion": "1.0.2", "root": {"path": "rootfs"}, "linux": {"namespaces": [{"type": "network"}]}, "annotations": {"etcfiles/ports": "8080:80"}}' >/bundle/config.json
echo '{"ociVersion": "1.0.2", "id": "db", "status": "creating", "pid": '$pid', "bundle": "/bundle"}' | oci-cni-hook --allow ports createRuntime
ls /run/etcfiles/netns/default-db >/dev/null
iptables-save | grep -q 10.231.77 || say "no rule of the container: $(iptables-save)"
kill -9 $pid
wait $pid || :
start oci-cni-hook-gc.service
[[ -z $(ls /run/etcfiles/netns) ]] || say "gc left a pin"
! grep /run/etcfiles/netns /proc/self/mountinfo >&2 || say "gc left a mount"
! iptables-save | grep -e 10.231.77.2 -e 8080 >&2 || say "gc left rules"
[[ -z $(ls -d /var/lib/cni/networks/real/10.* $store/etchosts/default/default-db 2>/dev/null) ]] || say "gc left a lease or a record"

# etcfiles-nri is there before containerd, and comes back when that is started again: a pod of then has its files, too.
cat >/run/containerd.toml <<'TOML'
version = 3
root = "/run/c/root"
state = "/run/c/state"
[grpc]
  address = "/run/c/sock"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
TOML
mkdir -p /run/systemd/system
printf '[Service]\nExecStart=/usr/local/bin/containerd --config /run/containerd.toml\nStandardError=append:/run/containerd.log\n' >/run/systemd/system/containerd.service
systemctl daemon-reload
connected() { # COUNT: so often has it come to containerd
	for _ in {1..300}; do
		[[ $(grep -c '10-etcfiles-nri.* connected and synchronized' /run/containerd.log) -lt $1 ]] || return 0
		sleep 0.1
	done
	say "etcfiles-nri does not come to containerd: $(systemctl status --no-pager etcfiles-nri.service)"
}
systemctl start etcfiles-nri.service # and fails, and is started again, until it is well
systemctl start containerd.service
connected 1
systemctl restart containerd.service
connected 2
[[ $(systemctl show --property=NRestarts --value etcfiles-nri.service) -gt 0 ]] || say "etcfiles-nri outlived containerd"
systemctl stop etcfiles-nri.service containerd.service
[[ $(systemctl show --property=Result --value etcfiles-nri.service) == success ]] || say "etcfiles-nri did not end well"

# What the settings are for: a program in place of ours can do none of this.
mkdir -p /run/systemd/system/etcfiles-refresh.service.d
cat >/run/systemd/system/etcfiles-refresh.service.d/other.conf <<'UNIT'
[Service]
ExecStart=
ExecStart=/usr/bin/bash -c ': >%{path}'
Restart=no
UNIT
for path in /etc/other /usr/local/bin/etcfiles /run/other /root/other; do
	sed -i "s,': >.*,': >$path'," /run/systemd/system/etcfiles-refresh.service.d/other.conf
	systemctl daemon-reload
	! systemctl start etcfiles-refresh.service 2>/dev/null || say "the unit may write $path"
	systemctl reset-failed etcfiles-refresh.service
done
sed -i "s,': >.*,': >$store/other'," /run/systemd/system/etcfiles-refresh.service.d/other.conf
systemctl daemon-reload
start etcfiles-refresh.service
echo done
