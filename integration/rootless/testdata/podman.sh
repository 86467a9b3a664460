#!/usr/bin/env bash
# What the page on drivers says of Podman without root, in an image of a busybox alone, and nothing is left.
# Usage: podman.sh DIR, with block.sh and conflists in it
set -euo pipefail
cd "$1"
export PATH=$1/bin:$PATH

mkdir -p "$HOME/.config/containers" "$HOME/image/bin"
printf '[storage]\ndriver = "vfs"\n' >"$HOME/.config/containers/storage.conf"
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$HOME/.config/containers/policy.json"
cp "$(command -v busybox)" "$HOME/image/bin/"
for applet in cat sleep; do ln -s busybox "$HOME/image/bin/$applet"; done
tar -C "$HOME/image" -c . | podman import --quiet - docker.io/library/busybox

set -x
. block.sh
podman exec db cat /etc/hosts
podman rm --force --time 0 --all
set +x
[[ -z $(podman unshare find "$HOME/.local/share/etcfiles" -type f) ]] || { podman unshare find "$HOME/.local/share/etcfiles" -type f; exit 1; }
echo "nothing is left"
