#!/bin/sh
# The units are there, and none is enabled.
set -e

{{- if .Store}}

{{.Selinux}}
label_store
{{- end}}
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
{{- if .Units.Staying}}
	systemctl try-restart {{.Units.Staying}} || :
{{- end}}
fi
