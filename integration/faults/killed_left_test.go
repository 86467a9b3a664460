package faults

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// notesOf returns the directory of the notes about what was put off.
func notesOf(f fleet.Fleet) string { return filepath.Join(f.DataDir, "pending/default") }

// putOffDel leaves a DEL to the next operation: it cannot acquire the lock.
func putOffDel(t *testing.T, f fleet.Fleet, a fleet.Attachment) {
	t.Helper()
	defer f.Lock(t)()
	r, err := f.Call("DEL", a, plugin.Object{"lockTimeout": "1ms"}).Succeed()
	if err != nil || !strings.Contains(r.Stdout+r.Stderr, "the next operation") {
		t.Fatalf("DEL %v: %v\n%s%s", a, err, r.Stdout, r.Stderr)
	}
}

// leftOf returns those of the attachments that the next operation is to find: the records have them, and no removal was
// put off.
func leftOf(t *testing.T, f fleet.Fleet, list []fleet.Attachment) []fleet.Attachment {
	t.Helper()
	notes, err := filepath.Glob(filepath.Join(notesOf(f), "[0-9]*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) > 0 {
		return nil
	}
	var out []fleet.Attachment
	for _, a := range list {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(f.Hosts(a)), "meta.json"))
		if os.IsNotExist(err) {
			continue
		}
		var recorded []fleet.Attachment
		if err == nil {
			recorded, err = fleet.Recorded(b)
		}
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(recorded, func(r fleet.Attachment) bool { return r.Network == a.Network && r.IfName == a.IfName }) {
			out = append(out, a)
		}
	}
	return out
}
