package containerd

import (
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
)

var fleetSize = flag.Int("pods", 20, "number of pods of TestFleet on each node")

// TestFleet starts many pods, after the first ten at a time. All resolve each other, and when they are removed, again ten at a time, nothing is
// left.
func TestFleet(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		pods := make([]*pod, *fleetSize)
		containers := make([]string, len(pods))
		var names strings.Builder
		for i := range pods {
			fmt.Fprintf(&names, " pod-%d", i)
		}
		start := func(i int) (err error) {
			if pods[i], err = n.tryPod(n.podConfig(fmt.Sprintf("pod-%d", i)), ""); err != nil {
				return err
			}
			containers[i], err = pods[i].tryContainer("main")
			return err
		}
		// Where two pods are the first of a host at one moment, one of them fails: both have the plugin firewall make its chains.
		if err := start(0); err != nil {
			t.Fatal(err)
		}
		together(t, len(pods)-1, func(i int) error { return start(i + 1) })
		var all strings.Builder
		for i, p := range pods {
			fmt.Fprintf(&all, "pod-%d (%s)\n", i, p.address())
		}
		// The first line of ping is: PING NAME (ADDRESS) from 127.0.0.1: …, and then it fails, since a loopback address sends nothing
		// to another machine: so many pods that all reach each other would fill the kernel's table of neighbours, one for all namespaces.
		script := "for name in" + names.String() + `; do
			ping -c 1 -W 5 -I 127.0.0.1 $name 2>/dev/null | { read -r ping name address rest; echo $name $address; }
		done`
		for i, p := range pods {
			if got, _ := n.exec(containers[i], "/bin/sh", "-c", script); got != all.String() {
				t.Errorf("%s resolves\n%s\nand not\n%s", p.config.Hostname, got, &all)
			}
			next := pods[(i+1)%len(pods)].config.Hostname
			if _, ok := n.exec(containers[i], "/bin/ping", "-c", "1", "-W", "5", next); !ok {
				t.Errorf("%s does not reach %s", p.config.Hostname, next)
			}
		}
		together(t, len(pods), func(i int) error {
			pods[i].stop()
			pods[i].remove()
			return nil
		})
		n.expectNothingLeft()
	})
}

// together calls the function with 0 to count-1, ten at a time.
func together(t *testing.T, count int, do func(int) error) {
	t.Helper()
	var wait sync.WaitGroup
	turns := make(chan struct{}, 10)
	for i := range count {
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			if err := do(i); err != nil {
				t.Errorf("pod %d: %v", i, err)
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
