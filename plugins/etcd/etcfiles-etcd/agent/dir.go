package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Dir is the directory in which a service leaves for the next one, and for status, what it knows. It is of one boot: /run/etcfiles-etcd.
type Dir string

// RunDir is the directory of the service.
const RunDir Dir = "/run/etcfiles-etcd"

const maxState = 4 << 20 // bytes

// kept is what the next one who runs goes on with.
type kept struct {
	Instance string // see cluster.Record
	Host     string // whose keys the leases have; "" if that is not said
	Leases   []int64
	Networks []cluster.Network // that names were shared of
}

func (d Dir) path(name string) string { return filepath.Join(string(d), name) }

// ErrRuns is the error of Lock while a service runs.
var ErrRuns = errors.New("etcfiles-etcd runs already")

// How long, and how often, Lock tries to have the lock: whoever asks whether a service runs has it for a moment.
const (
	lockPatience = time.Second
	lockInterval = 10 * time.Millisecond
)

// Lock keeps others from running a service with the directory, which it makes.
func (d Dir) Lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	lock := flock.New(d.path("lock"))
	_, err = lock.TryLockContext(wait, lockInterval)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, ErrRuns
	} else if err != nil {
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}

// Runs reports whether a service runs. It makes nothing.
func (d Dir) Runs() (bool, error) {
	lock := flock.New(d.path("lock"), flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock() // which others who ask have too
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !free:
		return true, nil
	}
	return false, lock.Unlock()
}

func (d Dir) load() (kept, error) {
	var k kept
	return k, d.read("lease", &k)
}

func (d Dir) save(k kept) error { return d.write("lease", k, 0o600) }

// read decodes a file, if there is one.
func (d Dir) read(name string, into any) error {
	text, err := safefile.Read(d.path(name), maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", d.path(name), err)
	}
	return nil
}

func (d Dir) write(name string, value any, mode fs.FileMode) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return safefile.Replace(d.path(name), text, mode, false)
}

// Leave takes this host out while no service runs: the names of other hosts are taken out of the networks that names were shared of, and revoke is
// called for each lease. The former does not wait for etcd, and for the latter Leave can be called again.
func (d Dir) Leave(ctx context.Context, s Store, revoke func(lease int64) error) error {
	unlock, err := d.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	k, err := d.load()
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range k.Networks {
		errs = append(errs, Forget(ctx, s, n))
	}
	for _, id := range k.Leases {
		if err := revoke(id); err != nil {
			errs = append(errs, fmt.Errorf("%w: the names of this host stay on the others for up to the ttl, or until it leaves again", err))
			break
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return errors.Join(safefile.Remove(d.path("lease")), safefile.Remove(d.path("status.json")))
}
