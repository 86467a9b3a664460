package ocispec

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func edit() Edit {
	const cni = "/opt/cni/bin/oci-cni-hook"
	hook := func(stage, path string, args ...string) StagedHook {
		return StagedHook{Stage: stage, Hook: specs.Hook{Path: path, Args: args}}
	}
	return Edit{
		Hooks: []StagedHook{
			hook(CreateRuntime, cni, "--conf-dir", "/srv/net.d", "createRuntime"),
			hook(CreateContainer, "/opt/cni/bin/etcfiles-mount", "createContainer"),
			hook(Poststop, cni, "--conf-dir", "/srv/net.d", "poststop"),
		},
		Annotations: map[string]string{"etcfiles/networks": "lab", "etcfiles/name": "web", "etcfiles/mac": ""},
		Name:        Annotated{"etcfiles/name", "web"},
		Networked:   true,
	}
}

const (
	before = `{
	"ociVersion": "1.0.2-dev",
	"hostname": "runc",
	"annotations": {
		"org.example/keep": "yes"
	},
	"hooks": {
		"poststop": [
			{
				"path": "/usr/bin/other"
			}
		],
		"futureStage": {
			"kept": [1, 2.50, 1e3]
		}
	},
	"linux": {
		"namespaces": [
			{
				"type": "uts"
			},
			{
				"type": "network"
			}
		],
		"future": "<&>"
	}
}`
	after = `{
	"ociVersion": "1.0.2-dev",
	"hostname": "web",
	"annotations": {
		"etcfiles-spec/written": "etcfiles/name,etcfiles/networks",
		"etcfiles/name": "web",
		"etcfiles/networks": "lab",
		"org.example/keep": "yes"
	},
	"hooks": {
		"poststop": [
			{
				"path": "/usr/bin/other"
			},
			{
				"path": "/opt/cni/bin/oci-cni-hook",
				"args": [
					"oci-cni-hook",
					"--conf-dir",
					"/srv/net.d",
					"poststop"
				]
			}
		],
		"futureStage": {
			"kept": [
				1,
				2.50,
				1e3
			]
		},
		"createRuntime": [
			{
				"path": "/opt/cni/bin/oci-cni-hook",
				"args": [
					"oci-cni-hook",
					"--conf-dir",
					"/srv/net.d",
					"createRuntime"
				]
			}
		],
		"createContainer": [
			{
				"path": "/opt/cni/bin/etcfiles-mount",
				"args": [
					"etcfiles-mount",
					"createContainer"
				]
			}
		]
	},
	"linux": {
		"namespaces": [
			{
				"type": "uts"
			},
			{
				"type": "network"
			}
		],
		"future": "<&>"
	}
}`
)

func TestApply(t *testing.T) {
	bundle := t.TempDir()
	path := filepath.Join(bundle, "config.json")
	if err := os.WriteFile(path, []byte(before), 0o640); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := edit().Apply(bundle); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(after, string(got)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v; want that of before", info.Mode(), err)
	}
	moved := edit()
	moved.Hooks[0].Path, moved.Hooks[2].Path = "/usr/libexec/oci-cni-hook", "/usr/libexec/oci-cni-hook"
	if err := moved.Apply(bundle); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(got); strings.Contains(s, "/opt/cni/bin/oci-cni-hook") || strings.Count(s, "/usr/libexec/oci-cni-hook") != 2 {
		t.Errorf("the hook at its new place does not replace the one at the old:\n%s", s)
	}
}

// TestOwnersEntry: of a hook entry that is there, only path and args are this package's; the rest is its owner's.
func TestOwnersEntry(t *testing.T) {
	out, err := edit().JSON([]byte(`{"linux":{"namespaces":[{"type":"network"}]},"hooks":{"createRuntime":[
		{"path":"/old/oci-cni-hook","args":["oci-cni-hook","old"],"env":["PATH=/opt"],"timeout":9,"future":[1e3]}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Hooks map[string]json.RawMessage }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	var entry bytes.Buffer
	if err := json.Compact(&entry, got.Hooks[CreateRuntime]); err != nil {
		t.Fatal(err)
	}
	want := `[{"path":"/opt/cni/bin/oci-cni-hook","args":["oci-cni-hook","--conf-dir","/srv/net.d","createRuntime"],"env":["PATH=/opt"],"timeout":9,"future":[1e3]}]`
	if entry.String() != want {
		t.Errorf("the entry became %s, want %s", &entry, want)
	}
}

// TestApplyInPlace: a link stays a link, and the file keeps its owner and its mode, whatever the umask.
func TestApplyInPlace(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	dir, bundle := t.TempDir(), t.TempDir()
	file, link := filepath.Join(dir, "shared.json"), filepath.Join(bundle, "config.json")
	if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o664); err != nil {
		t.Fatal(err)
	}
	uid := os.Getuid()
	if uid == 0 {
		uid = 1000
		if err := os.Chown(file, uid, 1001); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := edit().Apply(bundle); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(file, &st); err != nil {
		t.Fatal(err)
	}
	if int(st.Uid) != uid || st.Mode != unix.S_IFREG|0o664 {
		t.Errorf("uid %d, mode %o; want %d, 664", st.Uid, st.Mode, uid)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != after {
		t.Errorf("%s, %v", got, err)
	}
	for _, d := range []string{dir, bundle} {
		if entries, err := os.ReadDir(d); err != nil || len(entries) != 1 {
			t.Errorf("%s: %v, %v; want one file", d, entries, err)
		}
	}
}

// TestDomainname: a namespace that is another's keeps its domain name.
func TestDomainname(t *testing.T) {
	for namespace, want := range map[string]string{
		`{"type":"uts"}`: "example.org", `{"type":"uts","path":"/proc/1/ns/uts"}`: "", `{"type":"ipc"}`: "",
	} {
		e := edit()
		e.Domainname = Annotated{"etcfiles/domainname", "example.org"}
		out, err := e.JSON([]byte(`{"linux":{"namespaces":[{"type":"network"},` + namespace + `]}}`))
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Domainname string }
		if err := json.Unmarshal(out, &got); err != nil || got.Domainname != want {
			t.Errorf("%s: %+v, %v; want %q", namespace, got, err, want)
		}
	}
}

// TestTakenBack: an edit takes back what the one before has written and it has not, and nothing that is the owner's.
func TestTakenBack(t *testing.T) {
	var e Edit
	with := func(name, domain, aliases string) Edit {
		e := e
		e.Annotations = map[string]string{"x/name": name, "x/domain": domain, "x/aliases": aliases, "x/ip": ""}
		e.Name, e.Domainname = Annotated{"x/name", name}, Annotated{"x/domain", domain}
		return e
	}
	text := []byte(`{"hostname":"runc","annotations":{"x/ip":"10.4.10.77","y":"kept"},"linux":{"namespaces":[{"type":"network"},{"type":"uts"}]}}`)
	for _, step := range []struct {
		edit Edit
		want string
	}{
		{with("web", "example.org", "www,site"), `{"hostname":"web","domainname":"example.org","annotations":{` +
			`"etcfiles-spec/written":"x/aliases,x/domain,x/name","x/aliases":"www,site","x/domain":"example.org","x/ip":"10.4.10.77","x/name":"web","y":"kept"}}`},
		{with("db", "", "pg"), `{"hostname":"db","annotations":{"etcfiles-spec/written":"x/aliases,x/name","x/aliases":"pg","x/ip":"10.4.10.77","x/name":"db","y":"kept"}}`},
		{with("", "", ""), `{"hostname":"db","annotations":{"x/ip":"10.4.10.77","y":"kept"}}`},
	} {
		var err error
		if text, err = step.edit.JSON(text); err != nil {
			t.Fatal(err)
		}
		var got, want struct {
			Hostname, Domainname string
			Annotations          map[string]string
		}
		if err := errors.Join(json.Unmarshal(text, &got), json.Unmarshal([]byte(step.want), &want)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestHostname(t *testing.T) {
	for _, test := range []struct{ config, name, hostname, want string }{
		{`"hostname":"runc",`, "web", "", "web"},
		{`"hostname":"crun",`, "web", "", "web"},
		{``, "web", "", "web"},
		{`"hostname":"mine",`, "web", "", "mine"},
		{`"hostname":"mine",`, "web", "given", "given"},
		{`"hostname":"runc",`, "", "", "runc"},
	} {
		e := edit()
		e.Name.Value, e.Hostname = test.name, test.hostname
		out, err := e.JSON([]byte(`{` + test.config + `"linux":{"namespaces":[{"type":"network"},{"type":"uts"}]}}`))
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Hostname string }
		if err := json.Unmarshal(out, &got); err != nil || got.Hostname != test.want {
			t.Errorf("%+v: hostname %q, %v", test, got.Hostname, err)
		}
	}
	// In a UTS namespace of the host or of another container it is that one's.
	for _, uts := range []string{"", `,{"type":"uts","path":"/proc/1/ns/uts"}`} {
		for old, want := range map[string]string{"": "", `"hostname":"runc",`: "", `"hostname":"mine",`: "mine"} {
			config := []byte(`{` + old + `"linux":{"namespaces":[{"type":"network"}` + uts + `]}}`)
			out, err := edit().JSON(config)
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Hostname string }
			if err := json.Unmarshal(out, &got); err != nil || got.Hostname != want {
				t.Errorf("%s: hostname %q, %v; want %q", config, got.Hostname, err, want)
			}
			e := edit()
			e.Hostname = "given"
			if _, err := e.JSON(config); err == nil || !strings.Contains(err.Error(), `hostname "given"`) {
				t.Errorf("%s: error %v, want a refusal of the hostname", config, err)
			}
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	for config, want := range map[string]string{
		`{"linux":{"namespaces":[{"type":"uts"}]}}`: "network namespace",
		`{}`: "network namespace",
		`{`:  "config.json",
		`[]`: "config.json",
		`{"hooks":[],"linux":{"namespaces":[{"type":"network"}]}}`:             "hooks",
		`{"hooks":{"poststop":1},"linux":{"namespaces":[{"type":"network"}]}}`: "hooks.poststop",
	} {
		bundle := t.TempDir()
		if err := os.WriteFile(filepath.Join(bundle, "config.json"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := edit().Apply(bundle); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", config, err, want)
		}
	}
	if err := edit().Apply(t.TempDir()); err == nil || !strings.Contains(err.Error(), "runc spec") {
		t.Errorf("no config.json: error %v, want one that says how to make it", err)
	}
}

// FuzzEdit: nothing but hostname, annotations and hooks changes, whatever a bundle has, and a second edit changes nothing.
func FuzzEdit(f *testing.F) {
	f.Add(before)
	f.Add(after)
	f.Add(`{"linux":{"namespaces":[{"type":"network"}]},"a":1,"a":2,"hooks":null,"annotations":null}`)
	f.Fuzz(func(t *testing.T, config string) {
		out, err := edit().JSON([]byte(config))
		if err != nil {
			return
		}
		again, err := edit().JSON(out)
		if err != nil || string(again) != string(out) {
			t.Fatalf("%q: twice is not once: %v\n%s\n%s", config, err, out, again)
		}
		var was, is map[string]any
		if err := json.Unmarshal([]byte(config), &was); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &is); err != nil {
			t.Fatalf("%q: %v\n%s", config, err, out)
		}
		for _, key := range []string{"hostname", "annotations", "hooks"} {
			delete(was, key)
			delete(is, key)
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", config, diff)
		}
	})
}

// TestUnlimited drops the limits and nothing beside them.
func TestUnlimited(t *testing.T) {
	for in, want := range map[string]string{
		`{"process":{"cwd":"/","rlimits":[{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}],"future":1e3}}`: `{"process":{"cwd":"/","future":1e3},"hooks":{}}`,
		`{"process":{"cwd":"/"}}`: `{"process":{"cwd":"/"},"hooks":{}}`,
		`{"ociVersion":"1.1.0"}`:  `{"ociVersion":"1.1.0","hooks":{}}`,
	} {
		out, err := Edit{Unlimited: true}.JSON([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := json.Compact(&got, out); err != nil {
			t.Fatal(err)
		}
		if got.String() != want {
			t.Errorf("%s became %s, want %s", in, &got, want)
		}
	}
	if _, err := (Edit{Unlimited: true}).JSON([]byte(`{"process":[]}`)); err == nil || !strings.HasPrefix(err.Error(), "process: ") {
		t.Errorf("a process that is a list: %v", err)
	}
}
