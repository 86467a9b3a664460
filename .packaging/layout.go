package main

import (
	"path"
	"strings"
)

// layout says where a kind of package puts the files.
type layout struct {
	plugin    string // CNI plugins, where the distribution's own are
	bin       string
	libexec   string // what another program starts
	units     string // of systemd
	logrotate string // "" for none: then it is an example
	doc       string
	license   string // "" where doc/copyright says it
	man       string
	bash      string // completions
	zsh       string
	fish      string
}

var (
	// debian is that of Debian and Ubuntu, whose containernetworking-plugins and containerd have /usr/lib/cni.
	debian = layout{
		plugin: "/usr/lib/cni", bin: "/usr/bin", libexec: "/usr/libexec/etcfiles", units: "/usr/lib/systemd/system",
		logrotate: "/etc/logrotate.d", doc: "/usr/share/doc/etcfiles", man: "/usr/share/man",
		bash: "/usr/share/bash-completion/completions", zsh: "/usr/share/zsh/vendor-completions", fish: "/usr/share/fish/vendor_completions.d",
	}
	// fedora is that of the distributions with RPM: Fedora's containernetworking-plugins and openSUSE's cni-plugins.
	fedora = layout{
		plugin: "/usr/libexec/cni", bin: "/usr/bin", libexec: "/usr/libexec/etcfiles", units: "/usr/lib/systemd/system",
		logrotate: "/etc/logrotate.d", doc: "/usr/share/doc/etcfiles", license: "/usr/share/licenses/etcfiles", man: "/usr/share/man",
		bash: "/usr/share/bash-completion/completions", zsh: "/usr/share/zsh/site-functions", fish: "/usr/share/fish/vendor_completions.d",
	}
	// local is that of the tarball, to be unpacked at the root of any distribution: beside what is its own.
	local = layout{
		plugin: "/opt/cni/bin", bin: "/usr/local/bin", libexec: "/usr/local/libexec/etcfiles", units: "/usr/local/lib/systemd/system",
		doc: "/usr/local/share/doc/etcfiles", license: "/usr/local/share/doc/etcfiles", man: "/usr/local/share/man",
		bash: "/usr/local/share/bash-completion/completions", zsh: "/usr/local/share/zsh/site-functions", fish: "/usr/local/share/fish/vendor_completions.d",
	}
)

// symlink returns what a link at the path has to say to lead to the target: relative within one directory of the root, as
// Debian Policy 10.5 has it.
func symlink(from, target string) string {
	top := func(p string) string { return strings.SplitN(p, "/", 3)[1] }
	if top(from) != top(target) {
		return target
	}
	up := strings.Repeat("../", strings.Count(path.Dir(from), "/")-1)
	return up + strings.TrimPrefix(target, "/"+top(target)+"/")
}
