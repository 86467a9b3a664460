# Under SELinux the files that containers have mounted are of the type that they may read, also when the file system is labelled anew. The plugin
# labels each of them itself, so this is to be done only where semanage is there to do it.
labelled='/var/lib/etcfiles/(etchosts|containers)/[^/]+/[^/]+/(hosts|resolv\.conf|hostname)'

selinux_managed() {
	command -v selinuxenabled >/dev/null && command -v semanage >/dev/null && selinuxenabled
}

label_store() {
	if selinux_managed; then
		semanage fcontext -a -t container_file_t "$labelled" 2>/dev/null || semanage fcontext -m -t container_file_t "$labelled" || :
		[ ! -d /var/lib/etcfiles ] || restorecon -R /var/lib/etcfiles || :
	fi
}

unlabel_store() {
	if selinux_managed; then
		semanage fcontext -d "$labelled" || :
	fi
}
