# What the removal of a package and `make uninstall` share: a script that takes something away reads this file first.

# references prints, a line each, the files that name one of the programs, and what to do about each. It looks into the usual places and into those
# that the configurations of the runtimes name.
# Usage: references ROOT PROGRAM... (ROOT is where the places are, "" for /; the programs are named without it)
references() {
	root=$1
	shift
	{
		confs "$root/etc/cni"
		for dir in "$root"/var/lib/rancher/*/agent/etc/cni; do
			confs "$dir"
		done
		{
			containerd_files | values conf_dir
			crio_files | values network_dir
			podman_files | values network_config_dir
			ls "$root"/etc/nerdctl/nerdctl.toml 2>/dev/null | values cni_netconfpath
			ls "$root"/etc/nomad.d/*.hcl 2>/dev/null | values cni_config_dir
		} | while read -r dir; do
			confs "$root$dir" -maxdepth 2 # beside a list are the plugins that belong to it
		done
	} | sort -u | while read -r file; do
		if flat "$file" | grep -q '"type" *: *"etcfiles"'; then
			echo "$file: plugin etcfiles: end the containers of the network, then take the plugin out or remove the file"
		fi
	done
	{
		ls "$root"/etc/containerd/*.json "$root"/var/lib/rancher/*/agent/etc/containerd/*.json 2>/dev/null || :
		containerd_files | values base_runtime_spec | sed "s|^|$root|"
	} | sort -u | while read -r file; do
		hooks "$file" "$@" | while read -r hook; do
			echo "$file: hook $hook, without which no container of a pod starts: take base_runtime_spec out of containerd's configuration and restart containerd, then remove the file"
		done
	done
	{
		printf '%s\n' /etc/containers/oci/hooks.d /etc/crio/hooks.d /usr/share/containers/oci/hooks.d
		{
			crio_files
			podman_files
		} | values hooks_dir
	} | sort -u | while read -r dir; do
		ls "$root$dir"/*.json 2>/dev/null || :
	done | while read -r file; do
		hooks "$file" "$@" | while read -r hook; do
			echo "$file: hook $hook, without which no container of Podman or CRI-O starts: remove the file"
		done
	done
	containerd_files | while read -r file; do
		if uncommented "$file" | grep -q "required_plugins *= *\[[^]]*[\"']etcfiles-nri[\"']"; then
			echo "$file: required_plugins has etcfiles-nri, without which no pod starts: take it out and restart containerd"
		fi
	done
	{
		echo /opt/nri/plugins
		containerd_files | values plugin_path
		crio_files | values nri_plugin_dir
	} | sort -u | while read -r dir; do
		ls -d "$root$dir"/* 2>/dev/null || :
	done | while read -r file; do
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
	recorded | while read -r file; do
		if [ -e "$root$file" ] || [ -L "$root$file" ]; then
			echo "$root$file: it is from etcfiles setup: etcfiles setup --undo takes that back"
		fi
	done
	for record in "$root"/run/etcfiles/containers/*; do
		if [ -d "$record" ]; then
			echo "$record: a container that has its network from oci-cni-hook: end it, or run oci-cni-hook gc if it has died"
		fi
	done
}

# recorded prints the paths of the record of etcfiles setup that an undo takes away, which are neither directories nor the targets of links.
recorded() {
	flat "$root/etc/etcfiles/setup.json" | sed 's/"directories" *: *\[[^]]*\]//; s/" *: *"[^"]*"/"/g' | grep -o '"/[^"]*"' | tr -d '"' || :
}

# confs prints the configurations of networks in a directory and below it.
# Usage: confs DIRECTORY [OPTION-OF-FIND...]
confs() {
	place=$1
	shift
	find -L "$place" "$@" -type f \( -name '*.conflist' -o -name '*.conf' -o -name '*.json' \) 2>/dev/null || :
}

# containerd_files prints the files of containerd's configuration, also of that of k3s and RKE2, and those that they import.
containerd_files() {
	for file in "$root"/etc/containerd/*.toml "$root"/etc/containerd/conf.d/*.toml "$root"/var/lib/rancher/*/agent/etc/containerd/*.toml \
		"$root"/var/lib/rancher/*/agent/etc/containerd/*.tmpl "$root"/var/lib/rancher/*/agent/etc/containerd/*.d/*.toml; do
		if [ -f "$file" ]; then
			echo "$file"
			echo "$file" | values imports | while read -r pattern; do
				ls -d "$root"$pattern 2>/dev/null || : # the pattern is not quoted
			done
		fi
	done | sort -u
}

# crio_files and podman_files print the files of the configuration of CRI-O and of Podman.
crio_files() {
	ls "$root"/etc/crio/crio.conf "$root"/etc/crio/crio.conf.d/* 2>/dev/null || :
}

podman_files() {
	ls "$root"/usr/share/containers/containers.conf "$root"/etc/containers/containers.conf "$root"/etc/containers/containers.conf.d/*.conf 2>/dev/null || :
}

# values prints the absolute paths that a key has in the files of TOML that are named on stdin: one, or a list of them.
values() {
	while read -r configuration; do
		uncommented "$configuration" | sed "s/^/ /" | grep -oE "[^A-Za-z0-9_]$1 *= *(\\[[^]]*\\]|\"[^\"]*\"|'[^']*')" | grep -oE "[\"'][^\"']*[\"']" || :
	done | sed -n "s|^.\(/.*[^/]\)/*.\$|\1|p" | sort -u
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
