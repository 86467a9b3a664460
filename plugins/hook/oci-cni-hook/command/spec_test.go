package command

import (
	"bytes"
	"strings"
	"testing"

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
