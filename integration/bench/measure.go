package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// row is what was measured on a network of n containers; a nerdctl time of 0 was not measured.
type row struct {
	n                int
	forkExec         time.Duration
	floor            time.Duration
	least            time.Duration
	add, del         time.Duration
	populate         time.Duration
	acquire, release time.Duration
}

// measure populates a network of n containers and measures one more.
func measure(ctx context.Context, o options, netns string, n int) (r row, err error) {
	dir := filepath.Join(o.dir, fmt.Sprintf("n%d", n))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return row{}, err
	}
	defer func() {
		if removeErr := os.RemoveAll(dir); err == nil {
			err = removeErr
		}
	}()
	if err := checkSpace(dir, n); err != nil {
		return row{}, err
	}
	r = row{n: n}
	if err := r.measureProcesses(ctx, o, dir, netns); err != nil {
		return row{}, err
	}
	if n > o.nerdctlMax {
		return r, nil
	}
	return r, r.measureNerdctl(ctx, repetitions(o.reps, n, 10, 3, 1), filepath.Join(dir, "nerdctl"))
}

// measureProcesses takes the floor, the least plugin and etcfiles in turns, so that whatever else the machine is
// doing falls on all of them alike.
func (r *row) measureProcesses(ctx context.Context, o options, dir, netns string) error {
	etcfiles := &plugin{path: o.plugin, dataDir: filepath.Join(dir, "etcfiles"), netns: netns, network: network}
	least := &plugin{path: o.least, dataDir: etcfiles.dataDir, netns: netns, network: network}

	progress("N=%d: %d times etcfiles ADD", r.n, r.n)
	if err := os.Mkdir(etcfiles.dataDir, 0o755); err != nil {
		return err
	}
	var err error
	if r.populate, err = etcfiles.populate(ctx, r.n); err != nil {
		return err
	}
	bottom, err := newFloor(filepath.Join(dir, "floor"), r.n)
	if err != nil {
		return err
	}
	if err := syncFilesystem(dir); err != nil {
		return err
	}

	reps := repetitions(o.reps, r.n, o.reps, o.reps, 5)
	progress("N=%d: floor, least plugin, etcfiles ADD and DEL, %d times after a warm-up", r.n, reps)
	var trues, floors, leasts, adds, dels []time.Duration
	for i := range reps + 1 {
		one := container(r.n + 1 + i)
		peers := sample(r.n)
		if i == reps {
			peers = everyone(r.n)
		}
		steps := []struct {
			times *[]time.Duration
			run   func() (time.Duration, error)
			check func() error
		}{
			{&trues, func() (time.Duration, error) { return forkExec(ctx) }, nil},
			{&floors, bottom.run, nil},
			{&leasts, func() (time.Duration, error) { return least.run(ctx, "ADD", one) }, nil},
			{
				&adds, func() (time.Duration, error) { return etcfiles.run(ctx, "ADD", one) },
				func() error { return etcfiles.checkAdded(one, peers) },
			},
			{
				&dels, func() (time.Duration, error) { return etcfiles.run(ctx, "DEL", one) },
				func() error { return etcfiles.checkDeleted(one, peers) },
			},
		}
		for _, step := range steps {
			took, err := step.run()
			if err == nil && step.check != nil {
				err = step.check()
			}
			if err != nil {
				return err
			}
			if i > 0 { // the first is the warm-up
				*step.times = append(*step.times, took)
			}
		}
	}
	r.forkExec, r.floor, r.least = median(trues), median(floors), median(leasts)
	r.add, r.del = median(adds), median(dels)
	return nil
}

// measureNerdctl comes after the others: it rewrites every file whole, which keeps the disk busy.
func (r *row) measureNerdctl(ctx context.Context, reps int, dir string) error {
	progress("N=%d: nerdctl's hosts store, %d times", r.n, reps)
	store, err := newNerdctlStore(dir, r.n)
	if err != nil {
		return err
	}
	if err := syncFilesystem(dir); err != nil {
		return err
	}
	var acquires, releases []time.Duration
	for i := range reps {
		one := container(r.n + 1 + i)
		acquired, err := store.add(ctx, one, sample(r.n))
		if err != nil {
			return err
		}
		released, err := store.remove(ctx, one, sample(r.n))
		if err != nil {
			return err
		}
		acquires, releases = append(acquires, acquired), append(releases, released)
	}
	r.acquire, r.release = median(acquires), median(releases)
	return nil
}

// repetitions returns how often to measure: at most asked, and at most the bound for a network that is small, large
// (from 1000) or huge (above 2000).
func repetitions(asked, n, small, large, huge int) int {
	switch {
	case n > 2000:
		return min(asked, huge)
	case n >= 1000:
		return min(asked, large)
	}
	return min(asked, small)
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// checkSpace refuses to begin what the filesystem cannot hold: three times N files of N lines.
func checkSpace(dir string, n int) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return err
	}
	const bytesPerLine, bytesPerContainer = 80, 64 << 10
	need := 3 * uint64(n) * (uint64(n)*bytesPerLine + bytesPerContainer)
	if free := fs.Bavail * uint64(fs.Bsize); free < need {
		return fmt.Errorf("%s has %d MB free, this needs %d MB; set TMPDIR or BENCH_N", dir, free>>20, need>>20)
	}
	return nil
}

// syncFilesystem writes out what the preparation left, so that it does not fall into what is timed.
func syncFilesystem(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := unix.Syncfs(int(d.Fd())); err != nil {
		_ = d.Close()
		return fmt.Errorf("syncfs %s: %w", dir, err)
	}
	return d.Close()
}
