package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// largest is the size to which a file can be made on ext4 with pages of 4096 bytes.
const largest = 1<<44 - 4096

// harass does to a hosts file, over and over, what its container can do to it while it is edited.
func harass(path string, stop *atomic.Bool, rounds *atomic.Int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	random := rand.New(rand.NewPCG(1, 2))
	garbage := []byte(strings.Repeat(begin+forged+end+"# \x00\n", 40))
	for ; !stop.Load(); rounds.Add(1) {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		size := info.Size()
		switch random.IntN(7) {
		case 0:
			err = f.Truncate(0)
		case 1:
			err = f.Truncate(max(0, size-1))
		case 2: // to append fails
			err = errors.Join(f.Truncate(largest-random.Int64N(100)), f.Truncate(min(size, 1<<16)))
		case 3:
			_, err = unix.Pwritev2(int(f.Fd()), [][]byte{garbage[:random.IntN(len(garbage))]}, -1, unix.RWF_APPEND)
		case 4: // comments come to life
			_, err = f.WriteAt([]byte("6"), random.Int64N(max(1, min(size, 1<<16))))
		case 5:
			_, err = f.WriteAt(garbage[:random.IntN(60)], random.Int64N(max(1, min(size, 1<<16))))
		case 6: // lines grow together
			_, err = f.WriteAt([]byte(" "), random.Int64N(max(1, min(size, 1<<16))))
		}
		if err != nil && !errors.Is(err, unix.EFBIG) {
			return err
		}
	}
	return nil
}

// TestRace: a container swaps bytes, cuts and grows its file while it is edited. The others are served, no operation
// fails, and when it stops its own file is healed.
func TestRace(t *testing.T) {
	const operations = 30
	f := newSiege(t, []fleet.Attachment{web, db, api}, comer)
	var stop atomic.Bool
	var rounds atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, 1)
	wg.Go(func() { failed <- harass(f.Hosts(web), &stop, &rounds) })
	defer func() {
		stop.Store(true)
		wg.Wait()
	}()
	for rounds.Load() == 0 && len(failed) == 0 {
		runtime.Gosched()
	}
	hit := 0
	for range operations {
		for _, verb := range []string{"ADD", "DEL"} {
			o := f.run(t, verb, comer)
			o.mustSucceed(t)
			if o.Stderr != "" {
				hit++
			}
			if o.Memory > maxMemory {
				t.Errorf("%s took %d MiB", o.command, o.Memory>>20)
			}
			members := []fleet.Attachment{web, db, api, comer}
			if verb == "DEL" {
				members = members[:3]
			}
			f.checkServed(t, members...)
		}
		if t.Failed() {
			return
		}
	}
	stop.Store(true)
	wg.Wait()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d operations, %d with a warning; %d changes by the container", 2*operations, hit, rounds.Load())
	row(t, "ADD or DEL while the container swaps bytes, cuts and grows its file", f.bill.calls, fmt.Sprintf(
		"during %d changes all succeeded, the files of the others were exact; %v", rounds.Load(), f.bill))
	f.recover(t)
}
