package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/containerdconf"
)

// played is a host in a directory. Its containerd does with its configuration what the real ones do, as integration/containerd shows.
type played struct {
	*Host
	t      *testing.T
	major  int    // of containerd
	podman string // its version
	spec   string // what ctr prints
}

// play makes a host with the files, and with the programs of ours and the reference plugins at the places that are given.
func play(t *testing.T, files map[string]string, programs ...string) *played {
	t.Helper()
	p := &played{t: t, major: 1, podman: "4.3.1", spec: "{\n\t\"ociVersion\": \"1.0.2\",\n\t\"process\": {\n\t\t\"rlimits\": []\n\t}\n}\n"}
	p.Host = &Host{Root: t.TempDir(), Self: "/usr/bin", Path: "/usr/sbin:/usr/bin", Run: p.run}
	for path, text := range files {
		p.put(path, text, 0o644)
	}
	p.put("/etc/hostname", "played\n", 0o644)
	if slices.Contains(programs, "/usr/bin/containerd") { // which makes it, and watches it
		if err := os.MkdirAll(p.in("/etc/cni/net.d"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"etcfiles", "etcfiles-mount", "oci-cni-hook"} {
		p.put("/usr/bin/"+name, "", 0o755)
	}
	for _, dir := range cniDirs {
		for _, name := range []string{"bridge", "host-local", "portmap", "firewall"} {
			p.put(dir+"/"+name, "", 0o755)
		}
	}
	for _, path := range programs {
		p.put(path, "", 0o755)
	}
	return p
}

func (p *played) put(path, text string, mode fs.FileMode) {
	p.t.Helper()
	err := os.MkdirAll(filepath.Dir(p.in(path)), 0o755)
	if err == nil {
		err = os.WriteFile(p.in(path), []byte(text), mode)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *played) text(path string) string {
	p.t.Helper()
	text, err := p.read(path)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// run does what the host's programs do.
func (p *played) run(program string, args ...string) ([]byte, error) {
	switch line := filepath.Base(program) + " " + strings.Join(args, " "); {
	case line == "ctr oci spec":
		return []byte(p.spec), nil
	case line == "podman --version":
		return []byte("podman version " + p.podman + "\n"), nil
	case strings.HasPrefix(line, "containerd "):
		return p.dump()
	default:
		return nil, fmt.Errorf("%s: %w", line, errors.ErrUnsupported)
	}
}

// dump is containerd's.
func (p *played) dump() ([]byte, error) {
	config := p.containerd().config
	all, err := containerdconf.Look([]byte(p.text(config)))
	if err != nil { // CRI is disabled
		return []byte("\n\n" + p.text(config)), nil
	}
	table, version, nri := `plugins."io.containerd.grpc.v1.cri"`, 2, "true"
	if p.major > 1 {
		table, version, nri = `plugins."io.containerd.cri.v1.runtime"`, 3, "false"
	}
	for _, pattern := range all.Imports {
		for _, path := range p.glob(pattern) {
			text := p.text(path)
			switch imported, err := containerdconf.Look([]byte(text)); {
			case err != nil:
			case p.major > 1 && strings.Contains(text, "base_runtime_spec"):
				if place, err := containerdconf.Find([]byte(text), all.Handler); err == nil {
					all.BaseSpec = place.BaseSpec
				}
			case p.major == 1 && strings.Contains(text, "io.containerd.grpc.v1.cri"):
				all.BaseSpec, all.BinDirs, all.ConfDir = imported.BaseSpec, imported.BinDirs, imported.ConfDir
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version = %d\n[plugins.\"io.containerd.nri.v1.nri\"]\ndisable = %s\nplugin_path = \"/opt/nri/plugins\"\n", version, nri)
	fmt.Fprintf(&b, "[%s.cni]\nbin_dirs = %s\nconf_dir = %q\n", table, quoted(containerdNetwork(all).binDirs), containerdNetwork(all).confDir)
	fmt.Fprintf(&b, "[%s.containerd]\ndefault_runtime_name = %q\n[%[1]s.containerd.runtimes.%[2]s]\nbase_runtime_spec = %[3]q\n[%[1]s.containerd.runtimes.kata]\n", table, all.Handler, all.BaseSpec)
	if all.Handler != containerdconf.UsualHandler {
		fmt.Fprintf(&b, "[%s.containerd.runtimes.runc]\n", table)
	}
	return []byte(b.String()), nil
}

// everything returns what the host has: of each file its mode and content, of each link its target.
func (p *played) everything() map[string]string {
	p.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(p.Root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := info.Mode().String()
		switch {
		case info.Mode().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += " " + string(text)
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			what += " " + target
		}
		out[strings.TrimPrefix(path, p.Root)] = what
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// must plans and applies.
func (p *played) must(plan *Plan, err error) *Plan {
	p.t.Helper()
	if err == nil {
		err = plan.Apply()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return plan
}

// said returns the steps, but for that of the record, and what is left to somebody else, a line each.
func said(p *Plan) string {
	var b strings.Builder
	for _, s := range p.Steps {
		if s.Path == recordFile {
			continue
		}
		fmt.Fprintln(&b, s.Verb, s.Path)
	}
	for _, hand := range p.ByHand {
		fmt.Fprintln(&b, "by hand:", hand)
	}
	return b.String()
}
