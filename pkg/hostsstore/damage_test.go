package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRemoveDamaged: of the files that were kept those go that are no longer as they were left, the others stay.
func TestRemoveDamaged(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	for _, path := range []string{n.HostsPath("a"), n.ResolvConfPath("a")} {
		if err := n.dir.MakeDir(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(path, []byte("as it was left\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Keep("a", Kept{Created: []string{HostsFile, ResolvConfFile, HostnameFile}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(n.HostsPath("a"), []byte("as it was \x00\x00\x00\x00\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	kept, ok := n.Kept("a")
	if !ok {
		t.Fatal("there is no note")
	}
	if err := n.RemoveDamaged("a", kept); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(n.HostsPath("a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the damaged file is there still: %v", err)
	}
	if _, err := os.Stat(n.ResolvConfPath("a")); err != nil {
		t.Errorf("the other file: %v", err)
	}
}

// TestUnfinishedNote: what a process that is gone has begun to write goes, what a living one writes stays.
func TestUnfinishedNote(t *testing.T) {
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	n := Dir(t.TempDir()).Namespace("ns")
	if err := n.dir.MakeDir(n.pendingDir()); err != nil {
		t.Fatal(err)
	}
	unfinished := filepath.Join(n.pendingDir(), fmt.Sprintf(".1-%d.new", gone.Process.Pid))
	written := filepath.Join(n.pendingDir(), fmt.Sprintf(".2-%d.new", os.Getpid()))
	for _, path := range []string{unfinished, written} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := n.Pending(); err != nil || len(list) > 0 {
		t.Errorf("notes: %v, %v", list, err)
	}
	if _, err := os.Stat(unfinished); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the note of a process that is gone is there still: %v", err)
	}
	if _, err := os.Stat(written); err != nil {
		t.Errorf("the note that is being written: %v", err)
	}
}
