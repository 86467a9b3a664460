package setup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/conflists"
	"github.com/etcfiles/etcfiles/pkg/conflist"
)

const example = "/etc/cni/net.d/" + exampleFile

func (p *played) symlink(target, path string) {
	p.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(p.in(path)), 0o755), os.Symlink(target, p.in(path))); err != nil {
		p.t.Fatal(err)
	}
}

// TestNotOurs: an undo leaves alone what setup has not made, though setup could have made it just so: a network, a link to the plugin, and a
// directory that is empty.
func TestNotOurs(t *testing.T) {
	for _, c := range []struct {
		name     string
		programs []string
		setup    string
	}{
		{"nothing is installed", nil, ""},
		{"nothing was set up", []string{"/usr/bin/containerd", "/usr/bin/ctr", "/usr/bin/podman"}, ""},
		{"Podman was set up", []string{"/usr/bin/podman"}, "podman"},
		{"containerd was set up", []string{"/usr/bin/containerd", "/usr/bin/ctr"}, "containerd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := strings.Replace(string(conflists.Bridge), "lab", "own", 2)
			h := play(t, map[string]string{example: string(conflists.Bridge), "/etc/cni/net.d/20-own.conflist": own}, c.programs...)
			h.symlink("/usr/bin/etcfiles", "/opt/cni/bin/etcfiles")
			for _, dir := range []string{podmanDropIns, podmanHooks, "/etc/containerd"} {
				if err := os.MkdirAll(h.in(dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			before := h.everything()
			if c.setup != "" {
				h.must(h.Setup(c.setup))
			}
			for _, name := range Runtimes() {
				p := h.must(h.Undo(name))
				if name != c.setup && (!p.Done() || p.Restart != "") {
					t.Errorf("%s: %s, restart %q", name, said(p), p.Restart)
				}
			}
			if diff := cmp.Diff(before, h.everything()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestConfigured: a conflist that somebody gave the plugin before keeps it, and so the link that it needs stays until then.
func TestConfigured(t *testing.T) {
	h := play(t, map[string]string{example: string(conflists.Bridge)}, "/usr/bin/containerd", "/usr/bin/ctr")
	h.must(h.Setup("containerd"))
	p := h.must(h.Undo("containerd"))
	if got := strings.Join(p.ByHand, "\n"); !strings.Contains(got, "/opt/cni/bin/etcfiles is a link of this that the plugin in "+example+" needs") || !h.exists("/opt/cni/bin/etcfiles") {
		t.Errorf("%q", got)
	}
	if err := os.Remove(h.in(example)); err != nil {
		t.Fatal(err)
	}
	if p := h.must(h.Undo("containerd")); len(p.ByHand) > 0 || h.exists("/opt/cni/bin/etcfiles") || h.exists(recordFile) {
		t.Errorf("%s", said(p))
	}
}

// TestInUse: a network with living containers is not taken from them, and nothing else of the setup goes either.
func TestInUse(t *testing.T) {
	for _, c := range []struct {
		files   map[string]string
		network string
	}{
		{nil, "lab"},
		{map[string]string{bridged: network1}, "mine"},
	} {
		h := play(t, c.files, "/usr/bin/podman", "/usr/lib/podman/netavark")
		var living []string
		h.Living = func(_, network string) ([]string, error) {
			if network != c.network {
				return nil, nil
			}
			return living, nil
		}
		before := h.everything()
		h.must(h.Setup("podman"))
		done := h.everything()
		living = []string{"default/web", "default/db"}
		p, err := h.Undo("podman")
		if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), c.network+" has living containers") || !strings.Contains(err.Error(), "default/web, default/db") {
			t.Errorf("%+v, %v", p, err)
		}
		living = slices.Repeat([]string{"default/web"}, 7)
		if _, err := h.Undo("podman"); err == nil || !strings.Contains(err.Error(), " and 2 more") {
			t.Error(err)
		}
		if diff := cmp.Diff(done, h.everything()); diff != "" {
			t.Error(diff)
		}
		living = nil
		h.must(h.Undo("podman"))
		if diff := cmp.Diff(before, h.everything()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestUndoOrder: in whatever order two runtimes are undone, or both at once, nothing is left.
func TestUndoOrder(t *testing.T) {
	for _, order := range [][]string{{"podman", "containerd"}, {"containerd", "podman"}} {
		for _, atOnce := range []bool{false, true} {
			h := play(t, map[string]string{bridged: network1}, "/usr/bin/podman", "/usr/bin/containerd", "/usr/bin/ctr")
			before := h.everything()
			h.must(h.Setup("podman"))
			h.must(h.Setup("containerd"))
			if !h.exists("/usr/libexec/cni/etcfiles") || !h.exists("/opt/cni/bin/etcfiles") {
				t.Fatal("each is to have a link of its own")
			}
			for i, name := range order {
				var with []string
				if atOnce {
					with = order[i+1:]
				}
				h.must(h.Undo(name, with...))
				if i == 0 && strings.Contains(h.text(bridged), "etcfiles") == atOnce {
					t.Errorf("%v, at once %t: %s", order, atOnce, h.text(bridged))
				}
			}
			if diff := cmp.Diff(before, h.everything()); diff != "" {
				t.Errorf("%v, at once %t:\n%s", order, atOnce, diff)
			}
		}
	}
}

// TestEarlierVersion: of what a version set up that kept no record all goes that is certainly its own; the rest is named.
func TestEarlierVersion(t *testing.T) {
	for _, c := range []struct {
		files map[string]string
		again bool // this version sets up something too
		left  string
	}{
		{nil, false, "/etc/cni/net.d/10-bridge.conflist"},
		{map[string]string{bridged: network1}, false, ""},
		{map[string]string{bridged: network1}, true, ""},
	} {
		h := play(t, c.files, "/usr/bin/containerd", "/usr/bin/ctr", "/usr/bin/podman")
		before := h.everything()
		h.must(h.Setup("containerd"))
		if err := os.RemoveAll(h.in(filepath.Dir(recordFile))); err != nil {
			t.Fatal(err)
		}
		if c.again {
			h.must(h.Setup("podman"))
			h.must(h.Undo("podman"))
		}
		p := h.must(h.Undo("containerd"))
		notes := strings.Join(p.Notes, "\n")
		if !strings.Contains(notes, "/opt/cni/bin/etcfiles is a link to /usr/bin/etcfiles, which an earlier version") || !strings.Contains(notes, c.left) {
			t.Errorf("%q", notes)
		}
		if err := os.Remove(h.in("/opt/cni/bin/etcfiles")); err != nil {
			t.Fatal(err)
		}
		after := h.everything()
		if c.left != "" {
			delete(after, c.left)
		}
		for path := range after {
			if _, ok := before[path]; !ok && strings.HasPrefix(after[path], "d") {
				delete(after, path) // nobody knows whether it was there
			}
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%s", diff)
		}
	}
}

// TestLeftToYou: what an undo cannot take away, and what would keep containers from starting once the programs have gone, is left to somebody.
func TestLeftToYou(t *testing.T) {
	containerd := []string{"/usr/bin/containerd", "/usr/bin/ctr"}
	for _, c := range []struct {
		name, runtime string
		files         map[string]string
		programs      []string
		path          string // that is changed after the setup
		from, to      string // in its text
		want          string
	}{
		{
			"lines of config.toml", "containerd",
			map[string]string{toml: debianConfig},
			containerd,
			toml, "runc.v2", "runc.v1", toml + ": the lines of etcfiles setup were changed",
		},
		{
			"the template of k3s", "containerd",
			map[string]string{k3sConf: k3sConfig, k3sList: network1},
			[]string{k3sTool + "containerd", k3sTool + "ctr", k3sBin + "flannel", k3sBin + "etcfiles", k3sBin + "bridge", k3sBin + "host-local"},
			k3sConf, "runc.v2\"\n", "runc.v2\"\n  base_runtime_spec = \"" + k3sAgent + "/etcfiles.json\"\n", "take it out of " + k3sConf + ".tmpl",
		},
		{
			"a hook of Podman", "podman", nil,
			[]string{"/usr/bin/podman"},
			podmanHooks + "/" + mountFile, "\"createContainer\"", "\"--verbose\", \"createContainer\"", podmanHooks + "/" + mountFile + " was made or changed by hand",
		},
		{
			"settings of Podman", "podman", nil,
			[]string{"/usr/bin/podman"},
			podmanDropIn, "/usr/share", "/usr/local/share", podmanDropIn + " was made or changed by hand",
		},
		{
			"the example", "podman", nil,
			[]string{"/usr/bin/podman"},
			example, "10.231.10.0", "10.231.11.0", example + " was written by this and changed since",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := play(t, c.files, c.programs...)
			h.must(h.Setup(c.runtime))
			text := h.text(c.path)
			if !strings.Contains(text, c.from) {
				t.Fatalf("%s: %s", c.path, text)
			}
			text = strings.Replace(text, c.from, c.to, 1)
			h.put(c.path, text, 0o644)
			p := h.must(h.Undo(c.runtime))
			if got := strings.Join(p.ByHand, "\n"); !strings.Contains(got, c.want) || h.text(c.path) != text {
				t.Errorf("%s", said(p))
			}
			if before, ok := c.files[c.path]; ok {
				h.put(c.path, before, 0o644)
			} else if err := os.Remove(h.in(c.path)); err != nil {
				t.Fatal(err)
			}
			if p := h.must(h.Undo(c.runtime)); len(p.ByHand) > 0 || h.exists(recordFile) {
				t.Errorf("then: %s", said(p))
			}
		})
	}
}

// TestGivenBefore: a conflist that somebody gave the plugin with etcfiles config --add keeps it, with hooks of their own or with a setup after that.
func TestGivenBefore(t *testing.T) {
	for name, setUp := range map[string]bool{"by hand": false, "then set up": true} {
		t.Run(name, func(t *testing.T) {
			h := play(t, map[string]string{bridged: network1}, "/usr/bin/podman", "/usr/lib/cni/etcfiles")
			edit, err := conflist.Add(h.in(bridged), conflist.Plugin{})
			if err == nil {
				err = edit.Apply()
			}
			if err != nil {
				t.Fatal(err)
			}
			if !setUp {
				hook, err := mountHook(false).content("/usr/bin/etcfiles-mount")
				if err != nil {
					t.Fatal(err)
				}
				h.put(podmanHooks+"/"+mountFile, string(hook), 0o644)
			}
			before := h.everything()
			if setUp {
				h.must(h.Setup("podman"))
			}
			if p := h.must(h.Undo("podman")); !strings.Contains(strings.Join(p.Notes, "\n"), bridged+" has the plugin from somebody else") || h.exists(podmanHooks+"/"+mountFile) == setUp {
				t.Errorf("%s; %q", said(p), p.Notes)
			}
			if diff := cmp.Diff(before, h.everything()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTakenOut: what somebody has taken away meanwhile, or made their own, the record no longer has; and so it goes.
func TestTakenOut(t *testing.T) {
	h := play(t, map[string]string{bridged: network1}, "/usr/bin/containerd", "/usr/bin/ctr")
	h.must(h.Setup("containerd"))
	h.put(bridged, network1, 0o644)
	h.put(toml, "version = 2\n[grpc]\naddress = \"/run/own.sock\"\n", 0o644)
	if err := errors.Join(os.Remove(h.in("/opt/cni/bin/etcfiles")), os.Remove(h.in(specFile))); err != nil {
		t.Fatal(err)
	}
	if p := h.must(h.Undo("containerd")); len(p.ByHand) > 0 || h.exists(recordFile) || !strings.Contains(h.text(toml), "own.sock") {
		t.Errorf("%s", said(p))
	}
}

// TestBrokenOther: another runtime that is set up, and that nobody can ask just now, keeps its network.
func TestBrokenOther(t *testing.T) {
	h := play(t, map[string]string{bridged: network1}, "/usr/bin/podman", "/usr/bin/containerd", "/usr/bin/ctr", "/usr/lib/cni/etcfiles", "/opt/cni/bin/etcfiles")
	h.must(h.Setup("containerd"))
	h.must(h.Setup("podman"))
	h.Run = func(program string, args ...string) ([]byte, error) {
		if strings.HasPrefix(filepath.Base(program), "containerd") {
			return nil, errors.New("it dumps core")
		}
		return h.run(program, args...)
	}
	h.must(h.Undo("podman"))
	if !strings.Contains(h.text(bridged), "etcfiles") {
		t.Error("containerd has lost the plugin")
	}
}

// TestHooksNetwork: the networks of oci-cni-hook are in its own directory, wherever Podman has those of netavark.
func TestHooksNetwork(t *testing.T) {
	h := play(t, map[string]string{
		bridged:                           network1,
		"/etc/containers/containers.conf": "[network]\nnetwork_backend = \"netavark\"\nnetwork_config_dir = \"/etc/containers/networks\"\n",
	}, "/usr/bin/podman", "/usr/lib/cni/etcfiles")
	before := h.everything()
	h.must(h.Setup("podman"))
	h.must(h.Undo("podman"))
	if diff := cmp.Diff(before, h.everything()); diff != "" {
		t.Error(diff)
	}
}
