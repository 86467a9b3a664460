#!/usr/bin/env bash
# A host with the lean conflist and its rule, and without them again. It is run in the repository, in network and mount namespaces of
# its own.
# Usage: lean.sh DIR WEB DB OUTSIDE, with the blocks of the page, there.sh and back.sh, in DIR, and three network namespaces
set -euo pipefail
dir=$1 web=$2 db=$3 outside=$4
trap 'jobs=$(jobs -p); [[ -z $jobs ]] || kill $jobs' EXIT

fail() { echo "FAIL: $*" >&2; exit 1; }
cni() { CAP_ARGS="{\"etcfiles\":{\"name\":\"$2\",\"hostname\":\"$2\"}}" "$CNI_PATH/cnitool" "$1" lab "/run/netns/$3" >/dev/null; }
fetch() { ip netns exec "$web" timeout 2 busybox wget -qO- "http://$1/"; }

# systemctl does what systemd would do with the unit, which systemd itself takes.
systemctl() {
	case $1 in
	enable) systemd-analyze --man=no verify "/etc/systemd/system/$3" && $(sed -n s/^ExecStart=//p "/etc/systemd/system/$3") ;;
	disable) $(sed -n s/^ExecStop=//p "/etc/systemd/system/$3") ;;
	esac
}

mount -t tmpfs tmpfs /mnt
mkdir /mnt/{upper,work,www}
mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc
mount -t tmpfs tmpfs /var/lib
rm -rf /etc/cni
mkdir -p /etc/systemd/system
install -D -m 644 -t /etc/cni/net.d conflists/10-bridge.conflist

# What is outside has no way to the network of the containers.
ip link add out0 type veth peer name eth0 netns "$outside"
ip addr add 192.0.2.1/24 dev out0
ip link set out0 up
ip -n "$outside" addr add 192.0.2.2/24 dev eth0
ip -n "$outside" link set eth0 up
echo "the page" >/mnt/www/index.html
ip netns exec "$outside" busybox httpd -f -p 80 -h /mnt/www &

. "$dir/there.sh"
rules=$(nft list ruleset)
cni add web "$web"
cni add db "$db"
for name in web db; do
	grep -q " $name $name.lab" "$(grep -l -- " $name " /var/lib/etcfiles/etchosts/default/*/hosts | head -n 1)" || fail "$name is not known"
done
until fetch 192.0.2.2; do sleep 0.1; done
[[ $(nft list ruleset) == "$rules" ]] || fail "a container has made rules: $(nft list ruleset)"
nft delete table ip etcfiles-lab
! fetch 192.0.2.2 || fail "the rule is not what it takes"
nft -f /etc/etcfiles/lab.nft
fetch 192.0.2.2
cni del web "$web"
cni del db "$db"
[[ $(nft list ruleset) == "$rules" ]] || fail "rules are left: $(nft list ruleset)"
[[ -z $(find /var/lib/cni -name '10.*' -o -path '*/results/*') ]] || fail "leases or results are left: $(find /var/lib/cni)"
[[ -z $(find /var/lib/etcfiles -type f) ]] || fail "files are left: $(find /var/lib/etcfiles -type f)"

# With ports: what is outside reaches the container by the address of the host, and the container what is outside.
install -D -m 644 -t "$dir/ports" conflists/10-bridge-lean-ports.conflist
published() {
	NETCONFPATH=$dir/ports CAP_ARGS='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}' \
		"$CNI_PATH/cnitool" "$1" lab "/run/netns/$web" >/dev/null
}
published add
ip netns exec "$web" busybox httpd -f -p 80 -h /mnt/www &
until ip netns exec "$outside" timeout 2 busybox wget -qO- http://192.0.2.1:8080/; do sleep 0.1; done
fetch 192.0.2.2
published del
! iptables-save | grep -e CNI-DN- -e 10.231.10. || fail "rules of a port are left"
[[ -z $(find /var/lib/cni -name '10.*' -o -path '*/results/*') ]] || fail "leases or results are left: $(find /var/lib/cni)"
# The tables that portmap makes once.
for table in $(nft list tables | sed -n 's/^table \(ip6* [a-z]*\)$/\1/p' | tr ' ' :); do nft delete table "${table%:*}" "${table#*:}"; done

. "$dir/back.sh"
[[ -z $(nft list ruleset) ]] || fail "rules are left: $(nft list ruleset)"
[[ $(ls /etc/cni/net.d) == 10-bridge.conflist ]] || fail "conflists are $(ls /etc/cni/net.d)"
echo "nothing is left"
