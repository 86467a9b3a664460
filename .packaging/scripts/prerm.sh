#!/bin/sh
# When the package goes, what still names its programs is listed, and the units that were enabled are disabled and stopped.
set -e

{{.Removal}}
{{.Selinux}}
case $1 in
remove | 0)
	named=$(references "" {{.Programs}}) || :
	if [ -n "$named" ]; then
		printf 'etcfiles is removed, and these still name it:\n%s\n' "$named" >&2
	fi
	stop_units {{.Units.All}}
	unlabel_store
	;;
esac
