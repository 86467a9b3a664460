package blackbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// TestWatchStorm starts "etcfiles watch" before anything is there, lets 100 attachments come and go from parallel processes in
// two namespaces, several times over, and holds the sum of the lines to what is there when all is quiet, and again when all have gone.
func TestWatchStorm(t *testing.T) {
	const n = 100
	f := newFleet(t, "one")
	cmd := exec.Command(binary, "watch", "--data-dir", f.DataDir, "-o", "json")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	r, err := startWatch(cmd)
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	run := func(command string, i int) error {
		a := fleet.On(containerID(i), "eth0", fmt.Sprintf("net%d", i%3), fmt.Sprintf("10.%d.1.%d", 10+i%3, 2+i))
		a.Namespace = fmt.Sprintf("ns%d", i%2)
		_, err := f.CallIn(f.NetnsOf("one"), command, a, nil).Succeed()
		return err
	}
	all := func(do func(i int) error) {
		var wg sync.WaitGroup
		slots := make(chan struct{}, 16)
		for i := range n {
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				if err := do(i); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	want := map[string]bool{}
	holds := func(when string) {
		t.Helper()
		var got map[string]bool
		if within(10*time.Second, func() bool { got = sum(t, r.out.String()); return maps.Equal(got, want) }) != nil {
			t.Fatalf("%s (-want +sum of the lines):\n%s", when, cmp.Diff(want, got))
		}
	}
	for range 2 {
		all(func(i int) error {
			for range i % 3 {
				if err := run("ADD", i); err != nil {
					return err
				}
				if err := run("DEL", i); err != nil {
					return err
				}
			}
			if i%4 == 0 {
				return nil
			}
			return run("ADD", i)
		})
		for i := range n {
			if i%4 != 0 {
				for _, suffix := range []string{"", fmt.Sprintf(".net%d", i%3)} {
					want[fmt.Sprintf("ns%d net%d %s%s 10.%d.1.%d", i%2, i%3, containerID(i), suffix, 10+i%3, 2+i)] = true
				}
			}
		}
		holds("with all")
		all(func(i int) error { return run("DEL", i) })
		clear(want)
		holds("without any")
	}
	if idle := cpuTicks(t, cmd.Process.Pid); idle > 2 { // the runtime of Go looks after itself now and then
		t.Errorf("it is busy when nothing happens: %d ticks of the processor in half a second", idle)
	}
	if err := r.stop(unix.SIGTERM); err != nil {
		t.Error(err)
	}
	t.Logf("%d lines", strings.Count(r.out.String(), "\n"))
}

// sum adds the lines up: what came and did not go. A name that comes twice, or goes and was not there, is an error.
func sum(t *testing.T, out string) map[string]bool {
	t.Helper()
	have := map[string]bool{}
	for line := range strings.Lines(out) {
		var e struct{ Event, Namespace, Network, Name, Address string }
		if !strings.HasSuffix(line, "\n") {
			break
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		key := strings.Join([]string{e.Namespace, e.Network, e.Name, e.Address}, " ")
		if have[key] == (e.Event == "add") {
			t.Fatalf("twice: %s", line)
		}
		if have[key] = e.Event == "add"; !have[key] {
			delete(have, key)
		}
	}
	return have
}

// cpuTicks returns the processor time of a process in half a second, see proc_pid_stat(5).
func cpuTicks(t *testing.T, pid int) int {
	t.Helper()
	read := func() int {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		fields := strings.Fields(rest)
		var user, system int
		if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
			t.Fatal(err)
		}
		return user + system
	}
	before := read()
	time.Sleep(500 * time.Millisecond)
	return read() - before
}
