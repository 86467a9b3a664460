package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Index is what the last operation on a namespace left for the next one: the records and the states of the files, as
// far as later operations need them.
type Index struct {
	BootID       string
	NextSequence uint64
	Stride       int // cells in a column of the offset table
	Containers   map[string]*Container
	Networks     map[string]*Network
	Departed     []Departure // the last ones to go, oldest first, at most maxDeparted
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
	names := slices.Concat(a.Names, a.Qualified)
	ix.Departed = append(ix.Departed, Departure{
		ID: id, Network: a.Network, Names: names[:min(len(names), maxDepartedNames)], When: time.Now().Truncate(time.Second), Why: why,
	})
	ix.Departed = ix.Departed[max(0, len(ix.Departed)-maxDeparted):]
}

// Remember takes over the notes of an earlier index.
func (ix *Index) Remember(earlier []Departure) {
	ix.Departed = slices.Concat(earlier, ix.Departed)
	ix.Departed = ix.Departed[max(0, len(ix.Departed)-maxDeparted):]
}

// Return takes the notes back of a container that is on a network again.
func (ix *Index) Return(id, network string) {
	ix.Departed = slices.DeleteFunc(ix.Departed, func(d Departure) bool { return d.ID == id && d.Network == network })
}

// Container is a container of the index.
type Container struct {
	ID             string
	Number         int    // row in the offset table
	Record         FileID // of the meta.json that this was read from
	Hosts          FileID // of the hosts file after our last edit; zero if it is to be read again
	Netns          Netns
	Kubernetes     string // Kubernetes namespace
	NoIPv6Loopback bool
	Foreign        bool     // the record is not ours
	UserNames      []string // lower-case names in the user's own lines of the hosts file
	ExtraHosts     []ExtraHost
	Created        []string
	Attachments    []Attachment
}

// Network is the hosts file of a network in the index.
type Network struct {
	Number int
	Hosts  FileID
}

const (
	minStride = 1024
	maxIndex  = 256 << 20 // bytes; one that is larger is cut, and no index
)

// NewIndex returns an index with nothing in it.
func NewIndex(bootID string) *Index {
	return &Index{
		BootID: bootID, NextSequence: 1, Stride: minStride,
		Containers: map[string]*Container{}, Networks: map[string]*Network{},
	}
}

// BootID returns the identity of the running boot, see random(4).
func BootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("boot ID: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// LoadIndex returns the index of the boot. The error is fs.ErrNotExist when there is none, ErrIndex for one that does not
// parse, ErrIndexOfAnotherBoot for one that an earlier boot left.
func (n *Namespace) LoadIndex(bootID string) (*Index, error) {
	data, err := ReadSmall(n.IndexPath(), maxIndex)
	if err != nil {
		return nil, err
	}
	ix, err := decodeIndex(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.IndexPath(), err)
	}
	if ix.BootID != bootID {
		return nil, fmt.Errorf("%s: %w", n.IndexPath(), ErrIndexOfAnotherBoot)
	}
	return ix, nil
}

// ReadIndex returns the index that the last operation of this boot left, or nil if there is none: then the namespace is
// to be repaired from its records.
func (n *Namespace) ReadIndex(bootID string) *Index {
	ix, _ := n.LoadIndex(bootID)
	return ix
}

// TakeIndex marks the namespace as being changed: it removes the index.
func (n *Namespace) TakeIndex() error {
	err := os.Remove(n.IndexPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// WriteIndex puts a new index in place, which says that all files are as the records want them.
func (n *Namespace) WriteIndex(ix *Index) error {
	if err := n.dir.MakeDir(filepath.Dir(n.IndexPath())); err != nil {
		return err
	}
	return replace(n.IndexPath(), ix.encode(), recordMode, false)
}

// Rows tells which rows of the offset table are in use.
func (ix *Index) Rows() []bool {
	used := make([]bool, 0, len(ix.Containers)+len(ix.Networks)+1)
	for _, c := range ix.Containers {
		used = mark(used, c.Number)
	}
	for _, n := range ix.Networks {
		used = mark(used, n.Number)
	}
	return used
}

// Columns tells which columns of the offset table are in use.
func (ix *Index) Columns() []bool {
	used := make([]bool, 0, len(ix.Containers)+1)
	for _, c := range ix.Containers {
		for i := range c.Attachments {
			used = mark(used, c.Attachments[i].Number)
		}
	}
	return used
}

func mark(used []bool, i int) []bool {
	for len(used) <= i {
		used = append(used, false)
	}
	used[i] = true
	return used
}
