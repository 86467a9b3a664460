#!/usr/bin/env bash
# On a bare Debian: sets up its own containerd and its own Podman by etcfiles setup from the .deb of this repository, has two containers of each
# find each other by name, takes all of it away again, and looks at what is left.
# Usage: setup.sh CLONE (in the clone of the repository; no systemd runs here, so containerd is started by hand)
set -Eeuo pipefail
trap 'echo "setup.sh: line $LINENO failed" >&2' ERR
cd "$1"
export DEBIAN_FRONTEND=noninteractive
work=$(mktemp -d /run/setup.XXXXXX)

say() { echo "== $*"; }
fail() {
	echo "$*" >&2
	exit 1
}

# state lists every file that setup, or the package, might leave or change.
state() {
	{
		find /etc /opt /usr /var/lib/etcfiles -xdev \( -path /usr/local/go -o -path /etc/ld.so.cache \) -prune -o \
			\( -type d -printf '%p\t%M %U:%G\n' \) -o -printf '%p\t%M %U:%G %l %s\n' 2>/dev/null || true # what is not there
		find /etc -xdev -type f ! -name ld.so.cache -exec sha256sum {} +
	} | LC_ALL=C sort
	find /var/lib/cni -type f ! -name lock ! -name 'last_reserved_ip*' 2>/dev/null || true
	find /run/etcfiles /run/netns -type f 2>/dev/null || true
}

# expect fails unless what is printed has the text.
expect() { # TEXT COMMAND...
	local text=$1 out
	shift
	out=$("$@" 2>&1) || fail "$*: $out"
	printf '%s\n' "$out"
	grep -qF -- "$text" <<<"$out" || fail "$*: there is no \"$text\" in it"
}

containerd_up() {
	containerd >>"$work/containerd.log" 2>&1 &
	daemon=$!
	for _ in $(seq 300); do
		! ctr version >/dev/null 2>&1 || return 0
		kill -0 "$daemon" 2>/dev/null || break
		sleep 0.1
	done
	cat "$work/containerd.log" >&2
	fail "containerd does not start"
}

containerd_down() {
	kill "$daemon"
	wait "$daemon" || :
}

# image makes an archive of an image that has busybox only.
image() {
	local applet sum
	mkdir -p "$work"/{image,root/{bin,etc,proc,sys,dev,tmp}}
	cp "$(command -v busybox)" "$work/root/bin/"
	for applet in sh sleep seq cat httpd wget; do ln -s busybox "$work/root/bin/$applet"; done
	echo 'hosts: files' >"$work/root/etc/nsswitch.conf"
	tar -C "$work/root" --owner 0 --group 0 -cf "$work/image/layer.tar" .
	sum=$(sha256sum <"$work/image/layer.tar" | cut -d ' ' -f 1)
	printf '{"architecture": "%s", "os": "linux", "config": {"Cmd": ["/bin/sleep", "86400"]}, "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}' \
		"$(dpkg --print-architecture)" "$sum" >"$work/image/config.json"
	printf '[{"Config": "config.json", "RepoTags": ["docker.io/library/box:latest"], "Layers": ["layer.tar"]}]' >"$work/image/manifest.json"
	tar -C "$work/image" -cf "$work/image.tar" manifest.json config.json layer.tar
}

# runc_without lets runc start the pause container where nobody may lower the score of the OOM killer, which CRI wants of it.
runc_without() {
	! capsh --has-p=CAP_SYS_RESOURCE 2>/dev/null || return 0
	cat >/usr/local/sbin/runc <<'EOF'
#!/bin/sh
before=
for argument; do
	if [ "$before" = --bundle ]; then
		sed -i 's/"oomScoreAdj": *-[0-9]*/"oomScoreAdj":0/' "$argument/config.json" || exit
	fi
	before=$argument
done
exec /usr/sbin/runc "$@"
EOF
	chmod 755 /usr/local/sbin/runc
}

cri() { "$work/crictl" --config "$work/crictl.yaml" "$@"; }
pod() { podman --cgroup-manager cgroupfs --events-backend file --storage-driver vfs --runtime runc "$@"; }

# serve is what every container does; the answer to a peer is the hosts file by which it knows that.
serve='"httpd", "-f", "-p", "80", "-h", "/etc"'
ask() { echo "for i in \$(seq 100); do wget -q -O - http://$1/hosts && exit; sleep 0.1; done; cat /etc/hosts; exit 1"; }

pods() {
	local name
	ctr -n k8s.io images import "$work/image.tar" >/dev/null
	ctr -n k8s.io images tag docker.io/library/box:latest "$(containerd config dump | sed -n "s/^ *sandbox\(_image\)\? *= *['\"]\([^'\"]*\)['\"]$/\2/p" | head -n 1)" >/dev/null
	for name in web db; do
		echo '{"metadata": {"name": "'$name'", "namespace": "shop", "uid": "'$name'"}, "hostname": "'$name'", "linux": {}}' >"$work/$name-pod.json"
		echo '{"metadata": {"name": "'$name'"}, "image": {"image": "docker.io/library/box:latest"}, "command": ['"$serve"'], "linux": {}}' >"$work/$name.json"
		cri run "$work/$name.json" "$work/$name-pod.json" >/dev/null
	done
	expect " web" cri exec -s "$(cri ps -q --name web)" sh -c "$(ask db)"
	expect " db" cri exec -s "$(cri ps -q --name db)" sh -c "$(ask web)"
	cri rmp -f $(cri pods -q --namespace shop) >/dev/null
}

containers() {
	local name
	podman_import
	for name in web db; do
		pod run --detach --name "$name" "$@" --annotation "etcfiles/name=$name" box httpd -f -p 80 -h /etc >/dev/null
	done
	expect " web" pod exec web sh -c "$(ask db)"
	expect " db" pod exec db sh -c "$(ask web)"
	pod rm --force --time 0 --all >/dev/null
}
podman_import() { tar -C "$work/root" -c . | pod import - box >/dev/null 2>&1; }

say "the runtimes of this Debian"
apt-get -qq update
apt-get -qq install -y --no-install-recommends containerd podman runc conmon iptables containernetworking-plugins busybox-static iproute2 libcap2-bin >/dev/null
runc_without
image
GOBIN=$work go install sigs.k8s.io/cri-tools/cmd/crictl@v1.36.0
printf 'runtime-endpoint: unix:///run/containerd/containerd.sock\ndisable-pull-on-run: true\n' >"$work/crictl.yaml"
containerd_up
containerd_down
pod info >/dev/null
state >"$work/before"

say "the package"
make package PACKAGE_ARCHS="$(go env GOARCH)" >"$work/package.log" 2>&1 || { cat "$work/package.log" >&2; exit 1; }
apt-get -qq install -y --no-install-recommends ./dist/etcfiles_*.deb >/dev/null

say "containerd: $(containerd --version)"
expect "nothing is changed" etcfiles setup containerd --dry-run
expect "left to do: systemctl restart containerd" etcfiles setup containerd
containerd_up # as restarted
pods
say "Podman: $(podman --version)"
expect "nothing is left to do" etcfiles setup podman
network=$(etcfiles setup podman | sed -n 's|.*--annotation etcfiles/networks=\([^ ]*\) .*|\1|p')
if [[ -n $network ]]; then
	containers --network none --annotation "etcfiles/networks=$network"
else
	containers
fi
expect "containerd is set up" etcfiles setup containerd
etcfiles setup

say "all of it away again"
etcfiles setup --undo
containerd_down
containerd_up
containerd_down
expect "nothing is left of a setup" etcfiles setup --undo
apt-get -qq purge -y etcfiles >/dev/null 2>"$work/purged"
! grep "etcfiles is removed, and these still name it" -A 9 "$work/purged" || exit 1
state >"$work/after"
diff "$work"/before "$work"/after || fail "this is left, or was changed"
! iptables-save | grep -i 'etcfiles\|10\.231\|10\.88' || fail "these rules are left"
say "nothing is left"
