package blackbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// many is how many containers the store of TestCheckOfManyContainers has, on one network.
const many = 1000

// TestCheckOfManyContainers: the whole of a large store is looked at, and made anew from its records, in a time that
// somebody at a terminal waits for.
func TestCheckOfManyContainers(t *testing.T) {
	f := newFleet(t, containerID(0))
	if err := f.Run("ADD", fleet.On(containerID(0), "eth0", "lab", "10.4.0.1")); err != nil {
		t.Fatal(err)
	}
	record, err := os.ReadFile(placeOf(f.DataDir, containerID(0)).meta())
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < many; i++ {
		writeRecord(t, f.DataDir, record, i)
	}
	run := func(status int, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(binary, append(args, "-o", "json", "--data-dir", f.DataDir)...)
		start := time.Now()
		out, _ := cmd.Output()
		took := time.Since(start)
		t.Logf("%d containers: %s: %s, %s of processor time", many, strings.Join(args, " "), took, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		if cmd.ProcessState.ExitCode() != status {
			t.Fatalf("%v: exit code %d, want %d", args, cmd.ProcessState.ExitCode(), status)
		}
		if took > 20*time.Second {
			t.Errorf("%v took %s", args, took)
		}
		return out
	}
	run(1, "check")
	if n := bytes.Count(run(0, "check", "--repair"), []byte(`"mended": true`)); n < 3*(many-1) {
		t.Errorf("%d findings were mended", n)
	}
	if out := run(0, "check"); string(out) != "[]\n" {
		t.Errorf("findings: %.500s", out)
	}
	entries, err := placeOf(f.DataDir, containerID(many/2)).entries()
	if err != nil || len(entries) < many {
		t.Errorf("%d lines in a hosts file: %v", len(entries), err)
	}
	run(0, "prune")
}

// writeRecord writes the record of container i after the model of that of container 0.
func writeRecord(t *testing.T, dataDir string, model []byte, i int) {
	t.Helper()
	text := strings.ReplaceAll(string(model), containerID(0), containerID(i))
	text = strings.ReplaceAll(text, "10.4.0.1", fmt.Sprintf("10.4.%d.%d", 1+i/250, 1+i%250))
	text = strings.Replace(text, `"Sequence":1,`, fmt.Sprintf(`"Sequence":%d,`, 1+i), 1)
	// The network namespace is that of the model.
	text = strings.ReplaceAll(text, "netns/"+containerID(i), "netns/"+containerID(0))
	if !json.Valid([]byte(text)) {
		t.Fatal(text)
	}
	path := placeOf(dataDir, containerID(i)).meta()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
