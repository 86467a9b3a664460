package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/ocihook"
)

// TestRenewal: the command for an entry without --allow repeats what the entry says; one that has it needs none.
func TestRenewal(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string // BUNDLE for the bundle
	}{
		{[]string{"oci-cni-hook", "createRuntime"}, "oci-cni-hook spec --mount-hook '' BUNDLE"},
		{
			[]string{"oci-cni-hook", "--conf-dir", "/srv/my nets", "--run-dir=/run/lab", "createRuntime"},
			"oci-cni-hook --conf-dir '/srv/my nets' --run-dir=/run/lab spec --mount-hook '' BUNDLE",
		},
		{[]string{"oci-cni-hook", "hook"}, "oci-cni-hook spec --hooks-d cni --networks lab,back >/etc/containers/oci/hooks.d/oci-cni-hook.json"},
		{
			[]string{"oci-cni-hook", "--networks", "lab", "hook"},
			"oci-cni-hook --networks lab spec --hooks-d cni >/etc/containers/oci/hooks.d/oci-cni-hook.json",
		},
		{[]string{"oci-cni-hook", "--allow", "none", "hook"}, ""},
		{[]string{"oci-cni-hook", "--allow=ports", "createRuntime"}, ""},
		{[]string{"oci-cni-hook"}, ""},
	} {
		bundle := t.TempDir()
		config, err := json.Marshal(map[string]any{"hooks": map[string]any{"createRuntime": []any{
			map[string]any{"path": "/bin/true"}, map[string]any{"path": "/opt/lab/oci-cni-hook", "args": test.args},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bundle, "config.json"), config, 0o644); err != nil {
			t.Fatal(err)
		}
		got := renewal(ocihook.Recorded{Bundle: bundle, Attachments: []string{"lab/eth0", "back/eth1"}})
		if want := strings.ReplaceAll(test.want, "BUNDLE", bundle); got != want {
			t.Errorf("%q: %s, want %s", test.args, got, want)
		}
	}
	for _, bundle := range []string{"", t.TempDir()} {
		if got := renewal(ocihook.Recorded{Bundle: bundle}); got != "" {
			t.Errorf("%q: %s", bundle, got)
		}
	}
}
