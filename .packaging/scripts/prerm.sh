#!/bin/sh
# When the package goes, the units that were enabled are disabled and stopped. Containers and their files are left alone.
set -e
case $1 in
remove | 0)
	if command -v systemctl >/dev/null; then
		systemctl --quiet disable {{.All}} || :
	fi
	if [ -d /run/systemd/system ]; then
		systemctl stop {{.All}} || :
	fi
	;;
esac
