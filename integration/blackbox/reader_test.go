package blackbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// startWarning starts an ADD that has something to warn of, with the given ends of pipes.
func startWarning(t *testing.T, f fleet.Fleet, a fleet.Attachment, stdout, stderr io.Writer) *exec.Cmd {
	t.Helper()
	extra := plugin.Object{"runtimeConfig": plugin.Object{"aliases": []string{"-no-name"}}}
	cmd := f.Call("ADD", a, extra).Cmd(context.Background())
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// unread is the end of a pipe whose reader has gone.
func unread(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// TestReaderGone: an operation that has nobody to warn is done. One whose result nobody takes is undone, since the runtime
// knows of nothing.
func TestReaderGone(t *testing.T) {
	f := newFleet(t, "web", "db")
	web, db := fleet.On("web", "eth0", "lab", "10.4.10.2"), fleet.On("db", "eth0", "lab", "10.4.10.3")
	var stdout, stderr bytes.Buffer
	if err := startWarning(t, f, web, &stdout, unread(t)).Wait(); err != nil || !json.Valid(stdout.Bytes()) {
		t.Errorf("without a reader of stderr: %v, stdout %q", err, &stdout)
	}
	err := startWarning(t, f, db, unread(t), &stderr).Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !bytes.Contains(stderr.Bytes(), []byte("the result could not be written to stdout")) {
		t.Errorf("without a reader of stdout: %v, stderr %q", err, &stderr)
	}
	f.Check(t, []fleet.Attachment{web})
	if _, err := os.Stat(filepath.Join(f.DataDir, "etchosts", "default", "db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("db has left files: %v", err)
	}
	if err := startWarning(t, f, db, unread(t), unread(t)).Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("without a reader: %v", err)
	}
	f.Check(t, []fleet.Attachment{web})
}

// TestReaderStands: while nobody reads the warnings of one operation, others go on.
func TestReaderStands(t *testing.T) {
	f := newFleet(t, "web", "db")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	fd := int(w.Fd())
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil; {
		_, err = unix.Write(fd, make([]byte, 4096))
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
	web, db := fleet.On("web", "eth0", "lab", "10.4.10.2"), fleet.On("db", "eth0", "lab", "10.4.10.3")
	slow := startWarning(t, f, web, io.Discard, w)
	for record := filepath.Join(f.DataDir, "etchosts", "default", "web", "meta.json"); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(record); err == nil {
			break
		}
	}
	if err := f.Run("ADD", db); err != nil {
		t.Errorf("beside one that waits for its reader: %v", err)
	}
	if err := errors.Join(w.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	if err := slow.Wait(); err != nil {
		t.Error(err)
	}
	f.Check(t, []fleet.Attachment{web, db})
}
