package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// LoadIndex returns the index of the boot, whole. The error is fs.ErrNotExist when there is none, ErrIndexOfAnotherBoot for
// one that an earlier boot left, any other for one that cannot be read.
func (n *Namespace) LoadIndex(bootID string) (*Index, error) {
	var err error
	for range 5 { // without the lock an operation may have put another one in place meanwhile, and removed parts of this
		var ix *Index
		if ix, err = loadIndex(n.IndexPath(), bootID); err != nil {
			return nil, err
		}
		if err = n.LoadRest(ix); err == nil {
			return ix, nil
		}
	}
	return nil, err
}

// loadIndex returns an index without its parts.
func loadIndex(path, bootID string) (*Index, error) {
	data, err := safefile.Read(path, maxIndex)
	if err != nil {
		return nil, err
	}
	ix, err := decodeIndex(string(data))
	if err != nil {
		return nil, &safefile.ContentError{Path: path, Err: err}
	}
	if ix.BootID != bootID {
		return nil, &safefile.ContentError{Path: path, Err: ErrIndexOfAnotherBoot}
	}
	return ix, nil
}

// ReadIndex returns the index that the last operation of this boot left, one that an operation has taken which was then
// interrupted, or nil if there is neither: then the namespace is to be repaired from its records.
func (n *Namespace) ReadIndex(bootID string) *Index {
	ix := n.ReadPart(bootID, "", false)
	if ix == nil || n.LoadRest(ix) != nil {
		return nil
	}
	return ix
}

// ReadPart is ReadIndex for an operation that is about one network, "" for none: of the containers only those are certain to
// be there whose files it may concern, see Index.Partial, and with pods also all pods. LoadRest reads the others.
func (n *Namespace) ReadPart(bootID, network string, pods bool) *Index {
	ix, err := loadIndex(n.IndexPath(), bootID)
	if errors.Is(err, fs.ErrNotExist) {
		if ix, _ = loadIndex(n.takenPath(), bootID); ix != nil {
			ix.Interrupted = true
		}
	}
	if ix == nil || n.loadParts(ix, func(p *part) bool { return p.has(network) || pods && p.pods }) != nil {
		return nil
	}
	return ix
}

// LoadRest reads those containers of an index that have not been read. After an error it is no index: a part is not there, or
// another one than was written with it.
func (n *Namespace) LoadRest(ix *Index) error {
	return n.loadParts(ix, func(*part) bool { return true })
}

func (n *Namespace) loadParts(ix *Index, wanted func(*part) bool) error {
	for _, p := range ix.parts {
		if p.read || !wanted(p) {
			continue
		}
		path := n.partPath(p.slot)
		data, err := safefile.Read(path, maxIndex)
		if errors.Is(err, fs.ErrNotExist) { // not what it means of an index
			err = fmt.Errorf("%w: %s is missing", errIndex, path)
		}
		if err == nil {
			err = ix.decodePart(p, string(data))
		}
		if err != nil {
			return &safefile.ContentError{Path: path, Err: err}
		}
	}
	return nil
}

// Knows reports whether an index has all that the store has of containers: one that it may lack has a record.
func (n *Namespace) Knows(ix *Index, ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return ix.Containers[id] == nil && n.HasRecord(id) })
}

// Missing returns the IDs of the index's containers that are not listed.
func (ix *Index) Missing(listed []string) []string {
	set := make(map[string]struct{}, len(listed))
	for _, id := range listed {
		set[id] = struct{}{}
	}
	var missing []string
	for id := range ix.Containers {
		if _, ok := set[id]; !ok {
			missing = append(missing, id)
		}
	}
	return missing
}
