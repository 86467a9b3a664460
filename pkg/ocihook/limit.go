package ocihook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/containernetworking/cni/pkg/types"
	"golang.org/x/sys/unix"
)

// limit returns a context for the plugins of a network, which ends when their time has passed.
func (h *Hook) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if h.ChainTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, h.ChainTimeout, tooSlow(h.ChainTimeout))
}

// tooSlow is the limit that the plugins of a network have passed.
type tooSlow time.Duration

func (e tooSlow) Error() string {
	return fmt.Sprintf("it was killed: the plugins of a network have %v (--chain-timeout), and it did not answer in that time", time.Duration(e))
}

// notStarted says that a plugin has never run.
type notStarted struct{ error }

func (e notStarted) Unwrap() error { return e.error }

// lingering is how long what a plugin has left behind may hold on to the plugin's output.
const lingering = time.Second

// execPlugin runs a plugin and returns its output, as invoke.RawExec does. The plugin is in a process group of its own, and
// the whole of that is killed when the context ends: a plugin waits for iptables, say, which waits for a lock. The error is
// notStarted if there is nothing to undo, and a *types.Error if the plugin has answered.
func execPlugin(ctx context.Context, path string, stdin []byte, environ []string) ([]byte, error) {
	for try := 0; ; try++ {
		var stdout, stderr bytes.Buffer
		cmd := exec.CommandContext(ctx, path)
		cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = environ, bytes.NewReader(stdin), &stdout, &stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
		cmd.WaitDelay = lingering
		err := cmd.Run()
		if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
			err = nil
		}
		switch {
		case err == nil:
			return stdout.Bytes(), nil
		case ctx.Err() != nil && cmd.Process == nil:
			return nil, notStarted{context.Cause(ctx)}
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, unix.ETXTBSY) && try < 5: // it is being installed
			time.Sleep(time.Second)
		case cmd.Process == nil:
			return nil, notStarted{fmt.Errorf("it cannot be executed: %w: install it again", err)}
		default:
			return nil, answerOf(err, stdout.Bytes(), stderr.Bytes())
		}
	}
}

// answerOf returns the error that a plugin has answered with.
func answerOf(err error, stdout, stderr []byte) *types.Error {
	answer := &types.Error{}
	switch {
	case len(stdout) > 0:
		if parse := json.Unmarshal(stdout, answer); parse != nil {
			answer.Msg = fmt.Sprintf("netplugin failed but error parsing its diagnostic message %q: %v", stdout, parse)
		}
	case len(stderr) > 0:
		answer.Msg = fmt.Sprintf("netplugin failed: %q: %v", stderr, err)
	default:
		answer.Msg = fmt.Sprintf("netplugin failed with no error message: %v", err)
	}
	return answer
}
