package pages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// TestHooksOfCRIO runs what the page on drivers says of CRI-O: both files are JSON of oci-hooks(5) with a program that exists, since CRI-O
// passes over another in silence.
func TestHooksOfCRIO(t *testing.T) {
	const dir = "/usr/share/containers/oci/hooks.d"
	for name, args := range map[string][]string{
		"etcfiles-mount": {"etcfiles-mount", "--sandbox-annotation", "io.kubernetes.cri-o.SandboxID", "--override", "createContainer"},
		"etcfiles-adopt": {"etcfiles", "adopt", "--sandbox-annotation", "io.kubernetes.cri-o.SandboxID"},
	} {
		out := bare(t, block(t, "plugins/meta/etcfiles/DRIVERS.md", "cri-o")+"\ncat "+dir+"/"+name+".json",
			"mount -t tmpfs tmpfs /usr/share; PATH=$PWD/bin:$PATH")
		var file struct {
			Version string
			Hook    specs.Hook
		}
		if err := json.Unmarshal([]byte(out), &file); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if _, err := os.Stat(file.Hook.Path); err != nil || filepath.Base(file.Hook.Path) != args[0] || file.Version != "1.0.0" {
			t.Errorf("%s.json is %s (%v)", name, out, err)
		}
		if diff := cmp.Diff(args, file.Hook.Args); diff != "" {
			t.Errorf("arguments of %s (-want +got):\n%s", name, diff)
		}
	}
}
