package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

// TestTransport: a file that cannot be used is named with the configuration and the key that name it.
func TestTransport(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(dir, "gone")
	for want, c := range map[string]config.Config{
		"other.json: ca: no certificate in " + garbage + ": want PEM": {CA: garbage},
		"other.json: ca: open " + gone:                                {CA: gone},
		"other.json: cert: open " + gone:                              {Cert: gone, Key: garbage},
		"other.json: key: open " + gone:                               {Cert: garbage, Key: gone},
		"other.json: cert: " + garbage + " with the key " + garbage:   {Cert: garbage, Key: garbage},
	} {
		c.File = "other.json"
		if _, err := transport(&c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
