package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/cli"
)

// TestHooksDWithoutMount: the file of this hook needs no etcfiles-mount beside the program; a bundle's hooks do, and the
// error says what to do.
func TestHooksDWithoutMount(t *testing.T) {
	var out, errs bytes.Buffer
	if code := Run("test", []string{"spec", "--hooks-d", "cni"}, nil, &out, &errs); code != cli.OK || !strings.Contains(out.String(), `"createRuntime"`) {
		t.Errorf("--hooks-d cni: exit code %d, %s%s", code, &out, &errs)
	}
	if code := Run("test", []string{"spec", t.TempDir()}, nil, &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "--mount-hook") {
		t.Errorf("spec: exit code %d, %s", code, &errs)
	}
}

// TestSpecAllows: a bundle's annotations are its owner's; what is in hooks.d meets those of images.
func TestSpecAllows(t *testing.T) {
	bundle := t.TempDir()
	for _, test := range []struct {
		args []string
		want []string // the arguments of the hook
	}{
		{[]string{bundle}, []string{"--allow", "networks,ports,ip,mac,capabilities,args", "createRuntime"}},
		{[]string{"--allow", "ports", bundle}, []string{"--allow", "ports", "createRuntime"}},
		{[]string{"--netns", "/run/netns/x", bundle}, []string{"--allow", "networks,ports,ip,mac,capabilities,args", "--allow-netns=true", "createRuntime"}},
		{[]string{"--hooks-d", "cni", "--networks", "lab,back"}, []string{"--networks", "lab,back", "--allow", "none", "hook"}},
		{[]string{"--hooks-d", "cni", "--networks", "lab", "--allow", "ports,ip"}, []string{"--networks", "lab", "--allow", "ports,ip", "hook"}},
		{[]string{"--hooks-d", "cni", "--chain-timeout", "90s"}, []string{"--allow", "none", "--chain-timeout", "1m30s", "hook"}},
	} {
		if err := os.WriteFile(filepath.Join(bundle, "config.json"), []byte(`{"linux":{"namespaces":[{"type":"network"}]}}`), 0o644); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := Run("test", append([]string{"spec", "--mount-hook", ""}, test.args...), nil, &out, &errs); code != cli.OK {
			t.Errorf("%q: exit code %d: %s", test.args, code, &errs)
			continue
		}
		var entry struct{ Hook specs.Hook }
		var config struct {
			Hooks struct{ CreateRuntime []specs.Hook }
		}
		if out.Len() > 0 {
			if err := json.Unmarshal(out.Bytes(), &entry); err != nil {
				t.Fatal(err)
			}
		} else {
			b, err := os.ReadFile(filepath.Join(bundle, "config.json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &config); err != nil {
				t.Fatal(err)
			}
			entry.Hook = config.Hooks.CreateRuntime[0]
		}
		if diff := cmp.Diff(test.want, entry.Hook.Args[1:]); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.args, diff)
		}
	}
}

// TestCapabilities: the flags make one annotation, and a value that is not JSON is refused here and not at the start.
func TestCapabilities(t *testing.T) {
	got, err := capabilities([]string{`bandwidth={"ingressRate":1000}`, `back=ipRanges=[[{"subnet":"10.0.0.0/24"}]]`, `cgroupPath="/a=b"`, "n=1", "lab=n=true"})
	want := `{"back=ipRanges":[[{"subnet":"10.0.0.0/24"}]],"bandwidth":{"ingressRate":1000},"cgroupPath":"/a=b","lab=n":true,"n":1}`
	if err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	for _, s := range []string{"", "bandwidth", "bandwidth=", "bandwidth={", `={"a":1}`, `bandwidth{"a":1}`, "{}", "cgroupPath=/x", "1"} {
		if got, err := capabilities([]string{s}); err == nil {
			t.Errorf("%q: %s, want an error", s, got)
		}
	}
}
