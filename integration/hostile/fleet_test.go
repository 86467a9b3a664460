package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// attachment is a container on the network.
type attachment struct{ id, addr string }

const network = "lab"

var (
	web   = attachment{"web", "10.1.0.1"} // the hostile one
	db    = attachment{"db", "10.1.0.2"}
	api   = attachment{"api", "10.1.0.3"}
	comer = attachment{"comer", "10.1.0.4"} // comes and goes with the operations that are tested
)

func (a attachment) line() string {
	return fmt.Sprintf("%-15s %s %s.%s\n", a.addr, a.id, a.id, network)
}

const localhost = "127.0.0.1       localhost localhost.localdomain\n" +
	"::1             localhost localhost.localdomain ip6-localhost ip6-loopback\n"

// fleet is a data directory and a network namespace for each container.
type fleet struct {
	dataDir, netns string
	tally          *tally
}

// tally is what the calls of the plugin have taken, each the most of all.
type tally struct {
	mu    sync.Mutex
	calls int
	rss   int64 // bytes
	cpu   time.Duration
}

func (c *tally) add(o outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.rss, c.cpu = c.calls+1, max(c.rss, o.rss), max(c.cpu, o.cpu)
}

func (c *tally) String() string {
	return fmt.Sprintf("%.0f MiB and %v of processor time at most", float64(c.rss)/mebibyte, c.cpu.Round(time.Millisecond))
}

// row gives the test a row in the table that integration/torture/table prints.
func row(t *testing.T, injected string, times int, outcome string) {
	t.Helper()
	t.Attr("torture", fmt.Sprintf("%s | %d | %s", injected, times, outcome))
}

// newFleet makes a data directory with attachments that are there and the network namespaces of comers.
func newFleet(t *testing.T, there []attachment, comers ...attachment) fleet {
	t.Helper()
	dir := t.TempDir()
	f := fleet{filepath.Join(dir, "data"), filepath.Join(dir, "netns"), &tally{}}
	if err := os.Mkdir(f.netns, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, a := range slices.Concat(there, comers) {
		path := filepath.Join(f.netns, a.id)
		suite.MakeNetns(t, path, "sh", "-c", "ip link add eth0 type veth peer name peer && ip address add "+a.addr+"/16 dev eth0")
		t.Cleanup(func() { f.kill(t, a) })
	}
	for _, a := range there {
		f.run(t, "ADD", a).mustSucceed(t)
	}
	f.tally = &tally{}
	return f
}

// kill ends a container's network namespace, if it is there.
func (f fleet) kill(t *testing.T, a attachment) {
	t.Helper()
	path := filepath.Join(f.netns, a.id)
	if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func (f fleet) records() string { return filepath.Join(f.dataDir, "etchosts/default") }

func (f fleet) hosts(a attachment) string { return filepath.Join(f.records(), a.id, "hosts") }

func (f fleet) networkHosts() string {
	return filepath.Join(f.dataDir, "networks/default", network, "hosts")
}

// outcome is what became of a call of the plugin.
type outcome struct {
	command        string
	stdout, stderr string
	failed         bool
	rss            int64 // most memory that was resident at one time, in bytes
	cpu            time.Duration
}

// hung is the time after which a call is taken to hang for ever. It bounds nothing finer: the machine may be busy.
const hung = time.Minute

type object = map[string]any

// run runs the plugin.
func (f fleet) run(t *testing.T, verb string, a attachment) outcome {
	t.Helper()
	return f.runWith(t, verb, a, nil)
}

// runWith runs the plugin with further keys in its configuration.
func (f fleet) runWith(t *testing.T, verb string, a attachment, extra object) outcome {
	t.Helper()
	netns := filepath.Join(f.netns, a.id)
	conf := object{"cniVersion": "1.1.0", "name": network, "type": "etcfiles", "dataDir": f.dataDir}
	switch verb {
	case "GC":
		valid := []any{}
		for _, v := range []attachment{web, db, api} {
			valid = append(valid, object{"containerID": v.id, "ifname": "eth0"})
		}
		conf["cni.dev/valid-attachments"] = valid
	case "ADD", "CHECK":
		conf["prevResult"] = object{
			"cniVersion": "1.1.0",
			"interfaces": []any{object{"name": "eth0", "sandbox": netns}},
			"ips":        []any{object{"address": a.addr + "/16", "interface": 0}},
		}
	}
	maps.Copy(conf, extra)
	stdin, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=" + verb, "CNI_PATH=/"}
	if verb != "GC" && verb != "STATUS" {
		cmd.Env = append(cmd.Env, "CNI_CONTAINERID="+a.id, "CNI_NETNS="+netns, "CNI_IFNAME=eth0")
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%s %s hangs", verb, a.id)
	case errors.As(err, &exit) && !exit.Exited():
		t.Fatalf("%s %s: %v\n%.4000s", verb, a.id, err, &stderr)
	case err != nil && exit == nil:
		t.Fatal(err)
	}
	o := outcome{
		command: verb + " " + a.id, stdout: stdout.String(), stderr: stderr.String(), failed: err != nil,
		rss: cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10,
		cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
	}
	f.tally.add(o)
	return o
}

func (o outcome) mustSucceed(t *testing.T) {
	t.Helper()
	if o.failed {
		t.Fatalf("%s: %s%s", o.command, o.stdout, o.stderr)
	}
}

// lines returns the lines of a hosts file that libc may read.
func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	var out []string
	for l := range strings.Lines(string(b)) {
		if !strings.HasPrefix(l, "#") && strings.TrimSpace(l) != "" {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// checkFile compares a hosts file with who is to be in it, besides the owner's own entries.
func checkFile(t *testing.T, path, own string, members ...attachment) {
	t.Helper()
	var want []string
	for l := range strings.Lines(own) {
		want = append(want, l)
	}
	for _, m := range members {
		want = append(want, m.line())
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, lines(t, path)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// checkServed compares the files of the network and of every container of it but the hostile one.
func (f fleet) checkServed(t *testing.T, members ...attachment) {
	t.Helper()
	checkFile(t, f.networkHosts(), "", members...)
	for _, a := range members {
		if a != web {
			checkFile(t, f.hosts(a), localhost, members...)
		}
	}
}
