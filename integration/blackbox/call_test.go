package blackbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"time"
)

// call is one invocation of the plugin as a runtime makes it.
type call struct {
	command string
	id      string
	netns   string
	ifName  string
	args    string
	stdin   []byte
	unset   []string // CNI variables left out of the environment
	outer   outer
}

// outer is the world around the process: its umask, and mounts that only the process sees.
type outer struct {
	umask    string
	covers   []cover
	readOnly string // a directory
}

// private says whether the process needs mounts of its own.
func (o outer) private() bool { return len(o.covers) > 0 || o.readOnly != "" }

// cover is a file bind-mounted over another.
type cover struct{ file, target string }

// reply is what came back.
type reply struct {
	stdout, stderr []byte
	status         int
	took           time.Duration
}

// cniError is the error form of the specification.
type cniError struct {
	CNIVersion string `json:"cniVersion"`
	Code       uint   `json:"code"`
	Msg        string `json:"msg"`
	Details    string `json:"details"`
}

func (c call) environ() []string {
	vars := [][2]string{
		{"CNI_COMMAND", c.command},
		{"CNI_CONTAINERID", c.id},
		{"CNI_NETNS", c.netns},
		{"CNI_IFNAME", c.ifName},
		{"CNI_ARGS", c.args},
		{"CNI_PATH", path.Dir(binary)},
	}
	env := []string{"PATH=" + os.Getenv("PATH")}
	for _, v := range vars {
		if v[1] != "" && !contains(c.unset, v[0]) {
			env = append(env, v[0]+"="+v[1])
		}
	}
	return env
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// script is the shell text that sets the world up before the plugin replaces the shell.
func (o outer) script() string {
	var b strings.Builder
	b.WriteString("set -e\n")
	if o.umask != "" {
		fmt.Fprintf(&b, "umask %s\n", o.umask)
	}
	if o.private() {
		b.WriteString("mount --make-rprivate /\n")
	}
	for _, c := range o.covers {
		fmt.Fprintf(&b, "[ -e %[2]s ] || { mount -t tmpfs tmpfs /run; mkdir -p %[3]s; : >%[2]s; }\nmount --bind %[1]s %[2]s\n",
			c.file, c.target, path.Dir(c.target))
	}
	if o.readOnly != "" {
		fmt.Fprintf(&b, "mount --bind %[1]s %[1]s\nmount -o remount,bind,ro %[1]s\n", o.readOnly)
	}
	b.WriteString("exec \"$0\" \"$@\"\n")
	return b.String()
}

// program returns the plugin's program with arguments in that world.
func (o outer) program(ctx context.Context, args ...string) *exec.Cmd {
	if o.umask == "" && !o.private() {
		return exec.CommandContext(ctx, binary, args...)
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", o.script(), binary}, args...)...)
	if o.private() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	}
	return cmd
}

// hung is the time after which a plugin that does not end is killed.
const hung = time.Minute

// run runs the plugin to its end. The error is for a plugin that could not be run at all or was killed.
func (c call) run() (reply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	cmd := c.outer.program(ctx)
	cmd.Env = c.environ()
	cmd.Stdin = bytes.NewReader(c.stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	r := reply{stdout: stdout.Bytes(), stderr: stderr.Bytes(), took: time.Since(start)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.Exited():
		r.status = exit.ExitCode()
	case err != nil && !errors.Is(err, syscall.EPIPE):
		return r, fmt.Errorf("%s: %w\n%s", c.command, err, r.stderr)
	case err != nil:
		r.status = cmd.ProcessState.ExitCode()
	}
	return r, nil
}

// failure decodes the error on standard output, if the plugin failed.
func (r reply) failure() (*cniError, error) {
	if r.status == 0 {
		return nil, nil
	}
	var e cniError
	if err := json.Unmarshal(r.stdout, &e); err != nil {
		return nil, fmt.Errorf("exit status %d without a CNI error on stdout: %q (stderr %q)", r.status, r.stdout, r.stderr)
	}
	if e.Code == 0 || e.Msg == "" {
		return nil, fmt.Errorf("a CNI error with neither code nor message: %s", r.stdout)
	}
	return &e, nil
}

// succeed runs the call and returns the CNI error of a plugin that failed.
func (c call) succeed() (reply, error) {
	r, err := c.run()
	if err != nil {
		return r, err
	}
	e, err := r.failure()
	if err != nil {
		return r, err
	}
	if e != nil {
		return r, fmt.Errorf("%s %s %s: code %d: %s; %s", c.command, c.id, c.ifName, e.Code, e.Msg, e.Details)
	}
	return r, nil
}
