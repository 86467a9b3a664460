#!/bin/sh
# The units are there, and none is enabled.
set -e

{{.Selinux}}
label_store
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
{{- if .Units.Staying}}
	systemctl try-restart {{.Units.Staying}} || :
{{- end}}
fi
