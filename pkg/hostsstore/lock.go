package hostsstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"
)

// ErrLocked is the error of Lock when the lock could not be acquired in time.
var ErrLocked = errors.New("locked by another process")

// Lock takes the flock(2) on the directory <dataDir>/etchosts/<NS>, the one that nerdctl's hosts store takes too, and
// makes the directory if need be. Others can no longer open it then: who could before may hold the lock yet. It waits in the kernel's queue for at most timeout; past it the error is ErrLocked and
// names the holder, and that of the context when it is done first. The lock is let go by unlock, or by the end of the process.
func (n *Namespace) Lock(ctx context.Context, timeout time.Duration) (unlock func() error, err error) {
	if err := n.CheckDirs(); err != nil {
		return nil, err
	}
	if err := n.dir.MakeDir(n.RecordsDir()); err != nil {
		return nil, err
	}
	_ = n.shutLock() // a store that is usable otherwise is used; check has the mode as a finding
	if unlock, err = n.LockExisting(ctx, timeout); err == nil {
		n.forgetHolder()
	}
	return unlock, err
}

// LockExisting is Lock for one who only looks: it makes no directory. The error is fs.ErrNotExist when there is none.
func (n *Namespace) LockExisting(ctx context.Context, timeout time.Duration) (unlock func() error, err error) {
	dir := n.RecordsDir()
	ended := func() error {
		return fmt.Errorf("lock %s: the wait for it was cut short (%w): %w", dir, context.Cause(ctx), ctx.Err())
	}
	if ctx.Err() != nil {
		return nil, ended()
	}
	// A Flock of its own for each acquisition: a shared one lets two callers in.
	lock := flock.New(dir, flock.SetFlag(lockFlags))
	if ok, err := lock.TryLock(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	} else if ok {
		return lock.Unlock, nil
	}
	taken := make(chan error, 1)
	go func() { taken <- lock.Lock() }()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case err := <-taken:
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		return lock.Unlock, nil
	case <-timer.C:
		err = &lateError{dir, timeout, holder(dir)}
	case <-ctx.Done():
		err = ended()
	}
	go func() { // the wait cannot be called off: give back what comes too late
		if <-taken == nil {
			_ = lock.Unlock()
		}
	}()
	return nil, err
}

// lockFlags open the directory of the lock. With O_NONBLOCK, which means nothing to a directory, Go leaves the flags of the file alone.
const lockFlags = os.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_NONBLOCK

// lateError is the error of a lock that could not be acquired in time. It is ErrLocked.
type lateError struct {
	dir     string
	timeout time.Duration
	holder  int // process, 0 if it is unknown
}

func (e *lateError) Error() string {
	text := fmt.Sprintf("lock %s could not be acquired within %s: %v", e.dir, e.timeout, ErrLocked)
	if e.holder > 0 {
		text += fmt.Sprintf(" (pid %d holds it: see what it waits for, or stop it)", e.holder)
	}
	return text
}

func (*lateError) Unwrap() error { return ErrLocked }

// Lockable reports why the namespace could not be locked by anybody, without waiting and without keeping others out. A
// lock that somebody holds is fine, unless it is the one that NoteHolder has noted: then the error is ErrLocked.
func (n *Namespace) Lockable() error {
	dir := n.RecordsDir()
	lock := flock.New(dir, flock.SetFlag(lockFlags))
	free, err := lock.TryRLock() // it may be free to us while a shared lock keeps an operation out
	if err == nil && free {
		err = lock.Unlock()
	}
	if err != nil {
		return err
	}
	noted, ok := n.notedHolder()
	if !ok || noted != holder(dir) || noted == 0 && free {
		return nil
	}
	by := "a process that cannot be seen from here"
	if noted > 0 {
		by = fmt.Sprintf("pid %d", noted)
	}
	return fmt.Errorf("lock %s: %w: %s made the last ADD wait in vain and holds it still: see what it waits for, or stop it", dir, ErrLocked, by)
}

// holder returns the process that holds the lock, as proc_locks(5) shows it, 0 if it shows none.
func holder(dir string) int {
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil {
		return 0
	}
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	for range 10 { // what changes between two reads of the list makes the kernel leave lines out
		locks, err := os.ReadFile("/proc/locks")
		if err != nil {
			return 0
		}
		if pid := holderIn(string(locks), file); pid > 0 {
			return pid
		}
	}
	return 0
}

// holderIn finds the process with an flock(2) on the file, device and inode as the list has them, 0 if there is none.
func holderIn(locks, file string) int {
	for line := range strings.Lines(locks) {
		fields := strings.Fields(line)
		if len(fields) < 6 || fields[1] != "FLOCK" || fields[5] != file {
			continue
		}
		if pid, err := strconv.Atoi(fields[4]); err == nil && pid > 0 {
			return pid
		}
	}
	return 0
}
