package conflist

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containernetworking/cni/libcni"
	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

const all = `"capabilities": { "aliases": true, "dns": true, "etcfiles": true, "io.kubernetes.cri.pod-annotations": true }`

// given writes a file of its own and returns its path.
func given(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func apply(t *testing.T, e *Edit, err error) *Edit {
	t.Helper()
	if err == nil {
		err = e.Apply()
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func added(t *testing.T, path string) *Edit {
	t.Helper()
	e, err := Add(path, Plugin{})
	return apply(t, e, err)
}

func removed(t *testing.T, path string) *Edit {
	t.Helper()
	e, err := Remove(path)
	return apply(t, e, err)
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// left returns the names of the files in the directory of a file, with a blank between them.
func left(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestAdd: the plugin is written as the one before it is, all else stays byte for byte, a second time changes nothing, and removing it gives
// the former file back and leaves nothing.
func TestAdd(t *testing.T) {
	for name, c := range map[string]struct{ before, after string }{
		"compact": {
			`{"name":"a","cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}`,
			`{"name":"a","cniVersion":"1.0.0","plugins":[{"type":"bridge"},{"type":"etcfiles",` + strings.ReplaceAll(all, " ", "") + `}]}`,
		},
		"one line": {
			`{ "name": "a", "plugins": [ { "type": "bridge" }, { "type": "portmap" } ], "cniVersion": "1.0.0" }`,
			`{ "name": "a", "plugins": [ { "type": "bridge" }, { "type": "portmap" }, { "type": "etcfiles", ` + all + ` } ], "cniVersion": "1.0.0" }`,
		},
		"a line for each": {
			"{ \"name\": \"a\",\n  \"plugins\": [\n    { \"type\": \"bridge\" }\n  ]\n}\n",
			"{ \"name\": \"a\",\n  \"plugins\": [\n    { \"type\": \"bridge\" },\n    { \"type\": \"etcfiles\", " + all + " }\n  ]\n}\n",
		},
		"tabs, CRLF and a number that Go would write otherwise": {
			"{\r\n\t\"plugins\": [\r\n\t\t{\r\n\t\t\t\"mtu\": 1.50E3,\r\n\t\t\t\"type\": \"br\\u0069dge\"\r\n\t\t}\r\n\t],\r\n\t\"name\": \"a\"\r\n}",
			"{\r\n\t\"plugins\": [\r\n\t\t{\r\n\t\t\t\"mtu\": 1.50E3,\r\n\t\t\t\"type\": \"br\\u0069dge\"\r\n\t\t},\r\n\t\t{\r\n\t\t\t\"type\": \"etcfiles\",\r\n\t\t\t" + all + "\r\n\t\t}\r\n\t],\r\n\t\"name\": \"a\"\r\n}",
		},
		"braces on the line of the bracket": {
			"{ \"name\": \"a\", \"plugins\": [{\n  \"type\": \"bridge\"\n}] }",
			"{ \"name\": \"a\", \"plugins\": [{\n  \"type\": \"bridge\"\n}, {\n  \"type\": \"etcfiles\",\n  " + all + "\n}] }",
		},
		"commas in front": {
			"{ \"name\": \"a\", \"plugins\":\n  [ { \"type\": \"bridge\" }\n  , { \"type\": \"portmap\" }\n  ] }",
			"{ \"name\": \"a\", \"plugins\":\n  [ { \"type\": \"bridge\" }\n  , { \"type\": \"portmap\" }\n  , { \"type\": \"etcfiles\", " + all + " }\n  ] }",
		},
		"the last of two lists counts": {
			`{ "name": "a", "plugins": [ { "type": "x" } ], "plugins": [ { "type": "bridge" } ] }`,
			`{ "name": "a", "plugins": [ { "type": "x" } ], "plugins": [ { "type": "bridge" }, { "type": "etcfiles", ` + all + ` } ] }`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := given(t, "10-a.conflist", c.before)
			e := added(t, path)
			if diff := cmp.Diff(c.after, content(t, path)); diff != "" {
				t.Error(diff)
			}
			if got := left(t, path); got != "10-a.conflist 10-a.conflist.before-etcfiles" || content(t, e.Kept) != c.before {
				t.Errorf("%s: %q", got, content(t, e.Kept))
			}
			if again := added(t, path); again.Changed() || again.Diff() != "" || content(t, path) != c.after || content(t, e.Kept) != c.before {
				t.Error("it is added twice")
			}
			removed(t, path)
			if got := left(t, path); content(t, path) != c.before || got != "10-a.conflist" {
				t.Errorf("%s: %q", got, content(t, path))
			}
			if again := removed(t, path); again.Changed() {
				t.Error("it is removed twice")
			}
		})
	}
}

// TestAddKeys: keys and capabilities are those that are asked for.
func TestAddKeys(t *testing.T) {
	path := given(t, "a.conflist", `{ "name": "a", "plugins": [ { "type": "bridge" } ] }`)
	e, err := Add(path, Plugin{Keys: map[string]string{"namespace": "default", "dataDir": "/srv/<x>"}, Capabilities: []string{"aliases"}})
	apply(t, e, err)
	want := `{ "name": "a", "plugins": [ { "type": "bridge" }, { "type": "etcfiles", "dataDir": "/srv/\u003cx\u003e", "namespace": "default", "capabilities": { "aliases": true } } ] }`
	if diff := cmp.Diff(want, content(t, path)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("--- "+path+"\n+++ "+path+"\n@@ -1,1 +1,1 @@\n-"+string(e.Before)+"\n\\ No newline at end of file\n+"+want+"\n\\ No newline at end of file\n", e.Diff()); diff != "" {
		t.Error(diff)
	}
}

// TestAddMoves: where it is and sees all addresses, it stays with its keys; before a plugin that gives addresses it is moved as it is.
func TestAddMoves(t *testing.T) {
	stays := given(t, "a.conflist", `{"name":"a","plugins":[{"type":"bridge","ipam":{"type":"static"}},{"type":"etcfiles","domain":"x"},{"type":"portmap"},{"type":"istio-cni"}]}`)
	if e := added(t, stays); e.Changed() {
		t.Error(e.Diff())
	}
	moves := given(t, "a.conflist", `{"name":"a","plugins":[{"type":"etcfiles","domain":"x"},{"type":"bridge","ipam":{"type":"static"}}]}`)
	added(t, moves)
	if diff := cmp.Diff(`{"name":"a","plugins":[{"type":"bridge","ipam":{"type":"static"}},{"type":"etcfiles","domain":"x"}]}`, content(t, moves)); diff != "" {
		t.Error(diff)
	}
}

// TestRemoveEdited: what somebody has changed since stays, and the former file with it.
func TestRemoveEdited(t *testing.T) {
	path := given(t, "a.conflist", `{ "name": "a", "plugins": [ { "type": "bridge" } ] }`)
	added(t, path)
	edited := strings.Replace(content(t, path), `"bridge"`, `"ptp"`, 1)
	if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	if e := removed(t, path); e.Kept != "" || e.Stays != path+Suffix || content(t, path) != `{ "name": "a", "plugins": [ { "type": "ptp" } ] }` || left(t, path) != "a.conflist a.conflist.before-etcfiles" {
		t.Errorf("%+v: %s", e, left(t, path))
	}
}

// TestConvert: the configuration of one plugin becomes a conflist of the same network, which libcni takes, and comes back.
func TestConvert(t *testing.T) {
	const before = "{\n\t\"cniVersion\": \"1.0.0\", \"name\": \"one\",\n\t\"type\": \"bridge\", \"ipam\": { \"type\": \"static\" }\n}\n"
	path := given(t, "20-one.conf", before)
	e := added(t, path)
	if left(t, path) != "20-one.conf.before-etcfiles 20-one.conflist" || !strings.Contains(e.Diff(), "\n+++ "+filepath.Dir(path)+"/20-one.conflist\n") {
		t.Errorf("%s\n%s", left(t, path), e.Diff())
	}
	list, err := libcni.LoadConfList(filepath.Dir(path), "one")
	if err != nil || len(list.Plugins) != 2 || list.Plugins[0].Network.Type != "bridge" || list.Plugins[1].Network.Type != pluginType {
		t.Errorf("%+v, %v", list, err)
	}
	if again := added(t, path); again.Changed() {
		t.Error(again.Diff())
	}
	removed(t, path)
	if left(t, path) != "20-one.conf" || content(t, path) != before {
		t.Errorf("%s: %q", left(t, path), content(t, path))
	}
}

// TestRemoveConvertedEdited: of a list that was changed since it was made of one plugin, the former file stays, and is named.
func TestRemoveConvertedEdited(t *testing.T) {
	path := given(t, "20-one.conf", `{ "cniVersion": "1.0.0", "name": "one", "type": "bridge" }`)
	added(t, path)
	list := listBeside(path)
	if err := os.WriteFile(list, []byte(strings.Replace(content(t, list), `"bridge"`, `"ptp"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if e := removed(t, path); e.Stays != path+Suffix || left(t, path) != "20-one.conf.before-etcfiles 20-one.conflist" || strings.Contains(content(t, list), pluginType) {
		t.Errorf("%+v: %s", e, left(t, path))
	}
}

// TestConvertCutOff: a conversion that was killed half-way, either way, is finished by the next.
func TestConvertCutOff(t *testing.T) {
	const before = `{ "cniVersion": "1.0.0", "name": "one", "type": "bridge" }`
	path := given(t, "20-one.conf", before)
	added(t, path)
	list := listBeside(path)
	after := content(t, list)
	if err := os.Rename(path+Suffix, path); err != nil {
		t.Fatal(err)
	}
	added(t, path)
	if left(t, path) != "20-one.conf.before-etcfiles 20-one.conflist" || content(t, list) != after {
		t.Error(left(t, path))
	}
	if err := os.Rename(path+Suffix, path); err != nil {
		t.Fatal(err)
	}
	removed(t, list)
	if left(t, path) != "20-one.conf" || content(t, path) != before {
		t.Error(left(t, path))
	}
}

// TestUndo: an edit that is taken back leaves each file as it was, with its mode, and not one more.
func TestUndo(t *testing.T) {
	for name, text := range map[string]string{
		"10-a.conflist": `{"cniVersion": "1.0.0", "name": "a", "plugins": [{"type": "bridge"}]}`,
		"10-a.conf":     `{"cniVersion": "1.0.0", "name": "a", "type": "bridge"}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := given(t, name, text)
			all := func() string {
				var b strings.Builder
				for name := range strings.FieldsSeq(left(t, path)) {
					info, err := os.Lstat(filepath.Join(filepath.Dir(path), name))
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(&b, "%s %v %s\n", name, info.Mode(), content(t, filepath.Join(filepath.Dir(path), name)))
				}
				return b.String()
			}
			before := all()
			e := added(t, path)
			with := all()
			if err := e.Undo(); err != nil || all() != before || with == before {
				t.Errorf("%v: %s", err, all())
			}
			added(t, path)
			e = removed(t, path)
			if got := all(); got != before {
				t.Error(got)
			}
			if err := e.Undo(); err != nil || all() != with {
				t.Errorf("%v: %s", err, all())
			}
			if err := e.Undo(); err != nil || all() != with {
				t.Errorf("again: %v: %s", err, all())
			}
		})
	}
}

// TestAccess: mode and owner stay, of the former file too; a link stays one, and the file that it leads to is the one that changes.
func TestAccess(t *testing.T) {
	path := given(t, "a.conflist", `{"name":"a","plugins":[{"type":"bridge"}]}`)
	link := filepath.Join(t.TempDir(), "10-a.conflist")
	want := safefile.Access{Mode: 0o640}
	if os.Geteuid() == 0 {
		want.Owner = safefile.Owner{UID: 1234, GID: 4321}
	} else {
		want.Owner = safefile.Owner{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	}
	if err := errors.Join(os.Chmod(path, 0o640), os.Chown(path, int(want.Owner.UID), int(want.Owner.GID)), os.Symlink(path, link)); err != nil {
		t.Fatal(err)
	}
	e := added(t, link)
	if e.Link != link || e.File != path || left(t, link) != "10-a.conflist" {
		t.Errorf("%+v: %s", e, left(t, link))
	}
	for _, path := range []string{path, e.Kept} {
		got, err := safefile.AccessOf(path)
		got.Label = ""
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %s, %v", path, diff, err)
		}
	}
}

// TestRewritten: an agent that writes the file between the plan and its execution is not overwritten.
func TestRewritten(t *testing.T) {
	path := given(t, "a.conflist", `{"name":"a","plugins":[{"type":"bridge"}]}`)
	e, err := Add(path, Plugin{})
	if err == nil {
		err = os.WriteFile(path, []byte("{}"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Apply(); !errors.Is(err, ErrRewritten) || content(t, path) != "{}" || left(t, path) != "a.conflist" {
		t.Errorf("%v: %s", err, left(t, path))
	}
}

// TestRefused: what cannot have the plugin stays as it is, and the error says what to do.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"{\n\"plugins\": [}":                  ":2: not JSON: ",
		"[]":                                  ":1: not a JSON object",
		`{"name":"a"}`:                        "no list of plugins, nor the type of one",
		`{"name":"a","plugins":[]}`:           "no list of plugins, nor the type of one",
		`{"name":"a","plugins":{"type":"x"}}`: "no list of plugins, nor the type of one",
		`{"name":"a","type":"bridge"}`:        "which no runtime takes from a file of this name",
		`{"plugins":[{"type":"etcfiles"},` + "\n" + `{"type":"etcfiles"}]}`: "is in it twice, as plugins[0] and plugins[1]: take one out",
	} {
		path := given(t, "a.conflist", text)
		if _, err := Add(path, Plugin{}); err == nil || !strings.Contains(err.Error(), want) || left(t, path) != "a.conflist" {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	only := given(t, "a.conflist", `{"plugins":[{"type":"etcfiles"}]}`)
	if _, err := Remove(only); err == nil || !strings.Contains(err.Error(), "its only plugin: remove the file") {
		t.Error(err)
	}
	agents := given(t, "00-multus.conf", `{"cniVersion":"0.4.0","name":"m","type":"multus-shim","clusterNetwork":"/etc/cni/net.d/10-flannel.conflist"}`)
	if _, err := Add(agents, Plugin{}); err == nil || !strings.Contains(err.Error(), "Multus writes it anew from its own template: add the plugin to the conflist of the default network") {
		t.Error(err)
	}
	alone := given(t, "a.conf", `{"cniVersion":"1.0.0","name":"a","type":"etcfiles"}`)
	if _, err := Add(alone, Plugin{}); err == nil || !strings.Contains(err.Error(), "works behind other plugins only") {
		t.Error(err)
	}
	missing := given(t, "a.conf", `{"name":"a","type":"bridge"}`)
	if _, err := Add(missing, Plugin{}); err == nil || !strings.Contains(err.Error(), "cniVersion is missing") {
		t.Error(err)
	}
	double := given(t, "a.conf", `{"cniVersion":"1.0.0","name":"a","type":"bridge"}`)
	if err := os.WriteFile(listBeside(double), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Add(double, Plugin{}); err == nil || !strings.Contains(err.Error(), "is there already: take one of them away") {
		t.Error(err)
	}
	beside := given(t, "a.conflist", `{"name":"net","plugins":[{"type":"bridge"}]}`)
	dir := filepath.Join(filepath.Dir(beside), "net")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "10-x.conf"), []byte(`{"type":"tuning"}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := Add(beside, Plugin{}); err == nil || !strings.Contains(err.Error(), "come behind those of this file: put etcfiles last, as "+dir+"/zz-etcfiles.conf with { \"type\"") {
		t.Error(err)
	}
}

// TestAgents: whoever writes a conflist anew is known by its plugin.
func TestAgents(t *testing.T) {
	for plugin, want := range map[string]string{
		"calico": "Calico", "cilium-cni": "Cilium", "flannel": "flannel", "multus": "Multus", "multus-shim": "Multus", "kube-ovn": "kube-ovn",
		"ovn-k8s-cni-overlay": "OVN-Kubernetes", "antrea": "Antrea", "bridge": "",
	} {
		path := given(t, "a.conflist", `{"name":"a","plugins":[{"type":"`+plugin+`"},{"type":"portmap"}]}`)
		e, err := Add(path, Plugin{})
		if err != nil {
			t.Fatal(err)
		}
		if e.Agent == nil != (want == "") || e.Agent != nil && e.Agent.Name != want {
			t.Errorf("%s: %+v", plugin, e.Agent)
		}
	}
	items := []*node{{fields: []field{{"type", &node{raw: []byte(`"flannel"`)}}}}}
	if a := agentOf("/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist", items); a == nil || a.Name != "k3s" {
		t.Errorf("%+v", a)
	}
}

// TestPageListsEveryAgent: the page on installing has the agents that are known, and no others.
func TestPageListsEveryAgent(t *testing.T) {
	page, err := os.ReadFile("../../plugins/meta/etcfiles/INSTALL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| agent | where etcfiles is added for good |\n| --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	listed := map[string]bool{}
	for row := range strings.Lines(table) {
		listed[strings.Split(row, " | ")[0]] = true
	}
	known := map[string]bool{}
	for _, a := range agents {
		known["| "+a.Name] = true
	}
	if diff := cmp.Diff(known, listed); diff != "" {
		t.Errorf("(-known +listed):\n%s", diff)
	}
}

// FuzzAdd: whatever text libcni takes for a conflist has the plugin once afterwards, in a text that libcni takes too, and is the same
// byte for byte after it is removed again.
func FuzzAdd(f *testing.F) {
	f.Add([]byte(`{"name":"a","cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}`))
	f.Add([]byte("{ \"plugins\": [\n {\n \"type\": \"x\"\n },{\"type\":\"y\"}\t\n], \"name\": \"a\" }"))
	f.Add([]byte("{\"name\":\"a\",\"plugins\":[{\"type\":\"etcfiles\"} , {\"type\":\"bridge\"}]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		before, err := libcni.NetworkConfFromBytes(text)
		if err != nil || len(before.Plugins) == 0 {
			return
		}
		s, err := scan("f", text)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.ours()) > 0 {
			return
		}
		after := s.with(Plugin{}.text(s.style()))
		list, err := libcni.NetworkConfFromBytes(after)
		if err != nil || len(list.Plugins) != len(before.Plugins)+1 || list.Plugins[len(before.Plugins)].Network.Type != pluginType {
			t.Fatalf("%q: %v", after, err)
		}
		s, err = scan("f", after)
		if err == nil {
			s, err = s.without("f", len(before.Plugins))
		}
		if err != nil || string(s.text) != string(text) {
			t.Fatalf("%q, %v", s.text, err)
		}
	})
}
