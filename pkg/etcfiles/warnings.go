package etcfiles

import (
	"fmt"
	"sync"
)

// maxWarnings is how many warnings of one kind an operation gives; more of them say nothing new.
const maxWarnings = 10

// warnings are what an operation warns of while it has a lock.
type warnings struct {
	mu    sync.Mutex
	list  []warning
	kinds map[string]int // how many there are of each kind
}

// warning is one of a kind, which is its format.
type warning struct {
	kind, text string
	last       bool // of those of its kind that are kept
}

// addf keeps a warning. Goroutines may call it at once.
func (w *warnings) addf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kinds[format]++
	if n := w.kinds[format]; n <= maxWarnings {
		w.list = append(w.list, warning{format, fmt.Sprintf(format, args...), n == maxWarnings})
	}
}

// tell passes the warnings on, and how many more there are of each kind.
func (w *warnings) tell(warnf func(string, ...any)) {
	for _, x := range w.list {
		warnf("%s", x.text)
		if n := w.kinds[x.kind] - maxWarnings; x.last && n > 0 {
			warnf("and %d more of this kind", n)
		}
	}
	w.list, w.kinds = nil, map[string]int{}
}

// quiet returns the manager for work under a lock, or that may warn of much, and what passes its warnings on when the lock has been let go: whoever
// reads them may be slow, or stand still.
func (m *Manager) quiet() (q *Manager, tell func()) {
	w := &warnings{kinds: map[string]int{}}
	held := *m
	held.Warnf = w.addf
	return &held, func() { w.tell(m.Warnf) }
}
