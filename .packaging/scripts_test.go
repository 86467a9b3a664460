package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// TestScripts: the scripts speak of all units, and of services that stay.
func TestScripts(t *testing.T) {
	source := t.TempDir()
	for name, text := range map[string]string{
		"plugins/hook/hook/gc.service":          "[Service]\nType=oneshot\nExecStart=/usr/local/bin/hook gc\n",
		"plugins/hook/hook/gc.timer":            "[Timer]\n",
		"plugins/meta/plugin/metrics.service":   "[Service]\nExecStart=/usr/local/bin/plugin metrics\n",
		"plugins/meta/plugin/metrics.logrotate": "",
		"plugins/meta/plugin/var-lib-x.mount":   "[Mount]\n",
		"plugins/etcd/agent/agent.service":      "[Service]\nExecStart=/usr/local/bin/agent run\n",
	} {
		path := filepath.Join(source, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u, err := readUnits(source, contents.Main)
	if want := (units{"gc.service metrics.service gc.timer var-lib-x.mount", "metrics.service"}); err != nil || u != want {
		t.Errorf("%+v, %v; want %+v", u, err, want)
	}
	u, err = readUnits(source, contents.Etcd)
	if want := (units{"agent.service", "agent.service"}); err != nil || u != want {
		t.Errorf("%+v, %v; want %+v", u, err, want)
	}
}
