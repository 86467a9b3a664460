#!/bin/sh
# Purging removes the store. A container that still runs keeps the files that are mounted into it. The pins of network namespaces
# below /run/etcfiles stay, too: they are mounts, what they pin may be in use, and they are gone with the next boot.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
fi
case $1 in
purge)
	rm -rf --one-file-system /var/lib/etcfiles || : # a mount point cannot be removed, only emptied
	;;
esac
