package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// life is what a node's long life asks of the store: many networks, a lost index, a killed operation, an audit beside starts.
type life struct {
	o     options
	netns string
	w     io.Writer
	met   bool
}

// figure prints what was measured and whether it is within the bar.
func (l *life) figure(what string, got, bound float64, format func(float64) string) {
	verdict := "met"
	if got > bound {
		verdict, l.met = "NOT met", false
	}
	fmt.Fprintf(l.w, "  %-66s %8s  at most %8s: %s\n", what, format(got), format(bound), verdict)
}

func times(x float64) string    { return fmt.Sprintf("%.2fx", x) }
func seconds(x float64) string  { return fmt.Sprintf("%.2fs", x) }
func mebibyte(x float64) string { return fmt.Sprintf("%.1fMiB", x) }

func (l *life) plugin(path, dir string) *plugin {
	return &plugin{path: path, dataDir: filepath.Join(l.o.dir, dir), netns: l.netns, network: network}
}

// measureLife prints every figure; false means that one is beyond its bound.
func measureLife(ctx context.Context, o options, netns string, w io.Writer) (bool, error) {
	l := &life{o: o, netns: netns, w: w, met: true}
	fmt.Fprintln(w, "\nA node's life (paired: by turns with the version before, median of the ratios):")
	for _, part := range []func(context.Context) error{
		l.one, l.thousand, l.base, l.repair, l.anew, l.networks,
	} {
		if err := part(ctx); err != nil {
			return false, err
		}
		if err := l.clear(); err != nil {
			return false, err
		}
	}
	return l.met, nil
}

// clear removes the stores of a part that are in the directory to work in.
func (l *life) clear() error {
	entries, err := os.ReadDir(l.o.dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "life-") && err == nil {
			err = os.RemoveAll(filepath.Join(l.o.dir, e.Name()))
		}
	}
	return err
}

// untouched has stores made on the file system with a journal, until the function that it returns is called. No store is removed there: ext4 passes
// over each inode that was within the last minutes, so that whatever is made beside them takes longer the more was removed before.
func (l *life) untouched() (end func()) {
	dir := l.o.dir
	l.o.dir = l.o.journal
	return func() { l.o.dir = dir }
}

// versions returns the version before and this one, each with a store of n containers.
func (l *life) versions(ctx context.Context, n int) ([2]*plugin, error) {
	defer l.untouched()()
	both := [2]*plugin{l.plugin(l.o.former, fmt.Sprintf("life-former-%d", n)), l.plugin(l.o.plugin, fmt.Sprintf("life-now-%d", n))}
	for _, p := range both {
		if err := os.MkdirAll(p.dataDir, 0o755); err != nil {
			return both, err
		}
		progress("%s: %d times ADD", p.path, n)
		if _, err := p.populate(ctx, n); err != nil {
			return both, err
		}
	}
	return both, syncFilesystem(l.o.dir)
}

// one compares a container beside one other, also with the least plugin.
func (l *life) one(ctx context.Context) error {
	both, err := l.versions(ctx, 1)
	if err != nil {
		return err
	}
	const reps = 200
	t, err := takeTurns(ctx, both, 1, reps)
	if err != nil {
		return err
	}
	least := *both[1]
	least.path = l.o.least
	var beside turns
	if beside, err = takeTurns(ctx, [2]*plugin{&least, both[1]}, 1, reps); err != nil {
		return err
	}
	l.figure("ADD, N=1, ext4 with a journal, paired", paired(t.adds), 0.88, times)
	l.figure("DEL, N=1, ext4 with a journal, paired", paired(t.dels), 1.05, times)
	l.figure("ADD, N=1, over the least plugin, by turns", paired(beside.adds), 1.85, times)
	l.figure("DEL, N=1, over the least plugin, by turns", paired(beside.dels), 1.7, times)
	return nil
}

func (l *life) thousand(ctx context.Context) error {
	both, err := l.versions(ctx, 1000)
	if err != nil {
		return err
	}
	t, err := takeTurns(ctx, both, 1000, 40)
	if err != nil {
		return err
	}
	l.figure("ADD, N=1000, paired", paired(t.adds), 0.85, times)
	l.figure("DEL, N=1000, paired", paired(t.dels), 0.85, times)
	return nil
}

// base compares a store with a baseHostsFile of 10,000 lines with one without.
func (l *life) base(ctx context.Context) error {
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, "0.%d.%d.%d blocked%d.example\n", 1+i>>16, i>>8&255, i&255, i)
	}
	path := filepath.Join(l.o.dir, "life-base")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		return err
	}
	both := [2]*plugin{l.plugin(l.o.plugin, "life-without"), l.plugin(l.o.plugin, "life-with")}
	both[1].base = path
	const n = 40
	for _, p := range both {
		if err := os.MkdirAll(p.dataDir, 0o755); err != nil {
			return err
		}
		if _, err := p.populate(ctx, n); err != nil {
			return err
		}
	}
	t, err := takeTurns(ctx, both, n, 40)
	if err != nil {
		return err
	}
	l.figure("ADD, N=40, baseHostsFile of 10,000 lines over none", paired(t.adds), 2, times)
	return nil
}

// made returns a store of n containers on each of the networks with all files, and what making them took.
func (l *life) made(ctx context.Context, dir string, networks []string, n int) (*plugin, cost, error) {
	p := l.plugin(l.o.plugin, dir)
	if err := os.MkdirAll(p.dataDir, 0o755); err != nil {
		return p, cost{}, err
	}
	progress("%d containers on each of %d networks: all files", n, len(networks))
	if err := p.fill(ctx, networks, n); err != nil {
		return p, cost{}, err
	}
	c, err := p.call(ctx, "ADD", pattern)
	if err == nil {
		_, err = p.run(ctx, "DEL", pattern)
	}
	return p, c, err
}

// repair measures what an operation takes that finds one line missing in every file, as a killed ADD leaves it.
func (l *life) repair(ctx context.Context) error {
	defer l.untouched()()
	for _, bar := range []struct {
		n     int
		bound float64
	}{{1000, 0.4}, {3000, 3}} {
		p, _, err := l.made(ctx, fmt.Sprintf("life-repair-%d", bar.n), []string{network}, bar.n)
		if err != nil {
			return err
		}
		if err := p.fill(ctx, []string{network}, bar.n+1); err != nil {
			return err
		}
		took, err := p.call(ctx, "ADD", pattern)
		if err != nil {
			return err
		}
		if err := checkPeers(p.hosts, sample(bar.n), container(bar.n+1), true); err != nil {
			return err
		}
		l.figure(fmt.Sprintf("CPU of a repair, one line missing in each file, N=%d", bar.n), took.cpu.Seconds(), bar.bound, seconds)
	}
	return nil
}

// anew measures what making all files anew takes, and with the largest store what it is like to live with it.
func (l *life) anew(ctx context.Context) error {
	defer l.untouched()()
	_, took, err := l.made(ctx, "life-2000", []string{network}, 2000)
	if err != nil {
		return err
	}
	l.figure("CPU of making all files anew, N=2000", took.cpu.Seconds(), 2, seconds)
	p, took, err := l.made(ctx, "life-5000", []string{network}, 5000)
	if err != nil {
		return err
	}
	l.figure("CPU of making all files anew, N=5000", took.cpu.Seconds(), 12, seconds)
	l.figure("memory of making all files anew, N=5000", float64(took.memory)/(1<<20), 96, mebibyte)
	size, err := p.indexSize()
	if err != nil {
		return err
	}
	l.figure("index, N=5000", float64(size)/(1<<20), 20, mebibyte)
	few, _, err := l.made(ctx, "life-1000", []string{network}, 1000)
	if err != nil {
		return err
	}
	t, err := takeTurns(ctx, [2]*plugin{few, p}, 5000, 10)
	if err != nil {
		return err
	}
	l.figure("ADD, N=5000, over five times N=1000, by turns", paired(t.adds)/5, 1.5, times)
	return l.audit(ctx, p)
}

// audit looks at a large store while containers are added every 100 ms.
func (l *life) audit(ctx context.Context, p *plugin) error {
	var alone []time.Duration
	for i := range 10 {
		took, err := p.addAndRemove(ctx, container(6000+i))
		if err != nil {
			return err
		}
		alone = append(alone, took)
	}
	type result struct {
		cost cost
		err  error
	}
	done := make(chan result, 1)
	go func() {
		c, err := p.admin(ctx, "check")
		done <- result{c, err}
	}()
	var longest time.Duration
	for i := 0; ; i++ {
		select {
		case r := <-done:
			if r.err != nil {
				return r.err
			}
			l.figure("CPU of check, N=5000, with ADDs beside it", r.cost.cpu.Seconds(), 3, seconds)
			l.figure("longest ADD beside check over the median alone, N=5000", (longest - median(alone)).Seconds(), 0.1, seconds)
			return nil
		case <-time.After(100 * time.Millisecond):
		}
		took, err := p.addAndRemove(ctx, container(7000+i))
		if err != nil {
			return err
		}
		longest = max(longest, took)
	}
}

// addAndRemove returns how long the ADD took.
func (p *plugin) addAndRemove(ctx context.Context, c container) (time.Duration, error) {
	took, err := p.run(ctx, "ADD", c)
	if err != nil {
		return 0, err
	}
	_, err = p.run(ctx, "DEL", c)
	return took, err
}

// networks compares ten networks of a thousand containers with one.
func (l *life) networks(ctx context.Context) error {
	var ten []string
	for i := range 10 {
		ten = append(ten, fmt.Sprintf("%s%d", network, i))
	}
	one, _, err := l.made(ctx, "life-one", ten[:1], 1000)
	if err != nil {
		return err
	}
	many, _, err := l.made(ctx, "life-ten", ten, 1000)
	if err != nil {
		return err
	}
	one.network, many.network = ten[0], ten[0]
	t, err := takeTurns(ctx, [2]*plugin{one, many}, 10_000, 20)
	if err != nil {
		return err
	}
	l.figure("ADD, ten networks of 1000 over one of 1000, by turns", paired(t.adds), 1.2, times)
	return nil
}
