package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
	"github.com/etcfiles/etcfiles/plugins/meta/etcfiles/admin"
)

// TestPages: groff formats each page without a warning, every command and every key of a conflist is on one, and what
// completes the command line is a script.
func TestPages(t *testing.T) {
	out := t.TempDir()
	if err := run(out, "1.2.3", "1700000000"); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, name := range []string{"etcfiles.8", "oci-cni-hook.8", "etcfiles-mount.8", "etcfiles-etcd.8", "etcfiles-nri.8", "etcfiles-conflist.5"} {
		page, err := os.ReadFile(filepath.Join(out, "man", name))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = formatted(t, name, page)
	}
	for _, cmd := range admin.Command("1.2.3").Commands() {
		if long, _, _ := strings.Cut(strings.Join(strings.Fields(cmd.Long), " "), ". "); cmd.Name() != "completion" && cmd.Name() != "help" && !strings.Contains(pages["etcfiles.8"], long) {
			t.Errorf("etcfiles(8) lacks what %s --help says: %s", cmd.Name(), long)
		}
	}
	for _, key := range append(netconf.Keys, netconf.Capabilities...) {
		if !strings.Contains(pages["etcfiles-conflist.5"], key.Name+" "+key.Type) {
			t.Errorf("etcfiles-conflist(5) lacks %s", key.Name)
		}
	}
	help := exec.Command("go", "run", "./plugins/nri/etcfiles-nri", "--help")
	help.Dir = "../.."
	text, err := help.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(text)) {
		if word = strings.Trim(word, ".:,()\"}"); strings.HasPrefix(word, "/") || strings.HasPrefix(word, "--") && word != "--help" {
			if !strings.Contains(pages["etcfiles-nri.8"], word) {
				t.Errorf("etcfiles-nri(8) lacks %s of its --help", word)
			}
		}
	}
	for _, key := range append(config.Settings, config.NetworkSettings...) {
		if first, _, _ := strings.Cut(key.Meaning, " "); !strings.Contains(pages["etcfiles-etcd.8"], " "+key.Name+" "+first) {
			t.Errorf("etcfiles-etcd(8) lacks %s", key.Name)
		}
	}
	for _, name := range []string{"etcfiles", "oci-cni-hook", "etcfiles-mount", "etcfiles-etcd"} {
		script := filepath.Join(out, "completions", name)
		if output, err := exec.Command("bash", "-n", script+".bash").CombinedOutput(); err != nil {
			t.Errorf("%s.bash: %v\n%s", name, err, output)
		}
		for _, shell := range []string{".zsh", ".fish"} {
			if text, err := os.ReadFile(script + shell); err != nil || !bytes.Contains(text, []byte("__complete")) {
				t.Errorf("%s%s completes nothing: %v", name, shell, err)
			}
		}
	}
}
