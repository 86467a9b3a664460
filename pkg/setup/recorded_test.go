package setup

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/conflist"
)

// TestGoneSince: an undo takes away what was made where it was made, whatever the configuration says now, and of programs that have gone too.
func TestGoneSince(t *testing.T) {
	const podmanOwn = "/etc/containers/containers.conf.d/10-own.conf"
	for _, c := range []struct {
		name, runtime string
		files         map[string]string
		programs      []string
		gone          []string
	}{
		{
			"containerd with networks elsewhere", "containerd",
			map[string]string{toml: "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\nconf_dir = \"/srv/net.d\"\nbin_dir = \"/srv/bin\"\n"},
			[]string{"/usr/bin/containerd", "/usr/bin/ctr", "/srv/bin/bridge", "/srv/bin/host-local", "/srv/bin/portmap", "/srv/bin/firewall"},
			[]string{"/usr/bin/containerd"},
		},
		{
			"containerd with drop-ins elsewhere", "containerd",
			map[string]string{toml: strings.ReplaceAll(importing, "/etc/containerd/conf.d", "/srv/conf.d")},
			[]string{"/usr/bin/containerd", "/usr/bin/ctr"},
			[]string{"/usr/bin/containerd"},
		},
		{
			"hooks elsewhere", "podman",
			map[string]string{podmanOwn: "[engine]\nhooks_dir = [\"/srv/hooks\"]\n"},
			[]string{"/usr/bin/podman", "/usr/lib/podman/netavark"},
			[]string{podmanOwn},
		},
		{
			"k3s", "containerd",
			map[string]string{k3sConf: k3sConfig3},
			[]string{k3sTool + "containerd", k3sTool + "ctr", k3sBin + "bridge", k3sBin + "host-local", k3sBin + "portmap", k3sBin + "firewall", "/usr/libexec/etcfiles/" + nriProgram},
			[]string{k3sDir + "/data"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := play(t, c.files, c.programs...)
			if strings.Contains(c.name, "drop-ins") || c.name == "k3s" {
				h.major = 2
			}
			take := func() {
				for _, path := range c.gone {
					if err := os.RemoveAll(h.in(path)); err != nil {
						t.Fatal(err)
					}
				}
			}
			h.must(h.Setup(c.runtime))
			take()
			var record record
			if err := json.Unmarshal([]byte(h.text(recordFile)), &record); err != nil {
				t.Fatal(err)
			}
			for _, name := range Runtimes() {
				if p := h.must(h.Undo(name)); len(p.ByHand) > 0 {
					t.Error(said(p))
				}
			}
			left := h.everything()
			for path := range record.Files {
				if text, ok := left[path]; ok {
					t.Errorf("%s is still there: %s", path, text)
				}
			}
			for path := range record.Links {
				if text, ok := left[path]; ok {
					t.Errorf("%s is still there: %s", path, text)
				}
			}
			if h.exists(recordFile) {
				t.Error(h.text(recordFile))
			}
		})
	}
}

// TestMadeByHand: hooks and a specification that somebody has made as the programs print them are not setup's, and are left to them.
func TestMadeByHand(t *testing.T) {
	h := play(t, nil, "/usr/bin/podman", "/usr/bin/crio", "/usr/bin/containerd", "/usr/bin/ctr")
	for path, f := range map[string]hookFile{
		podmanHooks + "/" + mountFile: mountHook(false), podmanHooks + "/" + cniFile: cniHook("back"), crioHooks + "/" + mountFile: mountHook(true),
	} {
		text, err := f.content("/usr/bin/" + f.program)
		if err != nil {
			t.Fatal(err)
		}
		h.put(path, string(text), 0o644)
	}
	c := h.containerd()
	spec, err := h.makeSpec(&c)
	if err != nil {
		t.Fatal(err)
	}
	h.put(specFile, string(spec), 0o644)
	before := h.everything()
	var left []string
	for _, name := range Runtimes() {
		left = append(left, h.must(h.Undo(name)).ByHand...)
	}
	if diff := cmp.Diff(before, h.everything()); diff != "" {
		t.Error(diff)
	}
	if len(left) != 4 {
		t.Errorf("%q", left)
	}
}

// TestUndoneAgain: as long as something is left to somebody, the next undo does as the first: what is the user's stays.
func TestUndoneAgain(t *testing.T) {
	h := play(t, map[string]string{toml: debianConfig, bridged: network1}, "/usr/bin/containerd", "/usr/bin/ctr", "/usr/lib/cni/etcfiles")
	edit, err := conflist.Add(h.in(bridged), conflist.Plugin{})
	if err == nil {
		err = edit.Apply()
	}
	if err != nil {
		t.Fatal(err)
	}
	own := h.text(bridged)
	h.must(h.Setup("containerd"))
	h.put(toml, strings.Replace(h.text(toml), "runc.v2", "runc.v1", 1), 0o644)
	for range 3 {
		for i, name := range Runtimes() {
			if p := h.must(h.Undo(name, Runtimes()[i+1:]...)); (len(p.ByHand) > 0) != (name == "containerd") {
				t.Error(said(p))
			}
		}
		if got := h.text(bridged); got != own || !h.exists(recordFile) {
			t.Fatal(got)
		}
	}
	h.put(toml, debianConfig, 0o644)
	if p := h.must(h.Undo("containerd")); len(p.ByHand) > 0 || h.exists(recordFile) || h.text(bridged) != own {
		t.Error(said(p))
	}
}

// TestDamagedList: a list of setup's that cannot be read now may have the plugin still, and is left to somebody.
func TestDamagedList(t *testing.T) {
	for path, files := range map[string]map[string]string{example: nil, bridged: {bridged: network1}} {
		h := play(t, files, "/usr/bin/podman", "/usr/lib/cni/etcfiles")
		h.must(h.Setup("podman"))
		whole := h.text(path)
		h.put(path, whole[1:], 0o644)
		p := h.must(h.Undo("podman"))
		if got := strings.Join(p.ByHand, "\n"); !strings.Contains(got, path) || h.text(path) != whole[1:] || !h.exists(recordFile) {
			t.Errorf("%s", said(p))
		}
		h.Living = func(string, string) ([]string, error) { return []string{"default/web"}, nil }
		if _, err := h.Undo("podman"); !errors.Is(err, ErrInUse) {
			t.Error(err)
		}
		h.Living = nil
		h.put(path, whole, 0o644)
		if p := h.must(h.Undo("podman")); len(p.ByHand) > 0 || h.exists(recordFile) || files[path] == "" && h.exists(path) || files[path] != "" && h.text(path) != files[path] {
			t.Errorf("%s", said(p))
		}
	}
}

// TestRecord: a record that this cannot have written is refused, and stays.
func TestRecord(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing in it":   {`{"files":null,"links":null}`, ""},
		"empty":           {``, recordFile},
		"another key":     {`{"version":1,"units":["a"]}`, "a later version"},
		"another version": {`{"version":2}`, "a later version"},
		"a link":          {"", recordFile},
	} {
		t.Run(name, func(t *testing.T) {
			h := play(t, map[string]string{bridged: network1}, "/usr/bin/podman")
			if name == "a link" {
				h.put("/etc/etcfiles/real.json", "{}", 0o644)
				h.symlink("real.json", recordFile)
			} else {
				h.put(recordFile, c.text, 0o644)
			}
			before := h.everything()
			for what, plan := range map[string]func() (*Plan, error){
				"setup": func() (*Plan, error) { return h.Setup("podman") },
				"undo":  func() (*Plan, error) { return h.Undo("podman") },
			} {
				switch _, err := plan(); {
				case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
					t.Errorf("%s: %v", what, err)
				}
			}
			if c.want == "" {
				h.must(h.Setup("podman"))
				h.must(h.Undo("podman"))
				delete(before, recordFile)
			}
			if diff := cmp.Diff(before, h.everything()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLock: there is one setup or undo at a time.
func TestLock(t *testing.T) {
	h := play(t, nil)
	before := h.everything()
	unlock, err := h.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Lock(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	unlock()
	if unlock, err = h.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	unlock()
	if diff := cmp.Diff(before, h.everything()); diff != "" {
		t.Error(diff)
	}
}

// TestMoved: where our programs have moved, the links to them that setup has made follow, and those of others are named.
func TestMoved(t *testing.T) {
	const link = "/opt/cni/bin/etcfiles"
	h := play(t, nil, "/usr/bin/crio")
	h.must(h.Setup("crio"))
	h.Self = "/usr/local/sbin"
	for _, name := range []string{"etcfiles", "etcfiles-mount"} {
		h.put(h.Self+"/"+name, "", 0o755)
		if err := os.Remove(h.in("/usr/bin/" + name)); err != nil {
			t.Fatal(err)
		}
	}
	before := h.everything()
	if err := back(h.must(h.Setup("crio")).Steps); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, h.everything()); diff != "" {
		t.Errorf("taken back:\n%s", diff)
	}
	h.must(h.Setup("crio"))
	if target, err := os.Readlink(h.in(link)); err != nil || target != h.Self+"/etcfiles" {
		t.Errorf("%s, %v", target, err)
	}
	if p := h.must(h.Setup("crio")); !p.Done() {
		t.Error(said(p))
	}
	if err := os.Remove(h.in(link)); err != nil {
		t.Fatal(err)
	}
	h.symlink("/srv/own", link)
	if _, err := h.Setup("crio"); err == nil || !strings.Contains(err.Error(), link+" is there already, and leads to no program") {
		t.Error(err)
	}
	if err := os.Remove(h.in(link)); err != nil {
		t.Fatal(err)
	}
	h.must(h.Undo("crio"))
	if h.exists(recordFile) {
		t.Error(h.text(recordFile))
	}
}

// TestUnreadableHook: what stands in the place of a hook and cannot be read is left to somebody.
func TestUnreadableHook(t *testing.T) {
	h := play(t, nil, "/usr/bin/crio")
	if err := os.MkdirAll(h.in(crioHooks+"/"+mountFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(h.must(h.Undo("crio")).ByHand, "\n"); !strings.Contains(got, filepath.Join(crioHooks, mountFile)) {
		t.Errorf("%q", got)
	}
}

// TestOnlyCRIO: only a runtime that is there is to be restarted, and the broken configuration of one keeps none from being undone.
func TestOnlyCRIO(t *testing.T) {
	h := play(t, nil, "/usr/bin/crio")
	if err := os.MkdirAll(h.in("/etc/cni/net.d"), 0o755); err != nil { // it stays, since CRI-O watches it
		t.Fatal(err)
	}
	before := h.everything()
	h.must(h.Setup("crio"))
	const broken = podmanDropIns + "/10-broken.conf"
	h.put(broken, "[engine\n", 0o644)
	for i, name := range Runtimes() {
		p := h.must(h.Undo(name, Runtimes()[i+1:]...))
		if (p.Restart != "") != (name == "crio") {
			t.Errorf("%s: %q", name, p.Restart)
		}
		if name == "podman" && !strings.Contains(strings.Join(p.Notes, "\n"), broken) {
			t.Errorf("%q", p.Notes)
		}
	}
	if err := os.RemoveAll(h.in("/etc/containers")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, h.everything()); diff != "" {
		t.Error(diff)
	}
}

// TestMoreNetworks: the hook that runs CNI allows one network more when another is the first, and one that somebody has made stays as it is.
func TestMoreNetworks(t *testing.T) {
	const hook = podmanHooks + "/" + cniFile
	h := play(t, map[string]string{bridged: network1}, "/usr/bin/podman", "/usr/lib/podman/netavark", "/usr/lib/cni/etcfiles")
	before := h.everything()
	h.must(h.Setup("podman"))
	h.put("/etc/cni/net.d/00-front.conflist", strings.Replace(network1, "mine", "front", 1), 0o644)
	h.must(h.Setup("podman"))
	if got := h.text(hook); !strings.Contains(got, `"mine,front"`) {
		t.Error(got)
	}
	if p := h.must(h.Setup("podman")); !p.Done() {
		t.Error(said(p))
	}
	h.must(h.Undo("podman"))
	if err := os.Remove(h.in("/etc/cni/net.d/00-front.conflist")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, h.everything()); diff != "" {
		t.Error(diff)
	}
	text, err := cniHook("back").content("/usr/bin/oci-cni-hook")
	if err != nil {
		t.Fatal(err)
	}
	h.put(hook, string(text), 0o644)
	if p := h.must(h.Setup("podman")); !slices.Equal(p.ByHand, []string{hook + " lets containers name back: add mine to its --networks"}) {
		t.Error(said(p))
	}
	h.must(h.Undo("podman"))
	if got := h.text(hook); got != string(text) {
		t.Error(got)
	}
}
