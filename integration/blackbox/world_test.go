package blackbox

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// world is what a script has set up around the plugin.
type world struct {
	work, dataDir string
	outer         outer
	namespaces    []string
	locks         map[string]int // namespace → open file
	took          time.Duration
	inodes        map[string]uint64
	mtimes        map[string]os.FileInfo
	snapshot      snapshot
	damaged       bool
	asked         []string     // of the admin tool the last time
	printed       lockedBuffer // by it
	full          []string     // file systems without room
	processes     []*exec.Cmd  // of containers
	watch         *watching
	stranger      *stranger
}

// close ends what the script has made, after failures too.
func (w *world) close() {
	w.endProcesses()
	for _, path := range w.namespaces {
		_ = dropNetns(path) // most are gone already
	}
	w.unlockAll()
	w.endStranger()
	for _, dir := range w.full {
		_ = unix.Unmount(dir, unix.MNT_DETACH)
	}
}

func (w *world) unlockAll() {
	for _, fd := range w.locks {
		_ = unix.Close(fd)
	}
	w.locks = nil
}

func (w *world) netns(name string) string { return filepath.Join(w.work, "netns", name) }

func (w *world) addNetns(ts *testscript.TestScript, path string, ipv6 bool) {
	w.namespaces = append(w.namespaces, path)
	ts.Check(makeNetns(path, ipv6))
}

func (w *world) cmdNetns(ts *testscript.TestScript, names []string) {
	ipv6, mapped := true, false
	for _, name := range names {
		switch {
		case name == "-noipv6":
			ipv6 = false
		case name == "-userns":
			mapped = true
		case mapped:
			w.namespaces = append(w.namespaces, w.netns(name))
			ts.Check(makeMappedNetns(w.netns(name)))
		default:
			w.addNetns(ts, w.netns(name), ipv6)
		}
	}
}

func (w *world) cmdRmNetns(ts *testscript.TestScript, names []string) {
	for _, name := range names {
		ts.Check(dropNetns(w.netns(name)))
	}
}

// cmdRenewNetns makes the new namespace before the old one ends, so that their inodes differ.
func (w *world) cmdRenewNetns(ts *testscript.TestScript, names []string) {
	for _, name := range names {
		fresh := w.netns(name) + ".new"
		w.addNetns(ts, fresh, true)
		ts.Check(dropNetns(w.netns(name)))
		ts.Check(os.WriteFile(w.netns(name), nil, 0o444))
		ts.Check(unix.Mount(fresh, w.netns(name), "", unix.MS_BIND, ""))
		ts.Check(dropNetns(fresh))
	}
}

func (w *world) cmdNIC(ts *testscript.TestScript, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: nic NAME IFNAME [ADDR...]")
	}
	ts.Check(addNIC(w.netns(args[0]), args[1], args[2:]))
}

func (w *world) cmdLock(ts *testscript.TestScript, args []string) {
	dir := filepath.Join(w.dataDir, "etchosts", args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	ts.Check(err)
	ts.Check(unix.Flock(fd, unix.LOCK_EX))
	if w.locks == nil {
		w.locks = map[string]int{}
	}
	w.locks[args[0]] = fd
}

func (w *world) cmdUnlock(ts *testscript.TestScript, args []string) {
	fd, ok := w.locks[args[0]]
	if !ok {
		ts.Fatalf("%s is not locked", args[0])
	}
	delete(w.locks, args[0])
	ts.Check(errors.Join(unix.Flock(fd, unix.LOCK_UN), unix.Close(fd))) // a process that is being started may have the file too
}

func (w *world) cmdCover(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cover FILE TARGET")
	}
	w.outer.covers = append(w.outer.covers, cover{ts.MkAbs(args[0]), args[1]})
}

func (w *world) cmdUncover(*testscript.TestScript, []string) { w.outer.covers = nil }

func (w *world) cmdReadOnly(ts *testscript.TestScript, args []string) {
	w.outer.readOnly = ts.MkAbs(args[0])
}

func (w *world) cmdWritable(*testscript.TestScript, []string) { w.outer.readOnly = "" }

func (w *world) cmdUmask(_ *testscript.TestScript, args []string) { w.outer.umask = args[0] }

// cmdType writes as a shell in the container does: it opens the file for appending and writes once.
func (w *world) cmdType(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: type PLACE TEXT")
	}
	f, err := os.OpenFile(placeOf(w.dataDir, args[0]).hosts(), os.O_WRONLY|os.O_APPEND, 0)
	ts.Check(err)
	_, err = f.WriteString(strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t").Replace(args[1]))
	ts.Check(err)
	ts.Check(f.Close())
}
