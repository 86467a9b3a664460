package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	KindNetns                  // which network namespace the record is of
	KindInherited              // that a resolv.conf of the runtime is to stay
	KindHosts                  // a container's hosts file
	KindResolvConf             // a container's resolv.conf
	KindHostname               // a container's hostname file
	KindNetwork                // the hosts file of a network
	KindIndex                  // the index
	KindTaken                  // the index that an operation has taken
	KindOffsets                // the table of offsets of an earlier version
	KindHolder                 // who had the lock when the last ADD waited for it in vain
	KindPending                // a DEL that was put off
	KindKept                   // what keepFiles remembers
	KindRemote                 // what another host has on a network
	KindTemporary              // half-written, of a process that is gone
)

// Entry is a file or directory of a namespace.
type Entry struct {
	Path    string
	Kind    Kind
	ID      string      // container; "" for what is of none
	Network string      // of a network's file or directory, and of those of other hosts
	Mode    fs.FileMode // of the entry itself, links are not followed
	Owner   Owner       // of the entry itself
	Want    fs.FileMode // permission bits that it has to have, see OwnDirMode for a container's own directories; 0 where they do not matter
	Empty   bool        // a directory with nothing in it
}

// mode returns the permission bits that a kind of file has to have, 0 where they do not matter.
func (k Kind) mode() fs.FileMode {
	switch k {
	case KindHosts, KindResolvConf, KindHostname, KindNetwork, KindNetns, KindInherited, KindRemote:
		return fileMode
	case KindRecord, KindIndex, KindPending, KindKept:
		return recordMode
	default:
		return 0
	}
}

// OfContainer reports whether it is one of the three files that a container has mounted.
func (k Kind) OfContainer() bool { return k == KindHosts || k == KindResolvConf || k == KindHostname }

// Bits returns the permission bits and, of a file, setuid, setgid and sticky as chmod(1) counts them.
func (e *Entry) Bits() fs.FileMode {
	bits := e.Mode.Perm()
	if e.Kind == KindDirectory {
		return bits
	}
	for mode, bit := range map[fs.FileMode]fs.FileMode{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if e.Mode&mode != 0 {
			bits |= bit
		}
	}
	return bits
}

// ownerOf returns the owner of what was looked at.
func ownerOf(info fs.FileInfo) Owner {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return Owner{UID: st.Uid, GID: st.Gid}
	}
	return Owner{}
}

// place is a directory of a namespace: what may be in it, and in its directories.
type place struct {
	dir   string
	files map[string]Kind
	rest  Kind                             // of files that the map does not name
	below func(name string) (place, Entry) // of a directory in it; nil where there is none
}

// Survey lists everything in the directories of the namespace, and the directories above these. What vanishes meanwhile is left
// out. It follows no link and writes nothing.
func (n *Namespace) Survey() ([]Entry, error) {
	container := func(parent string, files map[string]Kind) func(string) (place, Entry) {
		return func(id string) (place, Entry) {
			return place{dir: filepath.Join(parent, id), files: files}, Entry{ID: id}
		}
	}
	var list []Entry
	var errs []error
	for _, dir := range n.above() {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			list = append(list, Entry{Path: dir, Kind: KindDirectory, Mode: info.Mode(), Owner: ownerOf(info)})
		}
	}
	for _, p := range []place{
		{dir: n.ContainersDir(), below: container(n.ContainersDir(), map[string]Kind{
			ResolvConfFile: KindResolvConf, HostnameFile: KindHostname,
		})},
		{dir: n.RecordsDir(), below: container(n.RecordsDir(), map[string]Kind{
			HostsFile: KindHosts, recordFile: KindRecord, netnsFile: KindNetns, inheritedFile: KindInherited, leavingFile: KindLeaving, corruptFile: KindCorrupt,
		})},
		{dir: n.indexDir(), files: map[string]Kind{indexFile: KindIndex, takenFile: KindTaken, offsetsFile: KindOffsets, holderFile: KindHolder}, below: func(string) (place, Entry) {
			return place{dir: n.formerPendingDir(), rest: KindPending}, Entry{}
		}},
		{dir: n.pendingDir(), rest: KindPending},
		{dir: n.keptDir(), rest: KindKept},
		{dir: n.networksDir(), below: func(network string) (place, Entry) {
			return place{dir: filepath.Join(n.networksDir(), network), files: map[string]Kind{HostsFile: KindNetwork}}, Entry{Network: network}
		}},
		{dir: n.remoteDir(), below: func(network string) (place, Entry) {
			return place{dir: filepath.Join(n.remoteDir(), network), rest: KindRemote}, Entry{Network: network}
		}},
	} {
		errs = append(errs, p.survey(&list, Entry{}))
	}
	for i := range list {
		e := &list[i]
		if e.Want = e.Kind.mode(); e.Kind == KindDirectory {
			e.Want = n.dir.dirMode(e.Path)
		}
	}
	return list, errors.Join(errs...)
}

// above returns the directories above those of the namespace whose modes are etcfiles' to say.
func (n *Namespace) above() []string {
	var list []string
	if n.dir.ours() {
		list = append(list, string(n.dir))
	}
	for _, dir := range append(n.dirs(), n.remoteDir()) {
		list = append(list, filepath.Dir(dir))
	}
	return list
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
	self.Path, self.Kind, self.Mode, self.Owner = p.dir, KindDirectory, info.Mode(), ownerOf(info)
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
		e.Path, e.Kind, e.Mode, e.Owner = filepath.Join(p.dir, child.Name()), p.kindOf(child.Name()), info.Mode(), ownerOf(info)
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
	final, unfinished := strings.CutSuffix(strings.TrimPrefix(name, "."), ".new")
	unfinished = unfinished && name[0] == '.'
	switch _, ours := p.files[final]; {
	case unfinished && (ours || p.rest != KindUnknown):
		return KindTemporary
	case name[0] != '.':
		return p.rest
	}
	return KindUnknown
}
