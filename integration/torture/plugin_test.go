package torture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Error codes of the plugin, see its README.
const (
	codeLocked    = 11
	codeDifferent = 100
)

// attachment is a container of a namespace on a network.
type attachment struct{ ns, id, ifName, network, addr string }

func (a attachment) String() string {
	return fmt.Sprintf("%s/%s %s on %s %s", a.ns, a.id, a.ifName, a.network, a.addr)
}

// line is the line that lists the attachment.
func (a attachment) line() string {
	return fmt.Sprintf("%-15s %s %s.%s", a.addr, a.id, a.id, a.network)
}

var localhost = []string{
	fmt.Sprintf("%-15s %s", "127.0.0.1", "localhost localhost.localdomain"),
	fmt.Sprintf("%-15s %s", "::1", "localhost localhost.localdomain ip6-localhost ip6-loopback"),
}

type object = map[string]any

// call is one run of the plugin.
type call struct {
	verb    string
	dataDir string
	netns   string // path
	attachment
	extra object // wins in the configuration
}

// command returns the plugin behind a prefix.
func (c call) command(prefix ...string) (*exec.Cmd, error) {
	conf := object{
		"cniVersion": "1.1.0", "name": c.network, "type": "etcfiles", "dataDir": c.dataDir, "namespace": c.ns,
		"dns": object{"nameservers": []string{"192.0.2.53"}},
	}
	if c.addr != "" {
		conf["prevResult"] = object{
			"cniVersion": "1.1.0", "interfaces": []any{object{"name": c.ifName, "sandbox": c.netns}},
			"ips": []any{object{"address": c.addr + "/16"}},
		}
	}
	for key, value := range c.extra {
		conf[key] = value
	}
	stdin, err := json.Marshal(conf)
	if err != nil {
		return nil, err
	}
	args := append(slices.Clone(prefix), binary)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=" + c.verb, "CNI_PATH=/"}
	if c.verb != "GC" {
		cmd.Env = append(cmd.Env, "CNI_CONTAINERID="+c.id, "CNI_NETNS="+c.netns, "CNI_IFNAME="+c.ifName)
	}
	cmd.Stdin = bytes.NewReader(stdin)
	return cmd, nil
}

// reply is what became of a call.
type reply struct {
	killed bool // by SIGKILL
	code   uint // of the CNI error, 0 for success
	msg    string
	stderr string
}

// start starts the command. The reply is that of its end.
func start(cmd *exec.Cmd) (wait func() (reply, error), err error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() (reply, error) {
		err := cmd.Wait()
		r := reply{stderr: stderr.String()}
		var exit *exec.ExitError
		switch {
		case err == nil:
			return r, nil
		case !errors.As(err, &exit):
			return r, err
		}
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
			r.killed = true
			return r, nil
		}
		var e struct {
			Code uint
			Msg  string
		}
		if err := json.Unmarshal(stdout.Bytes(), &e); err != nil || e.Code == 0 {
			return r, fmt.Errorf("%w without a CNI error: %s%s", exit, &stdout, &stderr)
		}
		r.code, r.msg = e.Code, e.Msg
		return r, nil
	}, nil
}

// run runs the call to its end.
func (c call) run() (reply, error) {
	cmd, err := c.command()
	if err != nil {
		return reply{}, err
	}
	wait, err := start(cmd)
	if err != nil {
		return reply{}, err
	}
	return wait()
}

// succeed runs the call, which must succeed without a warning.
func (c call) succeed() error {
	r, err := c.run()
	if err == nil && (r.code != 0 || r.killed || r.stderr != "") {
		err = fmt.Errorf("code %d: %s%s", r.code, r.msg, r.stderr)
	}
	if err != nil {
		return fmt.Errorf("%s %v: %w", c.verb, c.attachment, err)
	}
	return nil
}

func mustSucceed(t *testing.T, c call) {
	t.Helper()
	if err := c.succeed(); err != nil {
		t.Fatal(err)
	}
}

// entries returns the lines of a hosts file that are neither blank nor comment.
func entries(content string) []string {
	var out []string
	for line := range strings.Lines(content) {
		if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}
