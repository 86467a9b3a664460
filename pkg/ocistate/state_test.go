package ocistate

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"
)

func TestRead(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 4)
	const tasks = "/run/containerd/io.containerd.runtime.v2.task"
	for _, test := range []struct{ state, namespace, cniID, shortID string }{
		{`{"id":"web","bundle":"/srv/web","status":"created","root":"/srv/web/rootfs"}`, "", "default-web", "web"},
		{`{"id":"web"}`, "lab", "lab-web", "web"},
		{`{"id":"web","bundle":"` + tasks + `/k8s.io/web"}`, "", "k8s.io-web", "web"},
		{`{"id":"web","bundle":"` + tasks + `/k8s.io/web/"}`, "", "k8s.io-web", "web"},
		{`{"id":"web","bundle":"` + tasks + `/k8s.io/web"}`, "lab", "lab-web", "web"},
		{`{"id":"web","bundle":"` + tasks + `/a/b/web"}`, "", "default-web", "web"},
		{`{"id":"b-web"}`, "a", "a-b-web", "b-web"},
		{`{"id":"web"}`, "a-b", "a--b-web", "web"},
		{`{"id":"` + long + `"}`, "", "default-" + long, "0123456789ab"},
		{`{"id":"` + long[:63] + `"}`, "", "default-" + long[:63], long[:63]},
	} {
		c, err := Read(strings.NewReader(test.state), test.namespace)
		if err != nil {
			t.Errorf("%s: %v", test.state, err)
			continue
		}
		if c.CNIID() != test.cniID || c.ShortID() != test.shortID {
			t.Errorf("%s: %q and %q, want %q and %q", test.state, c.CNIID(), c.ShortID(), test.cniID, test.shortID)
		}
	}
	for _, test := range []struct{ state, namespace string }{
		{``, ""},
		{`{`, ""},
		{`[]`, ""},
		{`{}`, ""},
		{`{"id":".."}`, ""},
		{`{"id":"a/b"}`, ""},
		{`{"id":"a b"}`, ""},
		{`{"id":"a+b"}`, ""},
		{`{"id":"-b"}`, ""},
		{`{"id":"a\n"}`, ""},
		{`{"id":"a"}`, ".."},
		{`{"id":"a"}`, "-"},
		{`{"id":"a","bundle":"/x/io.containerd.runtime.v2.task/../a"}`, "b/c"},
	} {
		if c, err := Read(strings.NewReader(test.state), test.namespace); err == nil {
			t.Errorf("%q in %q is taken as %+v", test.state, test.namespace, c)
		}
	}
}

// TestBeingCreated: what runtimes call a container at createRuntime and createContainer, and what they call it later.
func TestBeingCreated(t *testing.T) {
	for status, want := range map[specs.ContainerState]bool{
		specs.StateCreating: true, specs.StateCreated: true, "": true, // runc's, crun's, and of one that says nothing
		specs.StateRunning: false, "paused": false, specs.StateStopped: false,
	} {
		for _, pid := range []int{0, os.Getpid()} {
			err := BeingCreated(&specs.State{ID: "web", Status: status, Pid: pid})
			if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "web is "+string(status)) {
				t.Errorf("status %q, pid %d: %v", status, pid, err)
			}
		}
	}
}

// TestRestored: runc restores a container that it calls stopped, with the process that CRIU has made.
func TestRestored(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	criu := filepath.Join(t.TempDir(), "criu")
	if err := os.Symlink(sleep, criu); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(criu, "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	s := &specs.State{ID: "web", Status: specs.StateStopped, Pid: cmd.Process.Pid}
	if err := BeingCreated(s); !Restored(s) || err != nil {
		t.Errorf("a container that is restored: %v", err)
	}
	s.Status = specs.StateRunning
	if err := BeingCreated(s); Restored(s) || err == nil {
		t.Errorf("a container that runs is being restored: %v", err)
	}
}
