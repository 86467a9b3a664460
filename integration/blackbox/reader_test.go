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
)

// warning makes an ADD warn.
const warning = `{"aliases": ["-no-name"]}`

// start starts the call with the given ends of pipes.
func (c call) start(t *testing.T, stdout, stderr io.Writer) *exec.Cmd {
	t.Helper()
	cmd := c.outer.program(context.Background())
	cmd.Env = c.environ()
	cmd.Stdin = bytes.NewReader(c.stdin)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// warns is an ADD that has something to warn of.
func (f fleet) warns(t *testing.T, a attachment) call {
	t.Helper()
	c, err := f.call("ADD", a)
	if err != nil {
		t.Fatal(err)
	}
	var conf object
	if err := json.Unmarshal(c.stdin, &conf); err != nil {
		t.Fatal(err)
	}
	conf["runtimeConfig"] = json.RawMessage(warning)
	if c.stdin, err = json.Marshal(conf); err != nil {
		t.Fatal(err)
	}
	return c
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
	web, db := attachment{"web", "eth0", "lab", "10.4.10.2"}, attachment{"db", "eth0", "lab", "10.4.10.3"}
	var stdout, stderr bytes.Buffer
	if err := f.warns(t, web).start(t, &stdout, unread(t)).Wait(); err != nil || !json.Valid(stdout.Bytes()) {
		t.Errorf("without a reader of stderr: %v, stdout %q", err, &stdout)
	}
	err := f.warns(t, db).start(t, unread(t), &stderr).Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !bytes.Contains(stderr.Bytes(), []byte("the result could not be written to stdout")) {
		t.Errorf("without a reader of stdout: %v, stderr %q", err, &stderr)
	}
	f.check(t, []attachment{web})
	if _, err := os.Stat(filepath.Join(f.dataDir, "etchosts", "default", "db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("db has left files: %v", err)
	}
	if err := f.warns(t, db).start(t, unread(t), unread(t)).Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("without a reader: %v", err)
	}
	f.check(t, []attachment{web})
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
	web, db := attachment{"web", "eth0", "lab", "10.4.10.2"}, attachment{"db", "eth0", "lab", "10.4.10.3"}
	slow := f.warns(t, web).start(t, io.Discard, w)
	for record := filepath.Join(f.dataDir, "etchosts", "default", "web", "meta.json"); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(record); err == nil {
			break
		}
	}
	if err := f.run("ADD", db); err != nil {
		t.Errorf("beside one that waits for its reader: %v", err)
	}
	if err := errors.Join(w.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	if err := slow.Wait(); err != nil {
		t.Error(err)
	}
	f.check(t, []attachment{web, db})
}
