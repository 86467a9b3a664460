package setup

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Of CRI-O, see crio.conf(5). Its hooks are in a directory of their own: they cover what CRI-O and the kubelet mount, and Podman's containers, whose
// hooks.d others share with CRI-O, are not to have them.
const (
	crioDropIns = "/etc/crio/crio.conf.d"
	crioDropIn  = crioDropIns + "/90-etcfiles.conf"
	crioHooks   = "/etc/crio/hooks.d"
)

func (h *Host) crioConf() (conf, error) {
	return h.readConf(slices.Concat([]string{"/etc/crio/crio.conf"}, h.glob(crioDropIns+"/*"))...)
}

func crioNetwork(all conf) network {
	return network{
		confDir: filepath.Clean(all.text("/etc/cni/net.d", "crio", "network", "network_dir")),
		binDirs: all.list([]string{"/opt/cni/bin"}, "crio", "network", "plugin_dirs"),
		binKey:  "plugin_dirs in crio.conf",
		name:    all.text("", "crio", "network", "cni_default_network"),
	}
}

func (h *Host) setupCRIO(p *Plan) error {
	program := h.command("crio")
	if program == "" {
		return ErrNotInstalled
	}
	p.wired = h.exists(filepath.Join(crioHooks, mountFile))
	all, err := h.crioConf()
	if err != nil {
		return err
	}
	n := crioNetwork(all)
	p.Found = fmt.Sprintf("%s, networks in %s, plugins in %s", program, n.confDir, strings.Join(n.binDirs, ", "))
	p.Restart = "systemctl restart crio"
	if err := h.setupHook(p, filepath.Join(crioHooks, mountFile), "the hook that mounts the files, for every container", mountHook(true)); err != nil {
		return err
	}
	if err := h.setupHook(p, filepath.Join(crioHooks, adoptFile), "the hook that takes over what the kubelet's hosts file has", adoptHook()); err != nil {
		return err
	}
	var s settings
	given := all.without(crioDropIn)
	if dirs := given.list([]string{usrHooks}, "crio", "runtime", "hooks_dir"); !slices.Contains(dirs, crioHooks) {
		s.add("crio.runtime", "hooks_dir = %s", quoted(append(slices.Clone(dirs), crioHooks)))
	}
	if err := h.setupConf(p, crioDropIn, &s); err != nil {
		return err
	}
	given.override(p, crioDropIn, "crio", "runtime", "hooks_dir")
	return h.setupNetwork(p, n)
}

func (h *Host) undoCRIO(p *Plan) error {
	all, err := h.crioConf()
	p.note(err)
	if h.command("crio") != "" {
		p.Restart = "systemctl restart crio"
	}
	for _, path := range p.record.madeFor("crio", crioDropIn, filepath.Join(crioHooks, mountFile), filepath.Join(crioHooks, adoptFile)) {
		h.undoFile(p, path)
	}
	return h.undoNetwork(p, crioNetwork(all))
}
