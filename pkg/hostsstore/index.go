package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Index is what the last operation on a namespace left for the next one: the records and the states of the files, as
// far as later operations need them. It may be there in part, see ReadPart.
type Index struct {
	BootID       string
	NextSequence uint64
	Looked       time.Duration         // since boot, when the records were last all looked at
	Containers   map[string]*Container // those that have been read
	Networks     map[string]*Hosts     // the hosts file of each network
	Base         Base                  // of the last file that was made with a baseHostsFile
	Departed     []Departure           // the last ones to go, oldest first, at most maxDeparted

	// Interrupted says that an operation took the index and did not come to its end. What it did not reach are at most
	// files of the networks in Taken and of their containers.
	Interrupted bool
	Taken       []string

	parts []*part // those in files of their own
}

// Base is what is known of a baseHostsFile, so that it need not be parsed again.
type Base struct {
	File   FileID   // zero if nothing is known
	Marker string   // the names in lines that are ours are none of it
	Names  []string // lower-case, sorted, as those of a container that has it
}

// Departure is an attachment that has gone. It is remembered for those who ask why a name no longer resolves, as long as
// the namespace has a container and nobody takes the index away.
type Departure struct {
	ID      string
	Network string
	Names   []string  // at most maxDepartedNames
	When    time.Time // to the second
	Why     string    // such as "DEL" or "network namespace gone"
}

// Bounds of what every operation has to read and write.
const (
	maxDeparted      = 64
	maxDepartedNames = 16
)

// Depart notes that an attachment has gone just now. The oldest note makes room.
func (ix *Index) Depart(id string, a *Attachment, why string) {
	names := slices.Concat(a.Names, a.Qualified, a.World)
	ix.Departed = append(ix.Departed, Departure{
		ID: id, Network: a.Network, Names: names[:min(len(names), maxDepartedNames)], When: time.Now().Truncate(time.Second), Why: why,
	})
	ix.Departed = ix.Departed[max(0, len(ix.Departed)-maxDeparted):]
}

// Remember takes over the notes of an earlier index, but for those that it has already.
func (ix *Index) Remember(earlier []Departure) {
	own := slices.DeleteFunc(slices.Clone(ix.Departed), func(d Departure) bool {
		return slices.ContainsFunc(earlier, func(e Departure) bool {
			return e.ID == d.ID && e.Network == d.Network && e.When.Equal(d.When)
		})
	})
	ix.Departed = slices.Concat(earlier, own)
	ix.Departed = ix.Departed[max(0, len(ix.Departed)-maxDeparted):]
}

// Return takes the notes back of a container that is on a network again.
func (ix *Index) Return(id, network string) {
	ix.Departed = slices.DeleteFunc(ix.Departed, func(d Departure) bool { return d.ID == id && d.Network == network })
}

// Container is a container of the index.
type Container struct {
	ID             string
	Record         FileID // of the meta.json that this was read from
	Hosts          Hosts
	Netns          Netns
	Kubernetes     string // Kubernetes namespace
	PodUID         string
	NoIPv6Loopback bool
	Foreign        bool     // the record is not ours
	Owner          *Owner   // of its own files; nil for root
	UserNames      []string // lower-case names in the user's own lines of the hosts file
	ExtraHosts     []ExtraHost
	Adopted        []Adopted
	Created        []string
	Attachments    []Attachment
}

// Hosts is what an operation left of a hosts file for the next one.
type Hosts struct {
	State    FileID        // after our last edit; zero if the file is to be read again
	Belongs  int64         // bytes of the lines that belong into it
	Most     int64         // the most that Belongs was since the file was made
	User     int64         // bytes that are not ours
	Rooms    []Room        // some of those that struck lines have left
	Gathered time.Duration // since boot, see clock_gettime(2) CLOCK_BOOTTIME, when lines were copied that stand twice since; else 0
}

// Room is a part of a hosts file in which no line lives, in bytes.
type Room struct {
	Offset int64
	Length int
}

const maxIndex = 256 << 20 // bytes; one that is larger is cut, and no index

// NewIndex returns an index with nothing in it.
func NewIndex(bootID string) *Index {
	return &Index{BootID: bootID, NextSequence: 1, Containers: map[string]*Container{}, Networks: map[string]*Hosts{}}
}

// BootID returns the identity of the running boot, see random(4).
func BootID() (string, error) {
	id, err := safefile.ReadKernel("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("boot ID: %w", err)
	}
	return id, nil
}

// TakeIndex marks the namespace as being changed: there is no index until WriteIndex. The one that there was is kept aside
// with the networks whose files the operation is going to change, so that they alone are to be repaired if it does not
// come to its end.
func (n *Namespace) TakeIndex(networks []string) error {
	path := n.IndexPath()
	f, err := safefile.Open(path, os.O_WRONLY|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		path = n.takenPath()
		f, err = safefile.Open(path, os.O_WRONLY|os.O_APPEND, 0)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil: // a cache: without it all is repaired
		return removeCache(path)
	}
	_, err = f.Write(encodeTaken(networks))
	err = errors.Join(err, f.Close())
	if err == nil && path != n.takenPath() {
		err = safefile.Rename(path, n.takenPath())
	}
	if err != nil { // no room, somebody has deleted it just now, or something else is in its place: all is repaired
		return removeCache(path)
	}
	return nil
}

// removeCache removes the index, or what is in its place, which has to go.
func removeCache(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// WriteIndex puts a new index in place, which says that all files are as the records want them. Parts that have not been read
// stay as they are.
func (n *Namespace) WriteIndex(ix *Index) error {
	if ix.astray() { // nothing may be written that contradicts itself
		return n.DropIndex()
	}
	rest, split := ix.split()
	err := n.putIndex(ix, rest, split)
	if err != nil { // the one that was taken may have the room that this one needs, or something else stands in a slot
		err = errors.Join(safefile.Remove(n.takenPath()), n.removeParts(ix.parts), n.removeParts(split), n.putIndex(ix, rest, split))
	}
	err = errors.Join(err, safefile.Remove(n.takenPath()), n.removeParts(ix.parts))
	ix.parts = split
	return err
}

// putCache puts a file into the index's directory. Somebody may delete that at any moment: who does it again and again has
// his way, and there is no such file.
func (n *Namespace) putCache(path string, data []byte) error {
	if err := n.dir.put(path, data); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// DropIndex removes the index, and the one that was taken, so that the whole namespace is repaired.
func (n *Namespace) DropIndex() error {
	return errors.Join(safefile.Remove(n.IndexPath()), safefile.Remove(n.takenPath()))
}

// RemoveCaches removes the index and its directory, for a namespace with no container. Versions before format 3 kept a
// table of offsets beside it.
func (n *Namespace) RemoveCaches() error {
	err := errors.Join(n.DropIndex(), safefile.Remove(safefile.Temporary(n.IndexPath())), safefile.Remove(filepath.Join(n.indexDir(), offsetsFile)),
		safefile.Remove(n.formerPendingDir()), safefile.Remove(n.indexDir()))
	if n.HasCaches() { // parts that somebody left who was killed
		err = errors.Join(err, n.removeAllParts(), safefile.Remove(n.indexDir()))
	}
	return err
}
