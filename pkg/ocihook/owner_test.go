package ocihook

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// TestOwner: root of a container is whom the bundle maps it to, or whom the process of the container shows where its user namespace was there
// before; only the host of the hook counts.
func TestOwner(t *testing.T) {
	user := `{"namespaces":[{"type":"network"},{"type":"user"}]`
	for _, c := range []struct{ name, linux, want string }{
		{"no user namespace", `{"namespaces":[{"type":"network"}],"uidMappings":[{"containerID":0,"hostID":5,"size":1}],"gidMappings":[{"containerID":0,"hostID":6,"size":1}]}`, ""},
		{"mapped", user + `,"uidMappings":[{"containerID":1,"hostID":9,"size":9},{"containerID":0,"hostID":5,"size":1}],"gidMappings":[{"containerID":0,"hostID":6,"size":1}]}`, "5:6"},
		{"to root of the host", user + `,"uidMappings":[{"containerID":0,"hostID":0,"size":1}],"gidMappings":[{"containerID":0,"hostID":0,"size":1}]}`, ""},
		{"its group only", user + `,"uidMappings":[{"containerID":0,"hostID":0,"size":1}],"gidMappings":[{"containerID":0,"hostID":6,"size":1}]}`, "0:6"},
		{"without root", user + `,"uidMappings":[{"containerID":1,"hostID":9,"size":9}],"gidMappings":[{"containerID":0,"hostID":6,"size":1}]}`, ""},
		{"of nothing", user + `,"uidMappings":[{"containerID":0,"hostID":5,"size":0}],"gidMappings":[{"containerID":0,"hostID":6,"size":1}]}`, ""},
		{"unsaid", user + `}`, ""},
	} {
		if got := ownerIn(t, c.linux, 1); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestOwnerJoined: where a container joins a user namespace, the mappings are those of its process.
func TestOwnerJoined(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may map other users")
	}
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 7, HostID: 1, Size: 1}, {ContainerID: 0, HostID: 100000, Size: 7}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 200000, Size: 7}},
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	joined := `{"namespaces":[{"type":"user","path":"/run/user"}]}`
	for pid, want := range map[int]string{cmd.Process.Pid: "100000:200000", os.Getpid(): "", 0: ""} {
		if got := ownerIn(t, joined, pid); got != want {
			t.Errorf("joined to process %d: %q, want %q", pid, got, want)
		}
	}
}

// ownerIn returns the owner that the plugin would be told, for a container with that part of a config.json.
func ownerIn(t *testing.T, linux string, pid int) string {
	t.Helper()
	bundle := t.TempDir()
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), []byte(`{"linux":`+linux+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := settings(&ocistate.Container{State: specs.State{ID: "web", Bundle: bundle, Pid: pid}, Namespace: "default"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var told struct{ Owner *struct{ UID, GID uint32 } }
	if err := json.Unmarshal(text, &told); err != nil {
		t.Fatal(err)
	}
	if told.Owner == nil {
		return ""
	}
	return fmt.Sprintf("%d:%d", told.Owner.UID, told.Owner.GID)
}
