package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/etcfiles/etcfiles/pkg/parallel"
)

// Change is what the store has of a container that the index does not know as it is: its record, or why there is none.
// The zero value is no change.
type Change struct {
	State   FileID // of the record
	Record  *Record
	Corrupt error
	Absent  bool
}

// Changes reads those of the records that are new or have changed since the index was written, and changes nothing. A record that
// cannot be read just now is an error: to go on without it would take the names of a living container away. So is one of a
// later format, as ErrNewer; the index vouches for the others. With leaving it also looks at removals that were cut off.
func (n *Namespace) Changes(ix *Index, ids []string, leaving bool) ([]Change, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := n.OpenRecords()
	if err != nil {
		return nil, err
	}
	defer func() { _ = records.Close() }()
	list := make([]Change, len(ids))
	errs := make([]error, len(ids))
	parallel.Do(len(ids), func(i int) {
		f, id := &list[i], ids[i]
		f.State, errs[i] = StatRecordIn(records, id)
		if c := ix.Containers[id]; errs[i] == nil && (c == nil || c.Record != f.State) {
			f.Record, errs[i] = n.ReadRecord(id)
		}
		switch {
		case errors.Is(errs[i], fs.ErrNotExist):
			f.Absent, errs[i] = true, nil
			if leaving {
				if _, err := n.Leaving(id); errors.Is(err, ErrNewer) {
					errs[i] = err
				}
			}
		case errors.Is(errs[i], ErrCorrupt):
			f.Corrupt, errs[i] = errs[i], nil
		}
	})
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("record of container %s: %w", ids[i], err)
		}
	}
	return list, nil
}

// An operation looks each time for what others do to records and network namespaces, all at once, while there are few containers, and
// else when the time for each container has passed since that was last done: it takes some microseconds for each.
const (
	fewToLookAt  = 256
	betweenLooks = 2 * time.Millisecond // for each container
)

// Recent reports whether all records were looked at so lately that an operation, at a time since boot, need look only at those that
// it is about.
func (ix *Index) Recent(now time.Duration) bool {
	n := ix.Len()
	return n > fewToLookAt && !ix.Interrupted && !ix.Foreign() && ix.Looked <= now && now-ix.Looked < time.Duration(n)*betweenLooks
}
