package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// garbageIn fills files with garbage, one or all of them, whether they were synced or not.
func garbageIn(t *testing.T, dir string, events []event) {
	whole := crash{at: len(events), reached: len(events)}.lose(events)
	rng := rand.New(rand.NewPCG(3, 7))
	noise := deleted(10000, rng)
	kinds := []func(size int) []byte{
		func(int) []byte { return nil },
		func(size int) []byte { return make([]byte, size) },
		func(int) []byte { return noise },
		func(size int) []byte { return []byte(strings.Repeat("10.66.6.6 stale a b d localhost\n", 1+size/32)) },
		func(size int) []byte { return []byte("{" + strings.Repeat(`"ID":"a",`, size)) },
	}
	victims := []string{"*"}
	for path, b := range whole {
		if !b.mode.IsDir() {
			victims = append(victims, path)
		}
	}
	slices.Sort(victims)
	type round struct {
		victim string
		kind   int
		restart
	}
	var list []round
	for _, victim := range victims {
		for k := range kinds {
			for _, r := range restarts() {
				if *full || rng.IntN(15) == 0 {
					list = append(list, round{victim, k, r})
				}
			}
		}
	}
	afterReboot(t, len(list), func(m machine, i int) error {
		r := list[i]
		root := filepath.Join(dir, fmt.Sprint("garbage", i))
		defer os.RemoveAll(root)
		err := whole.spoilt(r.victim, kinds[r.kind]).write(root)
		if err == nil {
			err = m.goOn(root, r.restart, journal, true)
		}
		if err != nil {
			err = fmt.Errorf("garbage %d in %s; then %s: %w", r.kind, r.victim, r.name, err)
		}
		return err
	})
	row(t, fmt.Sprintf("garbage in each of %d files of a store, and in all at once, then a reboot", len(victims)-1), len(list), rebooted)
}

// spoilt returns the disk with garbage in one file, or in all if victim is "*".
func (d disk) spoilt(victim string, garbage func(size int) []byte) disk {
	out := disk{}
	for path, b := range d {
		out[path] = b
		if !b.mode.IsDir() && (victim == "*" || victim == path) {
			out[path] = &blob{garbage(len(b.data)), b.mode}
		}
	}
	return out
}
