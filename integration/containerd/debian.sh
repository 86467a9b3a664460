#!/usr/bin/env bash
# debian.sh SUITE DIR: put the programs and the configuration of that Debian's own containerd package into DIR, whatever the suite of
# this machine is. apt has its lists and settings for it in a directory of its own, and the machine's mirror of Debian if it has one.
set -euo pipefail
suite=$1 target=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir"/{parts,lists/partial,cache/archives/partial,root}
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | awk '/\/debian\/$/ && !n++')
mirror=${mirror:-http://deb.debian.org/debian}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$dir/sources.list"
apt=(apt-get -qq -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts="$dir/parts" -o Dir::State::lists="$dir/lists"
	-o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root)
"${apt[@]}" update
cd "$dir"
"${apt[@]}" download containerd
dpkg -x containerd_*.deb root
install -D -t "$target" root/usr/bin/{containerd,containerd-shim-runc-v2,ctr}
install -m 644 -t "$target" root/etc/containerd/config.toml
