package command

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/cli"
)

// TestGCByOthers: who is not root sees no process of others, and must not take their containers for dead.
func TestGCByOthers(t *testing.T) {
	if os.Geteuid() == 0 {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestGCByOthers$")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Dir = "/"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("as nobody: %v\n%s", err, out)
		}
		return
	}
	var out bytes.Buffer
	code := Run("test", []string{"gc", "--run-dir", "/run/absent"}, nil, &out, &out)
	if code != cli.NotRoot || !strings.HasSuffix(out.String(), ": run it as root\n") {
		t.Errorf("exit code %d: %s", code, &out)
	}
}
