package setup

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// lockInterval is how often it is seen whether another setup has ended.
const lockInterval = 50 * time.Millisecond

// Lock waits until no other setup or undo is at work on the host. It is for all from the plan, which reads the record, to the last of its steps. It locks
// the directory /etc, which nobody replaces or removes, so that nothing is made for it.
func (h *Host) Lock(ctx context.Context) (unlock func(), err error) {
	lock := flock.New(h.in("/etc"), flock.SetFlag(os.O_RDONLY))
	if _, err := lock.TryLockContext(ctx, lockInterval); err != nil {
		return nil, fmt.Errorf("wait for another etcfiles setup to end: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil
}
