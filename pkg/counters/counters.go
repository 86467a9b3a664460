// Package counters counts operations in a file of shared memory, for metrics: what adds to it is a process that lives for
// one operation, and many of them at once.
package counters

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Counts is what the operations on a data directory have come to since counting began. It is the layout of the file of
// the counters, too: unsigned numbers of 64 bits only, in the byte order of the machine. A field is added at the end only.
type Counts struct {
	Commands [commands]CommandCounts
	LockWait uint64 // ns
	Repairs  uint64 // namespaces that an operation before had left unfinished
	Pruned   uint64 // containers that were found dead
	Warnings uint64
	Later    [commands][laterCodes]uint64 // failures with the codes that came to be counted later
}

// CommandCounts is the part of one CNI command.
type CommandCounts struct {
	Operations uint64
	Duration   uint64 // ns
	Failures   [codes]uint64
}

const (
	commands   = 5
	codes      = 8
	laterCodes = 4
)

// Commands returns the CNI commands, in the order of Counts.Commands.
func Commands() []string {
	return []string{"ADD", "DEL", "CHECK", "GC", "STATUS"}
}

// Codes returns the error codes; 999 stands for all others as well.
func Codes() []uint { return slices.Concat(firstCodes[:], codesLater[:]) }

var (
	firstCodes = [codes]uint{5, 6, 7, 11, 50, 100, 101, 999} // in the order of CommandCounts.Failures
	codesLater = [laterCodes]uint{1, 2, 4, 51}               // in that of Counts.Later
)

// Failures returns how many operations of a command, by its place in Commands, failed with each of Codes.
func (c *Counts) Failures(command int) []uint64 {
	return slices.Concat(c.Commands[command].Failures[:], c.Later[command][:])
}

// Operation returns the counts of one operation. A code of 0 is success.
func Operation(command string, took time.Duration, code uint) *Counts {
	c := &Counts{}
	i := slices.Index(Commands(), command)
	if i < 0 {
		return c
	}
	of := &c.Commands[i]
	of.Operations, of.Duration = 1, uint64(max(took, 0))
	first, later := slices.Index(firstCodes[:], code), slices.Index(codesLater[:], code)
	switch {
	case code == 0:
	case first >= 0:
		of.Failures[first] = 1
	case later >= 0:
		c.Later[i][later] = 1
	default:
		of.Failures[codes-1] = 1
	}
	return c
}

// The file of the counters is one page: the header, then Counts. Every process maps it and adds with the processor's
// atomic instructions: no lock, no order among the processes, and a process that is killed leaves nothing half-done.
const (
	pageSize  = 4096
	fileMode  = 0o600
	header    = "etcfcnt1"
	cellCount = int(unsafe.Sizeof(Counts{}) / unsafe.Sizeof(uint64(0)))
)

// File is the path of a file of counters.
type File string

// Add adds to the counters if somebody has asked for them, see Start; without them it costs one call of open(2). A file that
// is not one of counters is left alone.
func (f File) Add(c *Counts) error {
	err := f.withCells(os.O_RDWR, c.addTo)
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

// Read reads the counters. The error wraps fs.ErrNotExist when nobody has asked for them.
func (f File) Read() (*Counts, error) {
	c := &Counts{}
	own := c.cells()
	err := f.withCells(os.O_RDONLY, func(cells []uint64) {
		for i := range own {
			own[i] = atomic.LoadUint64(&cells[i])
		}
	})
	return c, err
}

// Start has the operations counted from now on; the directory of the file has to exist. Counters that are there go on.
func (f File) Start() error {
	page, err := safefile.Open(string(f), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	err = initialize(page)
	if err != nil && !countersIn(page) {
		err = errors.Join(err, os.Remove(string(f)))
	}
	return errors.Join(err, page.Close())
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
	if _, err := f.WriteAt(make([]byte, pageSize), 0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(header), 0)
	return err
}

// Stop forgets the counters.
func (f File) Stop() error { return safefile.Remove(string(f)) }

// countersIn reports whether a file is one of counters.
func countersIn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() != pageSize {
		return false
	}
	start, err := io.ReadAll(io.NewSectionReader(f, 0, int64(len(header))))
	return err == nil && string(start) == header
}

// withCells calls do with the cells of the file. That the file cannot be read or written after all, on a broken disk
// or because somebody cuts it off meanwhile, is an error too.
func (f File) withCells(mode int, do func(cells []uint64)) (err error) {
	file, err := safefile.Open(string(f), mode, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if !countersIn(file) {
		return &fs.PathError{Op: "open", Path: string(f), Err: errNoCounters}
	}
	protection := unix.PROT_READ
	if mode == os.O_RDWR {
		protection |= unix.PROT_WRITE
	}
	page, err := unix.Mmap(int(file.Fd()), 0, pageSize, protection, unix.MAP_SHARED)
	if err != nil {
		return &fs.PathError{Op: "mmap", Path: string(f), Err: err}
	}
	defer func() { err = errors.Join(err, unix.Munmap(page)) }()
	return guarded(func() {
		do(unsafe.Slice((*uint64)(unsafe.Pointer(&page[len(header)])), cellCount))
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
	return unsafe.Slice((*uint64)(unsafe.Pointer(c)), cellCount)
}
