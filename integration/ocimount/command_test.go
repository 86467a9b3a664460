package ocimount

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// call runs the program by hand.
func call(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(hook, args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errOut
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

func TestCommandLine(t *testing.T) {
	data := t.TempDir()
	state := fmt.Sprintf(`{"ociVersion":"1.0.2","id":"web","status":"creating","bundle":%q}`, data)
	nothing := "etcfiles-mount: " + data + " has no files for container web (looked for [default/default-web default/web k8s.io/web]): nothing to do\n"
	for _, tc := range []struct {
		name, stdin    string
		args           []string
		stdout, stderr string
		code           int
	}{
		{name: "version", args: []string{"version"}, stdout: "etcfiles-mount v1.2.3\n"},
		{name: "--version", args: []string{"--version"}, stdout: "etcfiles-mount v1.2.3\n"},
		{name: "nothing to do", stdin: state, args: []string{"--data-dir", data}},
		{name: "nothing to do, said", stdin: state, args: []string{"--data-dir", data, "--verbose"}, stderr: nothing},
		{name: "flags after the stage", stdin: state, args: []string{"createContainer", "--data-dir=" + data, "--verbose"}, stderr: nothing},
		{name: "unknown flag", args: []string{"--dir", "x"}, stderr: "etcfiles-mount: unknown flag: --dir (see etcfiles-mount --help)\n", code: 2},
		{
			name: "another stage", stdin: state, args: []string{"createRuntime"}, code: 2,
			stderr: "etcfiles-mount: unknown command \"createRuntime\" for \"etcfiles-mount\" (see etcfiles-mount --help)\n",
		},
		{name: "two arguments", args: []string{"createContainer", "x"}, stderr: "etcfiles-mount: unknown command \"x\" for \"etcfiles-mount createContainer\" (see etcfiles-mount createContainer --help)\n", code: 2},
		{name: "relative store", stdin: state, args: []string{"--data-dir", "data"}, stderr: "etcfiles-mount: --data-dir \"data\" must be an absolute path (see etcfiles-mount --help)\n", code: 2},
		{name: "no state", stderr: "etcfiles-mount: decode the container's state on stdin: EOF\n", code: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stdout, stderr, code := call(t, tc.stdin, tc.args...)
			if stdout != tc.stdout || stderr != tc.stderr || code != tc.code {
				t.Errorf("stdout %q, stderr %q, code %d; want %q, %q, %d", stdout, stderr, code, tc.stdout, tc.stderr, tc.code)
			}
		})
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	stdout, stderr, code := call(t, "", "--help")
	if stderr != "" || code != 0 {
		t.Errorf("stderr %q, code %d", stderr, code)
	}
	readme, err := os.ReadFile("../../plugins/hook/etcfiles-mount/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"--data-dir", "--namespace", "--sandbox-annotation", "--override", "--verbose"} {
		if !strings.Contains(stdout, name) || !strings.Contains(string(readme), name) {
			t.Errorf("%s is missing from the help or the README", name)
		}
	}
}
