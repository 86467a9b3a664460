#!/bin/sh
# The units are there, and none is enabled.
set -e
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
{{- if .Staying}}
	systemctl try-restart {{.Staying}} || :
{{- end}}
fi
