package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/conflists"
	"github.com/etcfiles/etcfiles/pkg/conflist"
)

const (
	pluginName  = "etcfiles"
	exampleFile = "10-bridge.conflist"

	exampleNetwork = "lab"
)

// network is where a runtime has its networks.
type network struct {
	confDir string
	binDirs []string // of the plugins
	binKey  string   // what names them
	name    string   // of the network that is in use; "" for that of the first file
}

// files returns the configurations of networks, in the order in which libcni takes them.
func (h *Host) files(dir string) []string {
	var list []string
	for _, path := range conflist.Files(h.in(dir)) {
		list = append(list, filepath.Join(dir, filepath.Base(path)))
	}
	return list
}

// inUse returns the configuration that the runtime has in use, or else the first of those that it may be told to use; "" if there is none.
func (h *Host) inUse(n network) string {
	if found := conflist.Find(h.in(n.confDir), n.name); n.name != "" && found != "" {
		return filepath.Join(n.confDir, filepath.Base(found))
	}
	if files := h.files(n.confDir); len(files) > 0 {
		return files[0]
	}
	return ""
}

// setupNetwork plans that the network in use has the plugin, or else that there is the example.
func (h *Host) setupNetwork(p *Plan, n network) error {
	p.list = h.inUse(n)
	if p.list == "" {
		p.list = filepath.Join(n.confDir, exampleFile)
		if err := errors.Join(h.look(p, n, conflists.Bridge, h.in(n.confDir)), h.linkPlugin(p, n)); err != nil {
			return err
		}
		return h.write(p, p.list, fmt.Sprintf("the network %q, since there is none", exampleNetwork), conflists.Bridge)
	}
	return h.setupList(p, n)
}

// setupList plans that a configuration has the plugin.
func (h *Host) setupList(p *Plan, n network) error {
	edit, err := conflist.Add(h.in(p.list), conflist.Plugin{})
	if err != nil {
		return err
	}
	if err := h.linkPlugin(p, n); err != nil {
		return err
	}
	if err := h.look(p, n, edit.After, ""); err != nil {
		return err
	}
	if !edit.Changed() {
		p.There = append(p.There, p.list)
		return nil
	}
	if edit.Agent != nil {
		p.ByHand = append(p.ByHand, fmt.Sprintf("%s: %s; to have the plugin %s last in it, %s", p.list, edit.Agent, pluginName, edit.Agent.Template))
		return nil
	}
	what := fmt.Sprintf("the plugin %s last in the network that is in use; the former file stays as %s", pluginName, filepath.Base(edit.File)+conflist.Suffix)
	h.edit(p, p.list, what, edit)
	return nil
}

// linkPlugin plans that the plugin's program is where the runtime looks for it.
func (h *Host) linkPlugin(p *Plan, n network) error {
	if p.plugin = h.program(pluginName, n.binDirs...); p.plugin != "" {
		return nil
	}
	program, err := h.own(pluginName)
	if err != nil {
		return err
	}
	dir := n.binDirs[0]
	if i := slices.IndexFunc(n.binDirs, h.exists); i >= 0 {
		dir = n.binDirs[i]
	}
	p.plugin = filepath.Join(dir, pluginName)
	return h.link(p, p.plugin, program, "the plugin, where the runtime looks for it")
}

// look fails where a configuration with the plugin in it would be wrong, also beside those of a directory if that is not "".
func (h *Host) look(p *Plan, n network, text []byte, beside string) (err error) {
	dir, err := os.MkdirTemp("", "etcfiles-setup-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "a.conflist")
	if err := replace(path, text); err != nil {
		return err
	}
	dirs := []string{dir}
	for _, bin := range n.binDirs {
		dirs = append(dirs, h.in(bin))
	}
	program, err := h.own(pluginName) // which gets a link, unless it is there
	if err == nil {
		err = os.Symlink(h.in(program), filepath.Join(dir, pluginName))
	}
	if err != nil {
		return err
	}
	report, err := conflist.Look(path, conflist.Options{ConfDir: beside, BinDirs: dirs, BinKey: n.binKey, Example: conflist.Example{ID: "web"}})
	if err != nil {
		return err
	}
	var faults []error
	for _, f := range report.Faults {
		if f.Note {
			continue
		}
		f.File = p.list
		f.Message = strings.ReplaceAll(f.Message, dir+":", "")
		faults = append(faults, errors.New(f.String()))
	}
	return errors.Join(faults...)
}
