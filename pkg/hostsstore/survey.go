package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Kind says what an Entry is.
type Kind int

// What is in the directories of a namespace.
const (
	KindUnknown    Kind = iota // nothing that etcfiles makes
	KindDirectory              // one that etcfiles makes
	KindRecord                 // meta.json
	KindLeaving                // of a removal that was begun and not finished
	KindCorrupt                // one that did not parse and was put aside
	KindHosts                  // a container's hosts file
	KindResolvConf             // a container's resolv.conf
	KindHostname               // a container's hostname file
	KindNetwork                // the hosts file of a network
	KindIndex                  // the index
	KindOffsets                // the offset table
	KindPending                // a DEL that was put off
	KindKept                   // what keepFiles remembers
	KindTemporary              // half-written, of a process that is gone
)

// Entry is a file or directory of a namespace.
type Entry struct {
	Path    string
	Kind    Kind
	ID      string      // container; "" for what is of none
	Network string      // of a network's file or directory
	Mode    fs.FileMode // of the entry itself, links are not followed
	Empty   bool        // a directory with nothing in it
}

// Mode returns the permission bits that a kind of entry has to have, false where they do not matter.
func (k Kind) Mode() (fs.FileMode, bool) {
	switch k {
	case KindDirectory:
		return dirMode, true
	case KindHosts, KindResolvConf, KindHostname, KindNetwork:
		return fileMode, true
	case KindRecord, KindIndex, KindPending, KindKept:
		return recordMode, true
	default:
		return 0, false
	}
}

// place is a directory of a namespace: what may be in it, and in its directories.
type place struct {
	dir   string
	files map[string]Kind
	rest  Kind                             // of files that the map does not name
	below func(name string) (place, Entry) // of a directory in it; nil where there is none
}

// Survey lists everything in the directories of the namespace, in the order of the paths. What vanishes meanwhile is left
// out. It follows no link and writes nothing.
func (n *Namespace) Survey() ([]Entry, error) {
	container := func(parent string, files map[string]Kind) func(string) (place, Entry) {
		return func(id string) (place, Entry) {
			return place{dir: filepath.Join(parent, id), files: files}, Entry{ID: id}
		}
	}
	var list []Entry
	var errs []error
	for _, p := range []place{
		{dir: n.ContainersDir(), below: container(n.ContainersDir(), map[string]Kind{
			ResolvConfFile: KindResolvConf, HostnameFile: KindHostname,
		})},
		{dir: n.RecordsDir(), below: container(n.RecordsDir(), map[string]Kind{
			HostsFile: KindHosts, recordFile: KindRecord, leavingFile: KindLeaving, corruptFile: KindCorrupt,
		})},
		{dir: n.indexDir(), files: map[string]Kind{indexFile: KindIndex, offsetsFile: KindOffsets}, below: func(string) (place, Entry) {
			return place{dir: n.pendingDir(), rest: KindPending}, Entry{}
		}},
		{dir: n.keptDir(), rest: KindKept},
		{dir: n.networksDir(), below: func(network string) (place, Entry) {
			return place{dir: filepath.Join(n.networksDir(), network), files: map[string]Kind{HostsFile: KindNetwork}}, Entry{Network: network}
		}},
	} {
		errs = append(errs, p.survey(&list, Entry{}))
	}
	return list, errors.Join(errs...)
}

// survey appends the directory and what is in it; of is what its files have in common.
func (p place) survey(list *[]Entry, of Entry) error {
	info, err := os.Lstat(p.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	self := of
	self.Path, self.Kind, self.Mode = p.dir, KindDirectory, info.Mode()
	at := len(*list)
	*list = append(*list, self)
	if !info.IsDir() {
		return nil
	}
	children, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	(*list)[at].Empty = len(children) == 0
	var errs []error
	for _, child := range children {
		if child.IsDir() && p.below != nil {
			below, common := p.below(child.Name())
			errs = append(errs, below.survey(list, common))
			continue
		}
		info, err := child.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e := of
		e.Path, e.Kind, e.Mode = filepath.Join(p.dir, child.Name()), p.kindOf(child.Name()), info.Mode()
		switch {
		case e.Kind == KindKept:
			e.ID = child.Name()
		case e.Kind == KindTemporary && p.rest == KindPending && beingWritten(e.Path):
			continue
		}
		*list = append(*list, e)
	}
	return errors.Join(errs...)
}

func (p place) kindOf(name string) Kind {
	if kind, ok := p.files[name]; ok {
		return kind
	}
	if p.rest != KindUnknown && name[0] != '.' {
		return p.rest
	}
	if strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".new") {
		return KindTemporary
	}
	return KindUnknown
}

// AllNamespaces lists every namespace that has a directory anywhere in the data directory, sorted. The error is
// fs.ErrNotExist when there is no data directory.
func (d Dir) AllNamespaces() ([]string, error) {
	if _, err := os.ReadDir(string(d)); err != nil {
		return nil, err
	}
	var names []string
	for _, dir := range d.Namespace("x").dirs() {
		entries, err := os.ReadDir(filepath.Dir(dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// dirs returns the directories of the namespace.
func (n *Namespace) dirs() []string {
	return []string{n.RecordsDir(), n.ContainersDir(), n.networksDir(), n.indexDir(), n.keptDir()}
}

// Exists reports whether the namespace may have a container or a lock: false means that there is nothing at all to be
// taken out of it.
func (n *Namespace) Exists() bool {
	_, err := os.Lstat(n.RecordsDir())
	return !errors.Is(err, fs.ErrNotExist)
}

// Has reports whether the store has anything of a container: a directory, or a note of keepFiles.
func (n *Namespace) Has(id string) (bool, error) {
	for _, path := range []string{filepath.Dir(n.recordPath(id)), filepath.Dir(n.HostnamePath(id)), n.keptPath(id)} {
		_, err := os.Lstat(path)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return false, nil
}

// HasCorrupt reports whether PutAside has put a record of the container aside.
func (n *Namespace) HasCorrupt(id string) bool {
	_, err := os.Lstat(filepath.Join(filepath.Dir(n.recordPath(id)), corruptFile))
	return err == nil
}

var (
	// ErrIndex is the error of LoadIndex for an index that does not parse.
	ErrIndex = errIndex
	// ErrIndexOfAnotherBoot is the error of LoadIndex for an index that counts no longer.
	ErrIndexOfAnotherBoot = errors.New("index of an earlier boot")
)

// LoadIndex returns the index of the boot. The error is fs.ErrNotExist when there is none, ErrIndex for one that does not
// parse, ErrIndexOfAnotherBoot for one that an earlier boot left.
func (n *Namespace) LoadIndex(bootID string) (*Index, error) {
	data, err := ReadSmall(n.indexPath(), maxIndex)
	if err != nil {
		return nil, err
	}
	ix, err := decodeIndex(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.indexPath(), err)
	}
	if ix.BootID != bootID {
		return nil, fmt.Errorf("%s: %w", n.indexPath(), ErrIndexOfAnotherBoot)
	}
	return ix, nil
}

// IndexPath returns the path of the index.
func (n *Namespace) IndexPath() string { return n.indexPath() }

// RecordPath returns the path of a container's meta.json.
func (n *Namespace) RecordPath(id string) string { return n.recordPath(id) }

// KeptPath returns the path of what keepFiles remembers of a container.
func (n *Namespace) KeptPath(id string) string { return n.keptPath(id) }

// OwnPath returns the path of one of a container's three files by its name, "" for a name that is none of theirs.
func (n *Namespace) OwnPath(id, file string) string { return n.ownPath(id, file) }

// Stat returns the identity of a file without following a link.
func Stat(path string) (FileID, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return FileID{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return FileID{st.Ino, st.Size, st.Ctim.Nano()}, nil
}

// Immutable reports whether a regular file has a flag that keeps everybody from writing it, see ioctl_iflags(2).
func Immutable(path string) (bool, error) {
	f, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return false, err
	}
	defer f.Close()
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EOPNOTSUPP) { // a file system without flags
		return false, nil
	}
	return flags&(flagImmutable|flagAppend) != 0, err
}

// SetMode gives a regular file of one name, or a directory, other permission bits. It follows no link.
func SetMode(path string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFDIR && (kind != unix.S_IFREG || st.Nlink > 1) {
		return &fs.PathError{Op: "chmod", Path: path, Err: ErrNotRegular}
	}
	return f.Chmod(mode)
}
