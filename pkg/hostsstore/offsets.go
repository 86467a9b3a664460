package hostsstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
)

// Offsets is a table of hints: where in the hosts file with one number the lines of the attachment with another number
// stand, in bytes, 0 if unknown. It lies in a file, column by column, one column per attachment. A hint may be wrong;
// whoever follows it looks at what stands there first.
type Offsets struct {
	f       *os.File
	stride  int        // cells in a column
	columns [][]uint32 // of a table that is made anew: kept here until Flush
	fresh   bool
	mu      sync.Mutex
}

const cellSize = 4

// OpenOffsets opens the table with columns of stride cells, empty if it is not there or if fresh is true.
func (n *Namespace) OpenOffsets(stride int, fresh bool) (*Offsets, error) {
	if err := n.dir.MakeDir(n.indexDir()); err != nil {
		return nil, err
	}
	f, err := openRegular(n.offsetsPath(), os.O_RDWR|os.O_CREATE)
	if errors.Is(err, ErrNotRegular) { // a cache is made anew
		if err = os.Remove(n.offsetsPath()); err == nil {
			f, err = openRegular(n.offsetsPath(), os.O_RDWR|os.O_CREATE|os.O_EXCL)
		}
	}
	if err == nil && fresh {
		err = f.Truncate(0)
	}
	if err != nil {
		return nil, err
	}
	return &Offsets{f: f, stride: stride, fresh: fresh}, nil
}

// Column reads the hints for one attachment, indexed by the number of the hosts file.
func (o *Offsets) Column(attachment int) []uint32 {
	b := make([]byte, o.stride*cellSize)
	n, _ := o.f.ReadAt(b, int64(attachment)*int64(len(b))) // what is not there is unknown, that is 0
	clear(b[n:])
	cells := make([]uint32, o.stride)
	for i := range cells {
		cells[i] = binary.LittleEndian.Uint32(b[i*cellSize:])
	}
	return cells
}

// SetColumn writes the hints for one attachment.
func (o *Offsets) SetColumn(attachment int, cells []uint32) error {
	b := make([]byte, 0, len(cells)*cellSize)
	for _, c := range cells {
		b = binary.LittleEndian.AppendUint32(b, c)
	}
	_, err := o.f.WriteAt(b, int64(attachment)*int64(o.stride*cellSize))
	return err
}

// Set writes one hint. Goroutines may call it at once for different files.
func (o *Offsets) Set(attachment, file int, offset uint32) error {
	if o.fresh {
		o.mu.Lock()
		for len(o.columns) <= attachment {
			o.columns = append(o.columns, nil)
		}
		if o.columns[attachment] == nil {
			o.columns[attachment] = make([]uint32, o.stride)
		}
		o.columns[attachment][file] = offset
		o.mu.Unlock()
		return nil
	}
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, cellSize), offset)
	_, err := o.f.WriteAt(b, (int64(attachment)*int64(o.stride)+int64(file))*cellSize)
	if err != nil {
		return fmt.Errorf("offset table: %w", err)
	}
	return nil
}

// Flush writes what a fresh table keeps in memory.
func (o *Offsets) Flush() error {
	for i, cells := range o.columns {
		if cells == nil {
			continue
		}
		if err := o.SetColumn(i, cells); err != nil {
			return err
		}
	}
	return nil
}

// Widen gives the first columns of the table more cells.
func (o *Offsets) Widen(stride, columns int) error {
	old := make([][]uint32, columns)
	for i := range old {
		old[i] = o.Column(i)
	}
	o.stride = stride
	for i, cells := range old {
		if err := o.SetColumn(i, append(cells, make([]uint32, stride-len(cells))...)); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the table.
func (o *Offsets) Close() error { return o.f.Close() }

// RemoveCaches removes the index, the offset table and their directory, for a namespace with no container.
func (n *Namespace) RemoveCaches() error {
	return errors.Join(Remove(n.IndexPath()), Remove(temporaryOf(n.IndexPath())), Remove(n.offsetsPath()), Remove(n.pendingDir()), Remove(n.indexDir()))
}
