package setup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/containerdconf"
	"github.com/etcfiles/etcfiles/pkg/ocispec"
	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// dropInFile is the name of a file beside those of others, which comes behind most of them.
const dropInFile = "90-etcfiles.toml"

// containerdFile and specName are the names of its own configuration, and of the specification beside that.
const (
	containerdFile = "config.toml"
	specName       = "etcfiles.json"
)

// containerd is an installation of it.
type containerd struct {
	program   string // "" for one that is gone
	config    string // config.toml
	spec      string // where its base_runtime_spec is to be
	generated bool   // somebody writes config.toml anew whenever containerd starts
	template  string // and makes it of this file
	restart   string
}

// installations are those that may be found on a host, or may have been there. The distribution's own comes first.
func (h *Host) installations() []containerd {
	return []containerd{{
		program: h.command("containerd"), config: containerdDir + "/" + containerdFile, spec: containerdDir + "/" + specName, restart: "systemctl restart containerd",
	}, h.k3s()}
}

const containerdDir = "/etc/containerd"

// containerd returns the one that is in use.
func (h *Host) containerd() containerd {
	all := h.installations()
	own, k3s := all[0], all[1]
	if k3s.program != "" && h.exists(k3s.config) && (own.program == "" || !h.exists(own.config)) {
		return k3s
	}
	return own
}

// dump has containerd say what its configuration comes to, with its defaults and all files that are imported.
func (h *Host) dump(c *containerd) (*containerdconf.Config, error) {
	args := []string{"--config", c.config, "config", "dump"}
	if !h.exists(c.config) {
		args = []string{"config", "default"} // containerd 1.x dumps no others then
	}
	out, err := h.Run(c.program, args...)
	if err != nil {
		return nil, fmt.Errorf("containerd does not read its configuration: %w", err)
	}
	all, err := containerdconf.Look(out)
	if err == nil {
		return all, nil
	}
	if own, readErr := h.read(c.config); readErr == nil {
		if _, err := containerdconf.Look(own); err != nil { // with the line of that file
			return nil, fmt.Errorf("%s: %w", c.config, err)
		}
	}
	return nil, fmt.Errorf("what containerd makes of %s: %w", c.config, err)
}

func (h *Host) setupContainerd(p *Plan) error {
	c := h.containerd()
	if c.program == "" {
		return ErrNotInstalled
	}
	p.wired = h.exists(c.spec)
	all, err := h.dump(&c)
	if err != nil {
		return err
	}
	n := containerdNetwork(all)
	p.Found = fmt.Sprintf("%s with %s, networks in %s, plugins in %s", c.program, c.config, n.confDir, strings.Join(n.binDirs, ", "))
	p.Restart = c.restart
	if all.BaseSpec != "" && all.BaseSpec != c.spec {
		return h.setupOwnSpec(p, all, n)
	}
	if all.Table == 0 && all.Handler != containerdconf.UsualHandler {
		return fmt.Errorf("containerd's default_runtime_name is %q, and there is no table of that runtime handler, so no pod starts: add it", all.Handler)
	}
	if h.byNRI(&c, all) {
		if err := h.setupNRI(p, all); err != nil {
			return err
		}
		return h.setupNetwork(p, n)
	}
	spec, err := h.makeSpec(&c)
	if err != nil {
		return err
	}
	if err := h.writeSpec(p, &c, spec, all.BaseSpec == c.spec); err != nil {
		return err
	}
	if err := h.setBaseSpec(p, &c, all); err != nil {
		return err
	}
	if len(all.Others) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("pods of the runtime handlers %s need the same line in their tables: %s", strings.Join(all.Others, ", "), containerdconf.Line(c.spec)))
	}
	p.check = func() error {
		now, err := h.dump(&c)
		if err == nil && now.BaseSpec != c.spec {
			err = fmt.Errorf("containerd's runtime handler %s has the base_runtime_spec %q in spite of it: another file of its configuration comes after this one", now.Handler, now.BaseSpec)
		}
		return err
	}
	return h.setupNetwork(p, n)
}

// setupOwnSpec plans for a containerd whose administrator has a specification of a container, which is to have the hooks.
func (h *Host) setupOwnSpec(p *Plan, all *containerdconf.Config, n network) error {
	own, err := h.read(all.BaseSpec)
	if err != nil {
		return err
	}
	if !hasHooks(own) {
		return fmt.Errorf("the runtime handler %s has the base_runtime_spec %s already: put the hooks in there, with etcfiles-mount base-spec %[2]s <%[2]s, restart containerd, and run this again",
			all.Handler, all.BaseSpec)
	}
	p.wired = true
	p.There = append(p.There, all.BaseSpec)
	return h.setupNetwork(p, n)
}

// hasHooks reports whether a specification has both hooks that etcfiles-mount base-spec puts into one.
func hasHooks(spec []byte) bool {
	return mentions(spec, ocispec.CreateContainer, "etcfiles-mount") && mentions(spec, ocispec.CreateRuntime, pluginName)
}

func containerdNetwork(all *containerdconf.Config) network {
	n := network{confDir: "/etc/cni/net.d", binDirs: []string{"/opt/cni/bin"}, binKey: "bin_dir in containerd's configuration"}
	if all != nil && all.ConfDir != "" {
		n.confDir = filepath.Clean(all.ConfDir)
	}
	if all != nil && len(all.BinDirs) > 0 {
		n.binDirs = all.BinDirs
	}
	if all != nil && all.Version >= mergingVersion {
		n.binKey = "bin_dirs in containerd's configuration"
	}
	return n
}

// makeSpec returns containerd's own specification of a container, with the hooks; see etcfiles-mount base-spec.
func (h *Host) makeSpec(c *containerd) ([]byte, error) {
	mount, err := h.own("etcfiles-mount")
	if err != nil {
		return nil, err
	}
	adopt, err := h.own(pluginName)
	if err != nil {
		return nil, err
	}
	ctr := h.program("ctr", filepath.Dir(c.program))
	if ctr == "" {
		ctr = h.command("ctr")
	}
	if ctr == "" {
		return nil, fmt.Errorf("there is no program ctr beside %s or in $PATH, which says what containerd's own specification is: install it", c.program)
	}
	own, err := h.Run(ctr, "oci", "spec")
	if err != nil {
		return nil, err
	}
	annotation := "--sandbox-annotation=" + ocistate.CRISandboxAnnotation
	out, err := ocispec.Edit{Unlimited: true, Hooks: []ocispec.StagedHook{
		{Stage: ocispec.CreateContainer, Hook: specs.Hook{Path: mount, Args: []string{annotation, "--override", ocispec.CreateContainer}}},
		{Stage: ocispec.CreateRuntime, Hook: specs.Hook{Path: adopt, Args: []string{"adopt", annotation}}},
	}}.JSON(own)
	if err != nil {
		return nil, fmt.Errorf("ctr oci spec: %w", err)
	}
	return append(out, '\n'), nil
}

// writeSpec plans the specification, unless somebody has put something of their own into the one that is there. named
// says that containerd's configuration names it.
func (h *Host) writeSpec(p *Plan, c *containerd, spec []byte, named bool) error {
	there, err := h.read(c.spec)
	if err != nil {
		return err
	}
	const what = "containerd's own specification of a container, with the hooks etcfiles-mount and etcfiles adopt"
	p.wired = there != nil
	switch rest, fits := unsealedJSON(there); {
	case there == nil || fits:
		return h.write(p, c.spec, what, sealedJSON(spec))
	case bytes.Equal(rest, spec):
	case !mentions(rest, ocispec.CreateContainer, "etcfiles-mount"):
		return fmt.Errorf("%s is there already, and no hook in it is etcfiles-mount: move it away", c.spec)
	default:
		p.idle = !named
		p.Notes = append(p.Notes, fmt.Sprintf("%s was made or changed by hand and stays as it is: to have it as this containerd makes it, remove it and run this again", c.spec))
	}
	p.There = append(p.There, c.spec)
	return nil
}

// mentions reports whether a specification has a hook of the program at the stage.
func mentions(spec []byte, stage, program string) bool {
	var s struct {
		Hooks map[string][]specs.Hook `json:"hooks"`
	}
	return json.Unmarshal(spec, &s) == nil &&
		slices.ContainsFunc(s.Hooks[stage], func(h specs.Hook) bool { return filepath.Base(h.Path) == program })
}

// setBaseSpec plans that the handler has the specification: by a drop-in where containerd reads such files and merges them, which 1.x does
// not; else by lines at the end of config.toml; else by hand.
func (h *Host) setBaseSpec(p *Plan, c *containerd, all *containerdconf.Config) error {
	config, err := h.read(c.config)
	if err != nil {
		return err
	}
	if all.BaseSpec == c.spec {
		p.There = append(p.There, h.namedIn(c, all))
		return nil
	}
	dir := h.dropIns(c, config, all)
	own := c.config
	if dir != "" {
		own = filepath.Join(dir, dropInFile)
	}
	if hand := h.inTheWay(c, all, own); hand != "" {
		p.ByHand = append(p.ByHand, hand)
		return nil
	}
	if dir != "" {
		version := all.Version
		if raw, err := containerdconf.Look(config); err == nil && len(config) > 0 {
			version = raw.Version
		}
		if there, err := h.read(own); err != nil || there != nil && !intact(string(there)) {
			return errors.Join(err, fmt.Errorf("%s is there already, and was not written by this: move it away", own))
		}
		return h.write(p, own, "base_runtime_spec of the runtime handler "+all.Handler, []byte(sealed(containerdconf.DropIn(version, all.Handler, c.spec))))
	}
	addition, err := containerdconf.Addition(config, all.Handler, c.spec)
	switch {
	case c.generated:
		p.ByHand = append(p.ByHand, fmt.Sprintf("%s is written anew at every start: in %s, a copy of it if there is none, put this into the table of the runtime handler %s: %s",
			c.config, c.template, all.Handler, containerdconf.Line(c.spec)))
	case err != nil:
		p.ByHand = append(p.ByHand, fmt.Sprintf("%s: %v: put this into it, in place of any base_runtime_spec there: %s", c.config, err, containerdconf.Line(c.spec)))
	case config == nil:
		return h.write(p, c.config, "base_runtime_spec of the runtime handler "+all.Handler, []byte(sealed(addition)))
	default:
		return h.write(p, c.config, "base_runtime_spec of the runtime handler "+all.Handler+", at the end", appended(config, addition))
	}
	return nil
}

// mergingVersion is the first version of the configuration of those containerds that merge the tables of several files.
const mergingVersion = 3

// dropIns returns the directory of which containerd reads all files and merges them, or "". What `config dump` names as the default it reads
// only where config.toml names it too (seen in 2.4).
func (h *Host) dropIns(c *containerd, config []byte, all *containerdconf.Config) string {
	own, err := containerdconf.Look(config)
	if err != nil || all.Version < mergingVersion {
		return ""
	}
	for _, pattern := range own.Imports {
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(c.config), pattern)
		}
		if ok, err := filepath.Match(filepath.Base(pattern), dropInFile); err == nil && ok && !strings.ContainsAny(filepath.Dir(pattern), "*?[") {
			return filepath.Dir(pattern)
		}
	}
	return ""
}

func (h *Host) undoContainerd(p *Plan) error {
	used := h.containerd()
	var all *containerdconf.Config
	if used.program != "" {
		p.Restart = used.restart
		var err error
		all, err = h.dump(&used)
		p.note(err) // which may be why it is undone
	}
	h.undoNRI(p, all)
	if all != nil && all.BaseSpec != "" && all.BaseSpec != used.spec {
		if own, err := h.read(all.BaseSpec); err == nil && (mentions(own, ocispec.CreateContainer, "etcfiles-mount") || mentions(own, ocispec.CreateRuntime, pluginName)) {
			p.leave("%s has hooks of etcfiles by somebody else's hand: take them out, and restart containerd", all.BaseSpec)
		}
	}
	steps, free := len(p.Steps), true
	for _, path := range h.dropInsMade(p, &used, all) {
		free = h.undoFile(p, path) && free
	}
	for _, c := range h.installations() {
		here := all
		if c.config != used.config {
			here = nil
		}
		gone, err := h.undoConfig(p, &c, here, len(p.Steps) > steps || !free)
		if err != nil {
			return err
		}
		if free && gone {
			h.undoFile(p, c.spec)
		}
	}
	return h.undoNetwork(p, containerdNetwork(all))
}

// dropInsMade returns where a drop-in of setup's may be.
func (h *Host) dropInsMade(p *Plan, used *containerd, all *containerdconf.Config) []string {
	paths := []string{filepath.Join(containerdDir, "conf.d", dropInFile)}
	if config, err := h.read(used.config); err == nil && all != nil {
		if dir := h.dropIns(used, config, all); dir != "" {
			add(&paths, filepath.Join(dir, dropInFile))
		}
	}
	return slices.DeleteFunc(p.record.madeFor("containerd", paths...), func(path string) bool { return filepath.Base(path) != dropInFile })
}

// undoConfig plans that the configuration of a containerd does not name the specification, and reports whether none will do so. dropIn says that it was a
// drop-in that did; all is nil of one that is not in use.
func (h *Host) undoConfig(p *Plan, c *containerd, all *containerdconf.Config, dropIn bool) (free bool, err error) {
	config, err := h.read(c.config)
	if err != nil {
		return false, err
	}
	handler := containerdconf.UsualHandler
	if all != nil {
		handler = all.Handler
	}
	text, rest := region(config)
	switch {
	case intact(string(config)):
		h.remove(p, c.config, contentOf(c.config))
		rest = nil
	case text == "":
	case intact(text):
		if err := h.write(p, c.config, "as it was before it had base_runtime_spec", rest); err != nil {
			return false, err
		}
	default:
		p.leave("%s: the lines of etcfiles setup were changed, and stay: take them out, restart containerd, and run this again", c.config)
		return false, nil
	}
	other := all != nil && all.BaseSpec == c.spec && !dropIn && len(rest) == len(config) // in a file that is not known here
	if named, err := containerdconf.Find(rest, handler); err == nil && named.BaseSpec == c.spec || other {
		from := c.config
		if all != nil {
			from = h.namedIn(c, all)
		}
		if c.generated && from == c.config {
			from = c.template
		}
		p.leave("containerd's configuration has %s by somebody else's hand: take it out of %s, restart containerd, and run this again", containerdconf.Line(c.spec), from)
		return false, nil
	}
	return true, nil
}

// undoNRI plans that the links to etcfiles-nri go.
func (h *Host) undoNRI(p *Plan, all *containerdconf.Config) {
	paths := []string{nriLink(all)}
	add(&paths, slices.Collect(maps.Keys(p.record.Links))...)
	for _, path := range paths {
		switch _, err := os.Readlink(h.in(path)); {
		case filepath.Base(path) != nriFile || errors.Is(err, fs.ErrNotExist):
		case h.linked(&p.record, path):
			h.remove(p, path, "the link to "+nriProgram)
		case err == nil:
			p.leave("%s is a link that this has no record of, and stays: remove it, and restart containerd", path)
		default:
			p.Notes = append(p.Notes, fmt.Sprintf("%s is not a link, and stays", path))
		}
	}
}
