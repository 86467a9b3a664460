// Package contents says what a release of etcfiles consists of, and where each kind of package, and `make install`, puts it.
package contents

import (
	"path"
	"strings"
)

// Layout says where a kind of package puts the files.
type Layout struct {
	plugin    string // CNI plugins, where the distribution's own are
	bin       string
	libexec   string // what another program starts
	units     string // of systemd
	logrotate string // "" for none: then it is an example
	Doc       string
	license   string // "" where doc/copyright says it
	man       string
	bash      string // completions
	zsh       string
	fish      string
}

var (
	// Debian is that of Debian and Ubuntu, whose containernetworking-plugins and containerd have /usr/lib/cni.
	Debian = Layout{
		plugin: "/usr/lib/cni", bin: "/usr/bin", libexec: "/usr/libexec/etcfiles", units: "/usr/lib/systemd/system",
		logrotate: "/etc/logrotate.d", Doc: "/usr/share/doc/etcfiles", man: "/usr/share/man",
		bash: "/usr/share/bash-completion/completions", zsh: "/usr/share/zsh/vendor-completions", fish: "/usr/share/fish/vendor_completions.d",
	}
	// Fedora is that of the distributions with RPM: Fedora's containernetworking-plugins and openSUSE's cni-plugins.
	Fedora = Layout{
		plugin: "/usr/libexec/cni", bin: "/usr/bin", libexec: "/usr/libexec/etcfiles", units: "/usr/lib/systemd/system",
		logrotate: "/etc/logrotate.d", Doc: "/usr/share/doc/etcfiles", license: "/usr/share/licenses/etcfiles", man: "/usr/share/man",
		bash: "/usr/share/bash-completion/completions", zsh: "/usr/share/zsh/site-functions", fish: "/usr/share/fish/vendor_completions.d",
	}
)

// Local returns that of `make install` and of the tarball, which is to be unpacked at the root of any distribution: the CNI plugin is in
// the directory, and all else below the prefix, beside what is the distribution's own.
func Local(prefix, plugin string) *Layout {
	return &Layout{
		plugin: plugin, bin: prefix + "/bin", libexec: prefix + "/libexec/etcfiles", units: prefix + "/lib/systemd/system",
		Doc: prefix + "/share/doc/etcfiles", license: prefix + "/share/doc/etcfiles", man: prefix + "/share/man",
		bash: prefix + "/share/bash-completion/completions", zsh: prefix + "/share/zsh/site-functions", fish: prefix + "/share/fish/vendor_completions.d",
	}
}

// DocOf returns where the documents of a part are.
func (l *Layout) DocOf(part Part) string { return l.of(part).Doc }

// Symlink returns what a link at the path has to say to lead to the target: relative within one directory of the root, as
// Debian Policy 10.5 has it.
func Symlink(from, target string) string {
	top := func(p string) string { return strings.SplitN(p, "/", 3)[1] }
	if top(from) != top(target) {
		return target
	}
	up := strings.Repeat("../", strings.Count(path.Dir(from), "/")-1)
	return up + strings.TrimPrefix(target, "/"+top(target)+"/")
}
