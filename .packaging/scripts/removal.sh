# What the removal of a package and `make uninstall` share: a script that takes something away reads this file first.

# references prints, a line each, the files in the usual places that name one of the programs, and what to do about each.
# Usage: references ROOT PROGRAM... (ROOT is where the places are, "" for /; the programs are named without it)
references() {
	root=$1
	shift
	find -L "$root/etc/cni" -type f \( -name '*.conflist' -o -name '*.conf' -o -name '*.json' \) 2>/dev/null | sort | while read -r file; do
		if flat "$file" | grep -q '"type" *: *"etcfiles"'; then
			echo "$file: plugin etcfiles: end the containers of the network, then take the plugin out or remove the file"
		fi
	done
	{
		ls "$root"/etc/containerd/*.json "$root"/var/lib/rancher/k3s/agent/etc/containerd/*.json 2>/dev/null || :
		cat "$root"/etc/containerd/*.toml "$root"/etc/containerd/conf.d/*.toml 2>/dev/null |
			sed -n "s|^[^#]*base_runtime_spec *= *[\"']\([^\"']*\)[\"'].*|$root\1|p"
	} | sort -u | while read -r file; do
		hooks "$file" "$@" | while read -r hook; do
			echo "$file: hook $hook, without which no container of a pod starts: take base_runtime_spec out of containerd's configuration and restart containerd, then remove the file"
		done
	done
	for file in "$root"/etc/containers/oci/hooks.d/*.json "$root"/etc/crio/hooks.d/*.json "$root"/usr/share/containers/oci/hooks.d/*.json; do
		hooks "$file" "$@" | while read -r hook; do
			echo "$file: hook $hook, without which no container of Podman or CRI-O starts: remove the file"
		done
	done
	for file in "$root"/etc/containerd/*.toml "$root"/etc/containerd/conf.d/*.toml; do
		if uncommented "$file" | grep -q "required_plugins *= *\[[^]]*[\"']etcfiles-nri[\"']"; then
			echo "$file: required_plugins has etcfiles-nri, without which no pod starts: take it out and restart containerd"
		fi
	done
	for file in "$root"/opt/nri/plugins/*; do
		if [ -L "$file" ] && ! among "${file#"$root"}" "$@" && leads "${file#"$root"}" "$@"; then
			echo "$file: it leads to $(readlink "$file"): remove it and restart containerd"
		fi
	done
	for file in "$root"/etc/systemd/system/*.service "$root"/etc/systemd/system/*.service.d/*.conf; do
		if [ -f "$file" ]; then
			sed -n 's/^Exec[A-Za-z]*=[-@:+!|]*\([^ ]*\).*/\1/p' "$file" | sort -u | while read -r path; do
				if leads "$path" "$@"; then
					echo "$file: it runs $path: disable and stop the unit, then remove the file"
				fi
			done
		fi
	done
	for record in "$root"/run/etcfiles/containers/*; do
		if [ -d "$record" ]; then
			echo "$record: a container that has its network from oci-cni-hook: end it, or run oci-cni-hook gc if it has died"
		fi
	done
}

# hooks prints the paths of the hooks in a file of JSON that lead to one of the programs.
hooks() {
	json=$1
	shift
	flat "$json" | grep -o '"path" *: *"[^"]*"' | sed 's/.*"\([^"]*\)"$/\1/' | sort -u | while read -r path; do
		if leads "$path" "$@"; then
			echo "$path"
		fi
	done
}

# flat prints a file, if it is there, in one line; a slash of JSON may be escaped.
flat() {
	[ ! -f "$1" ] || tr -s '[:space:]' ' ' <"$1" | sed 's|\\/|/|g'
}

# uncommented prints a file of TOML, if it is there, in one line and without comments.
uncommented() {
	[ ! -f "$1" ] || sed 's/#.*//' "$1" | tr -s '[:space:]' ' '
}

# leads says whether a path is one of the programs, or a link to one.
leads() {
	path=$1
	shift
	for program; do
		if [ "$path" = "$program" ] || [ "$root$path" -ef "$root$program" ]; then
			return 0
		fi
	done
	return 1
}

# among says whether a path is one of those that follow.
among() {
	path=$1
	shift
	for other; do
		[ "$path" != "$other" ] || return 0
	done
	return 1
}

# stop_units disables and stops units. Containers and their files are left alone.
stop_units() {
	if command -v systemctl >/dev/null; then
		systemctl --quiet disable "$@" || :
	fi
	if [ -d /run/systemd/system ]; then
		systemctl stop "$@" || :
	fi
}
