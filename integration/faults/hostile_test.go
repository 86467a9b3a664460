package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

var (
	web   = inLab("web", "10.1.0.1") // the hostile one
	db    = inLab("db", "10.1.0.2")
	api   = inLab("api", "10.1.0.3")
	comer = inLab("comer", "10.1.0.4") // comes and goes with the operations that are tested
)

func inLab(id, addr string) fleet.Attachment { return fleet.On(id, "eth0", "lab", addr) }

// siege is a fleet of which a container is hostile. Each network namespace has the container's address.
type siege struct {
	fleet.Fleet
	bill *bill
}

// bill is what the calls of the plugin have taken, each the most of all.
type bill struct {
	mu     sync.Mutex
	calls  int
	memory int64 // bytes
	cpu    time.Duration
}

func (b *bill) add(r plugin.Reply) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls, b.memory, b.cpu = b.calls+1, max(b.memory, r.Memory), max(b.cpu, r.CPU)
}

func (b *bill) String() string {
	return fmt.Sprintf("%.0f MiB and %v of processor time at most", float64(b.memory)/mebibyte, b.cpu.Round(time.Millisecond))
}

// newSiege makes a data directory with attachments that are there and the network namespaces of comers.
func newSiege(t *testing.T, there []fleet.Attachment, comers ...fleet.Attachment) siege {
	t.Helper()
	f := siege{fleet.New(t, binary, filepath.Join(t.TempDir(), "data")), &bill{}}
	for _, a := range slices.Concat(there, comers) {
		suite.MakeNetns(t, f.NetnsOf(a.ID), "sh", "-c", "ip link add eth0 type veth peer name peer && ip address add "+a.Addr+"/16 dev eth0")
		t.Cleanup(func() { f.kill(t, a) })
	}
	for _, a := range there {
		f.run(t, "ADD", a).mustSucceed(t)
	}
	f.bill = &bill{}
	return f
}

// kill ends a container's network namespace, if it is there.
func (f siege) kill(t *testing.T, a fleet.Attachment) {
	t.Helper()
	path := f.NetnsOf(a.ID)
	if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// answer is what became of a call of the plugin.
type answer struct {
	plugin.Reply
	command string
}

// run runs the plugin.
func (f siege) run(t *testing.T, verb string, a fleet.Attachment) answer {
	t.Helper()
	return f.runWith(t, verb, a, nil)
}

// runWith runs the plugin with further keys in its configuration. Its DEL has no prevResult.
func (f siege) runWith(t *testing.T, verb string, a fleet.Attachment, extra plugin.Object) answer {
	t.Helper()
	switch verb {
	case "GC":
		valid := []any{}
		for _, v := range []fleet.Attachment{web, db, api} {
			valid = append(valid, plugin.Object{"containerID": v.ID, "ifname": "eth0"})
		}
		extra = plugin.Object{"cni.dev/valid-attachments": valid}
	case "DEL":
		a.Addr = ""
	}
	r, err := f.Call(verb, a, extra).Run()
	if err != nil {
		t.Fatal(err)
	}
	f.bill.add(r)
	return answer{r, verb + " " + a.ID}
}

func (o answer) mustSucceed(t *testing.T) {
	t.Helper()
	if o.Failed() {
		t.Fatalf("%s: %s%s", o.command, o.Stdout, o.Stderr)
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
func checkFile(t *testing.T, path string, own []string, members ...fleet.Attachment) {
	t.Helper()
	var want []string
	for _, l := range own {
		want = append(want, l+"\n")
	}
	for _, m := range members {
		want = append(want, m.Line()+"\n")
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, lines(t, path)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// checkServed compares the files of the network and of every container of it but the hostile one.
func (f siege) checkServed(t *testing.T, members ...fleet.Attachment) {
	t.Helper()
	checkFile(t, f.NetworkHosts(web), nil, members...)
	for _, a := range members {
		if a != web {
			checkFile(t, f.Hosts(a), fleet.Localhost(), members...)
		}
	}
}
