package packages

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestReproducible: a copy of the repository in another place, with another umask, time zone and language, gives the same packages.
func TestReproducible(t *testing.T) {
	copied := filepath.Join(t.TempDir(), "another", "place")
	if err := os.MkdirAll(copied, 0o755); err != nil {
		t.Fatal(err)
	}
	script := `tar -C "$0" --exclude ./bin --exclude ./dist -c . | tar -C "$1" -x --no-same-owner`
	if out, err := exec.Command("bash", "-euo", "pipefail", "-c", script, repository, copied).CombinedOutput(); err != nil {
		t.Fatalf("copy the repository: %v\n%s", err, out)
	}
	wrapper := filepath.Join(t.TempDir(), "shell")
	if err := os.WriteFile(wrapper, []byte("#!/bin/bash\numask 077\nexec bash \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := makePackage(copied, older, "TZ=Asia/Tokyo", "LC_ALL=C", "TMPDIR="+t.TempDir(), "GOFLAGS=-tags=other", "GOAMD64=v2", "MAKEFLAGS=SHELL="+wrapper); err != nil {
		t.Fatal(err)
	}
	first, second := read(t, dist(repository, older)), read(t, dist(copied, older))
	if len(first) != 9 {
		t.Errorf("%d files were made; want .deb, .rpm, .tar.gz and .cdx.json of two packages, and SHA256SUMS", len(first))
	}
	for name, content := range first {
		if !bytes.Equal(content, second[name]) {
			t.Errorf("%s: the two builds differ", name)
		}
	}
	if len(second) != len(first) {
		t.Errorf("one build made %d files, the other %d", len(first), len(second))
	}
}

// TestChecksums: SHA256SUMS names every file that was made, with its checksum.
func TestChecksums(t *testing.T) {
	dir := dist(repository, older)
	cmd := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || bytes.Count(out, []byte(": OK\n")) != len(read(t, dir))-1 {
		t.Errorf("%v\n%s", err, out)
	}
}

// read returns the files of a directory, without what it has of the build.
func read(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range slices.DeleteFunc(entries, os.DirEntry.IsDir) {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = content
	}
	return out
}
