package hostsstore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Counts is what the operations on a data directory have come to since counting began. It is the layout of the file of
// the counters, too: unsigned numbers of 64 bits only, in the byte order of the machine. A field is added at the end only.
type Counts struct {
	Commands [countedCommands]CommandCounts
	LockWait uint64 // ns
	Repairs  uint64 // namespaces that an operation before had left unfinished
	Pruned   uint64 // containers that were found dead
	Warnings uint64
}

// CommandCounts is the part of one CNI command.
type CommandCounts struct {
	Operations uint64
	Duration   uint64 // ns
	Failures   [countedCodes]uint64
}

const (
	countedCommands = 5
	countedCodes    = 8
)

// CountedCommands are the CNI commands, in the order of Counts.Commands.
func CountedCommands() [countedCommands]string {
	return [countedCommands]string{"ADD", "DEL", "CHECK", "GC", "STATUS"}
}

// CountedCodes are the error codes, in the order of CommandCounts.Failures; the last one stands for all others as well.
func CountedCodes() [countedCodes]uint {
	return [countedCodes]uint{5, 6, 7, 11, 50, 100, 101, 999}
}

// Operation returns the counts of one operation. A code of 0 is success.
func Operation(command string, took time.Duration, code uint) *Counts {
	c := &Counts{}
	for i, name := range CountedCommands() {
		if name == command {
			c.Commands[i] = CommandCounts{Operations: 1, Duration: uint64(max(took, 0))}
			if code != 0 {
				c.Commands[i].Failures[failure(code)] = 1
			}
		}
	}
	return c
}

func failure(code uint) int {
	for i, known := range CountedCodes() {
		if known == code {
			return i
		}
	}
	return countedCodes - 1
}

// The file of the counters is one page: the header, then Counts. Every process maps it and adds with the processor's
// atomic instructions: no lock, no order among the processes, and a process that is killed leaves nothing half-done.
const (
	countersSize   = 4096
	countersHeader = "etcfcnt1"
	countedCells   = int(unsafe.Sizeof(Counts{}) / unsafe.Sizeof(uint64(0)))
)

func (d Dir) countersPath() string { return filepath.Join(string(d), "counters") }

// Count adds to the counters if somebody has asked for them, see StartCounting; without them it costs one call of open(2).
// A file that is none of counters is left alone.
func (d Dir) Count(c *Counts) error {
	err := d.withCounters(os.O_RDWR, c.addTo)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, errNoCounters) {
		return nil
	}
	return err
}

func (c *Counts) addTo(cells []uint64) {
	for i, n := range c.cells() {
		if n != 0 {
			atomic.AddUint64(&cells[i], n)
		}
	}
}

// Counts reads the counters. The error wraps fs.ErrNotExist when nobody has asked for them.
func (d Dir) Counts() (*Counts, error) {
	c := &Counts{}
	own := c.cells()
	err := d.withCounters(os.O_RDONLY, func(cells []uint64) {
		for i := range own {
			own[i] = atomic.LoadUint64(&cells[i])
		}
	})
	return c, err
}

// StartCounting has the operations counted from now on. Counters that are there go on.
func (d Dir) StartCounting() error {
	if err := d.MakeDir(string(d)); err != nil {
		return err
	}
	f, err := safefile.Open(d.countersPath(), os.O_RDWR|os.O_CREATE, recordMode)
	if err != nil {
		return err
	}
	err = initialize(f)
	if err != nil && !countersIn(f) {
		err = errors.Join(err, os.Remove(d.countersPath()))
	}
	return errors.Join(err, f.Close())
}

// initialize writes a page of zeros, so that there is room for all that comes, and then the header. Of several that do so
// at once the first one does it.
func initialize(f *os.File) error {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	if countersIn(f) {
		return nil
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(make([]byte, countersSize), 0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(countersHeader), 0)
	return err
}

// StopCounting forgets the counters.
func (d Dir) StopCounting() error { return safefile.Remove(d.countersPath()) }

// countersIn reports whether a file is one of counters.
func countersIn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() != countersSize {
		return false
	}
	header, err := io.ReadAll(io.NewSectionReader(f, 0, int64(len(countersHeader))))
	return err == nil && string(header) == countersHeader
}

// withCounters calls do with the cells of the file. That the file cannot be read or written after all, on a broken disk
// or because somebody cuts it off meanwhile, is an error too.
func (d Dir) withCounters(mode int, do func(cells []uint64)) (err error) {
	f, err := safefile.Open(d.countersPath(), mode, recordMode)
	if err != nil {
		return err
	}
	defer f.Close()
	if !countersIn(f) {
		return &fs.PathError{Op: "open", Path: d.countersPath(), Err: errNoCounters}
	}
	protection := unix.PROT_READ
	if mode == os.O_RDWR {
		protection |= unix.PROT_WRITE
	}
	page, err := unix.Mmap(int(f.Fd()), 0, countersSize, protection, unix.MAP_SHARED)
	if err != nil {
		return &fs.PathError{Op: "mmap", Path: d.countersPath(), Err: err}
	}
	defer func() { err = errors.Join(err, unix.Munmap(page)) }()
	return guarded(func() {
		do(unsafe.Slice((*uint64)(unsafe.Pointer(&page[len(countersHeader)])), countedCells))
	})
}

var errNoCounters = errors.New("no file of counters: remove it")

// guarded turns a fault of the memory that do touches into an error.
func guarded(do func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch p := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }: // see debug.SetPanicOnFault
			err = fmt.Errorf("the counters cannot be reached: %w", unix.EFAULT)
		default:
			panic(p)
		}
	}()
	do()
	return nil
}

// cells returns the counts as they lie in the file.
func (c *Counts) cells() []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(c)), countedCells)
}
