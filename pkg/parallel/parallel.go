// Package parallel does many small system calls from all processors. It is a leaf: a goroutine for each call would cost more
// than the call.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// batch is how many calls a goroutine of Do takes at a time.
const batch = 16

// Do calls do for 0 to n-1 from as many goroutines as there are processors.
func Do(n int, do func(i int)) { inBatches(n, batch, do) }

// Long is Do for calls that take longer than a system call.
func Long(n int, do func(i int)) { inBatches(n, 1, do) }

func inBatches(n, batch int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), (n+batch-1)/batch)
	var next atomic.Int64
	work := func() {
		for {
			from := int(next.Add(int64(batch))) - batch
			if from >= n {
				return
			}
			for i := from; i < min(from+batch, n); i++ {
				do(i)
			}
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}
