package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// remoteHere is how many containers are on the network here.
const remoteHere = 20

// measureRemote measures what names of other hosts cost the ADD and the DEL of a container here: by turns on networks with none and with
// more and more of them. It prints every figure; false means that one is beyond its bound.
func measureRemote(ctx context.Context, o options, netns string, w io.Writer) (bool, error) {
	l := &life{o: o, netns: netns, w: w, met: true}
	counts := []int{0, 2000, 10000}
	var stores []*plugin
	for _, n := range counts {
		p := l.plugin(o.plugin, fmt.Sprintf("remote-%d", n))
		if err := os.MkdirAll(p.dataDir, 0o755); err != nil {
			return false, err
		}
		progress("%d names of other hosts: %d times ADD, and an import", n, remoteHere)
		if _, err := p.populate(ctx, remoteHere); err != nil {
			return false, err
		}
		if err := p.importNames(ctx, n); err != nil {
			return false, err
		}
		stores = append(stores, p)
	}
	adds, dels := make([][]time.Duration, len(stores)), make([][]time.Duration, len(stores))
	for i := range o.reps + 1 {
		one := container(remoteHere + 1 + i)
		for j, p := range stores {
			add, err := p.run(ctx, "ADD", one)
			if err == nil {
				err = p.checkAdded(one, everyone(remoteHere))
			}
			if err != nil {
				return false, err
			}
			del, err := p.run(ctx, "DEL", one)
			if err == nil {
				err = p.checkDeleted(one, everyone(remoteHere))
			}
			if err != nil {
				return false, err
			}
			if i > 0 { // the first is the warm-up
				adds[j], dels[j] = append(adds[j], add), append(dels[j], del)
			}
		}
	}
	fmt.Fprintf(w, "\nNames of other hosts, %d containers here (medians of %d, by turns): ADD %s, DEL %s with none.\n",
		remoteHere, o.reps, duration(median(adds[0])), duration(median(dels[0])))
	for j, bound := range []struct{ add, del float64 }{{}, {1.5, 1.3}, {4, 1.3}} {
		if j == 0 {
			continue
		}
		add, del := median(adds[j]), median(dels[j])
		l.figure(fmt.Sprintf("ADD with %d remote names (%s) over one with none", counts[j], duration(add)), float64(add)/float64(median(adds[0])), bound.add, times)
		l.figure(fmt.Sprintf("DEL with %d remote names (%s) over one with none", counts[j], duration(del)), float64(del)/float64(median(dels[0])), bound.del, times)
	}
	return l.met, nil
}

// importNames has etcfiles import names of as many containers as 20 hosts have.
func (p *plugin) importNames(ctx context.Context, n int) error {
	const hosts = 20
	for host := range hosts {
		var text bytes.Buffer
		fmt.Fprintln(&text, "# names")
		for i := host; i < n; i += hosts {
			addr := netip.AddrFrom4([4]byte{10, 128 + byte(i>>16), byte(i >> 8), byte(i)})
			fmt.Fprintf(&text, "# %064d/eth0\n%s remote%d remote%d.%s\n", i, addr, i, i, p.network)
		}
		cmd := exec.CommandContext(ctx, p.path, "import", p.network, fmt.Sprintf("host%d", host), "--data-dir", p.dataDir)
		cmd.Stdin = &text
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("import into %s: %w: %s", filepath.Base(p.dataDir), errors.Join(ctx.Err(), err), out)
		}
	}
	return nil
}
