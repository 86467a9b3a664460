#!/bin/sh
# When the package goes, what still names its programs is listed, and the units that were enabled are disabled and stopped.
set -e

{{.Removal}}
{{- if .Store}}
{{.Selinux}}
{{- end}}
case $1 in
remove | 0)
{{- if .Store}}
	named=$(references "" {{.Programs}}) || :
	if [ -n "$named" ]; then
		printf 'etcfiles is removed, and these still name it:\n%s\n' "$named" >&2
	fi
{{- end}}
	stop_units {{.Units.All}}
{{- if .Store}}
	unlabel_store
{{- end}}
	;;
esac
