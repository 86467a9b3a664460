package cluster

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// reader reads a hosts file again and again, and looks for a name that must be there at every moment, with one address, and for what must never be.
type reader struct {
	stop  chan struct{}
	ended sync.WaitGroup
	reads atomic.Int64
	err   atomic.Pointer[error]
}

// watch starts a reader of a file in which the name has the address all the time.
func watch(path, name, address string) *reader {
	r := &reader{stop: make(chan struct{})}
	r.ended.Go(func() {
		for {
			select {
			case <-r.stop:
				return
			default:
			}
			text, err := os.ReadFile(path)
			n := r.reads.Add(1)
			if err == nil && !slices.Equal(parse(string(text))[name], []string{address}) {
				err = fmt.Errorf("read %d: %s has %q\n%s", n, name, parse(string(text))[name], text)
			}
			if err != nil {
				r.err.Store(&err)
				return
			}
		}
	})
	return r
}

// done ends the reader; it must never have missed anything.
func (r *reader) done(w *world) {
	w.t.Helper()
	close(r.stop)
	r.ended.Wait()
	if err := r.err.Load(); err != nil {
		w.t.Errorf("%v", *err)
	}
	w.t.Logf("%d reads", r.reads.Load())
}

// failed reports whether something was wrong.
func (r *reader) failed() bool { return r.err.Load() != nil }
