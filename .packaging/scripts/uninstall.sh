#!/bin/sh
# Takes away what `make install` has put below ROOT (DESTDIR, or "" for /), by the list that it left there. Without a list, what is left of a
# version that made none: programs in the directory of CNI plugins. Refuses while something still names one of the programs.
# Usage: uninstall.sh ROOT LIST [PROGRAM...]
set -eu
. "$(dirname "$0")/removal.sh"
root=$1 list=$2
shift 2

if [ -f "$root$list" ]; then
	installed=$(cat "$root$list")
else
	if [ -d "$root${list%/etcfiles/installed}/doc/etcfiles" ]; then
		echo "what is installed has no $root$list, as from a tarball: run make install first, which takes it over" >&2
		exit 1
	fi
	# Links, and the CNI plugin alone, are of an installation with another PREFIX.
	installed=$(for path; do [ ! -f "$root$path" ] || [ -L "$root$path" ] || echo "$path"; done)
	case $installed in
	*/oci-cni-hook*) ;;
	*)
		echo "nothing is installed: there is no $root$list; say DESTDIR and PREFIX as for make install" >&2
		exit 1
		;;
	esac
fi
IFS='
'
set -f
programs() {
	for path in $installed; do
		case $path in
		*etcfiles | */oci-cni-hook | */etcfiles-mount | */etcfiles-etcd | *etcfiles-nri) echo "$path" ;;
		esac
	done
}
named=$(set +f; references "$root" $(set -f; programs))
if [ -n "$named" ]; then
	printf 'Nothing was removed, since these still name a program:\n%s\n' "$named" >&2
	exit 1
fi

if [ -z "$root" ]; then
	units=$(for path in $installed; do case $path in */systemd/system/?*) echo "${path##*/}" ;; esac; done)
	[ -z "$units" ] || stop_units $units
fi
for path in $(echo "$installed" | LC_ALL=C sort -r); do # what is in a directory before the directory
	case $path in
	*/) rmdir "$root$path" 2>/dev/null || : ;; # it stays if others have put something there
	*) rm -f "$root$path" ;;
	esac
done
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
fi
