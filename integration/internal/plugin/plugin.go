// Package plugin calls the etcfiles plugin as a runtime does: it composes the configuration, sets the environment, starts
// the process and reads its answer.
package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Hung is the time after which Run takes a plugin to hang for ever. It bounds nothing finer: the machine may be busy.
const Hung = time.Minute

// Call is one call of the plugin. A CNI variable that is "" is left out of the environment.
type Call struct {
	Binary string   // the path of the plugin, also of CNI_PATH
	Prefix []string // the command that starts it, if any: strace, a shell

	Command, ID, Netns, IfName, Args string // CNI_COMMAND, CNI_CONTAINERID and so on

	Env     []string // further variables
	Without []string // names of CNI variables that are left out
	Attr    *syscall.SysProcAttr
	Stdin   []byte
}

func (c Call) String() string {
	return strings.TrimSpace(strings.Join([]string{c.Command, c.ID, c.IfName}, " "))
}

// Cmd returns the process of the call, which has not been started. It is killed when the context ends.
func (c Call) Cmd(ctx context.Context) *exec.Cmd {
	args := append(slices.Clone(c.Prefix), c.Binary)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, c.Env...)
	for _, v := range [][2]string{
		{"CNI_COMMAND", c.Command},
		{"CNI_CONTAINERID", c.ID},
		{"CNI_NETNS", c.Netns},
		{"CNI_IFNAME", c.IfName},
		{"CNI_ARGS", c.Args},
		{"CNI_PATH", filepath.Dir(c.Binary)},
	} {
		if v[1] != "" && !slices.Contains(c.Without, v[0]) {
			cmd.Env = append(cmd.Env, v[0]+"="+v[1])
		}
	}
	cmd.SysProcAttr = c.Attr
	cmd.Stdin = bytes.NewReader(c.Stdin)
	return cmd
}

// Run runs the plugin to its end. That a signal ends it is an error, and so is a failure that it does not report as CNI
// wants it; a failure that it reports is none.
func (c Call) Run() (Reply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Hung)
	defer cancel()
	wait, err := Start(c.Cmd(ctx))
	if err != nil {
		return Reply{}, err
	}
	r, err := wait()
	switch {
	case ctx.Err() != nil:
		err = errors.New("it hangs")
	case err == nil && r.Signal != 0:
		err = fmt.Errorf("it ended by the signal %v", r.Signal)
	}
	if err != nil {
		err = fmt.Errorf("%v: %w\n%.4000s", c, err, r.Stderr)
	}
	return r, err
}

// Succeed runs the plugin, which must succeed.
func (c Call) Succeed() (Reply, error) {
	r, err := c.Run()
	if err == nil && r.Failed() {
		err = fmt.Errorf("%v: %w\n%s", c, &r.Error, r.Stderr)
	}
	return r, err
}

// SucceedSilently runs the plugin, which must succeed without a warning.
func (c Call) SucceedSilently() error {
	r, err := c.Succeed()
	if err == nil && r.Stderr != "" {
		err = fmt.Errorf("%v: it warns: %s", c, r.Stderr)
	}
	return err
}

// Reply is what became of a call.
type Reply struct {
	Stdout, Stderr string
	Signal         syscall.Signal // that ended the process; 0 if it ended by itself
	Error          Error          // of a plugin that failed
	Took           time.Duration
	Memory         int64 // the most that was resident at one time, in bytes
	CPU            time.Duration
}

// Failed reports whether the plugin returned an error.
func (r Reply) Failed() bool { return r.Error.Code != 0 }

// Killed reports whether kill -9 ended the process.
func (r Reply) Killed() bool { return r.Signal == syscall.SIGKILL }

// Error is the error form of CNI's specification.
type Error struct {
	CNIVersion string
	Code       uint
	Msg        string
	Details    string
}

func (e *Error) Error() string { return fmt.Sprintf("code %d: %s; %s", e.Code, e.Msg, e.Details) }

// Start starts a process of the plugin. The function that it returns waits for its end; its error is that the process
// could not be waited for, or failed without an error as CNI wants it.
func Start(cmd *exec.Cmd) (wait func() (Reply, error), err error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() (Reply, error) {
		err := cmd.Wait()
		r := Reply{Stdout: stdout.String(), Stderr: stderr.String(), Took: time.Since(begin)}
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return r, err
		}
		r.Memory = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
		r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		switch status := cmd.ProcessState.Sys().(syscall.WaitStatus); {
		case exit == nil:
			return r, nil
		case status.Signaled():
			r.Signal = status.Signal()
			return r, nil
		}
		if err := json.Unmarshal(stdout.Bytes(), &r.Error); err != nil || r.Error.Code == 0 || r.Error.Msg == "" {
			return r, fmt.Errorf("%w without a CNI error on stdout: %q", exit, r.Stdout)
		}
		return r, nil
	}, nil
}
