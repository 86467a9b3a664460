package setup

import (
	"fmt"
	"path/filepath"

	"github.com/etcfiles/etcfiles/pkg/containerdconf"
)

// k3s has a containerd of its own in it, and writes the configuration for it whenever it starts. Newer ones have it import a directory; then a
// drop-in does. Where they do not, what is left is NRI with containerd 2.x, and with 1.x the template, which replaces all of the
// configuration: so that is for its owner to write.
const (
	k3sDir   = "/var/lib/rancher/k3s"
	k3sAgent = k3sDir + "/agent/etc/containerd"
)

// k3s returns its containerd.
func (h *Host) k3s() containerd {
	c := containerd{
		program: h.program("containerd", k3sDir+"/data/current/bin"), config: k3sAgent + "/" + containerdFile, spec: k3sAgent + "/" + specName,
		generated: true, template: k3sAgent + "/config.toml.tmpl", restart: "systemctl restart k3s",
	}
	if h.exists("/etc/systemd/system/k3s-agent.service") {
		c.restart = "systemctl restart k3s-agent"
	}
	if newer := k3sAgent + "/config-v3.toml.tmpl"; h.exists(newer) {
		c.template = newer
	}
	return c
}

const (
	nriProgram = "etcfiles-nri"
	nriFile    = "10-" + nriProgram
)

func nriLink(all *containerdconf.Config) string {
	dir := "/opt/nri/plugins"
	if all != nil && all.NRIDir != "" {
		dir = all.NRIDir
	}
	return filepath.Join(dir, nriFile)
}

// byNRI reports whether files come into pods by NRI: its plugin is there, or nothing else survives a restart.
func (h *Host) byNRI(c *containerd, all *containerdconf.Config) bool {
	if all.NRIDir == "" || all.BaseSpec == c.spec {
		return false
	}
	config, err := h.read(c.config)
	return h.exists(nriLink(all)) || err == nil && c.generated && h.dropIns(c, config, all) == ""
}

// setupNRI plans that containerd starts etcfiles-nri.
func (h *Host) setupNRI(p *Plan, all *containerdconf.Config) error {
	link := nriLink(all)
	p.wired = h.exists(link)
	if p.wired {
		p.There = append(p.There, link)
		return nil
	}
	program := h.program(nriProgram, "/usr/libexec/etcfiles", "/usr/local/libexec/etcfiles", h.Self)
	if program == "" {
		return fmt.Errorf("there is no program %s in /usr/libexec/etcfiles, /usr/local/libexec/etcfiles or %s: install it", nriProgram, h.Self)
	}
	return h.link(p, link, program, "containerd starts it as a plugin of its Node Resource Interface, since config.toml is written anew at every start")
}
