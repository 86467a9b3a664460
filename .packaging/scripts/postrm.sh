#!/bin/sh
# The metrics go, since node_exporter would go on to show what nobody measures any more. Purging removes the store and the log. A container that still runs keeps the files that are mounted into it. The pins of network namespaces
# below /run/etcfiles stay, too: they are mounts, what they pin may be in use, and they are gone with the next boot.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
fi
{{- if .Store}}
case $1 in
remove | purge | 0)
	rm -f /var/lib/prometheus/node-exporter/etcfiles.prom
	;;
esac
case $1 in
purge)
	rm -rf --one-file-system /var/lib/etcfiles || : # a mount point cannot be removed, only emptied
	rm -f /var/log/etcfiles.log /var/log/etcfiles.log.[0-9]* # what logrotate has made of it
	;;
esac
{{- end}}
