package hostsstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// maxVersion bounds what passes for a version: a greater number is garbage.
const maxVersion = 1 << 16

// decodeRecord reads a record at path. The error is ErrNewer or ErrCorrupt.
func (n *Namespace) decodeRecord(path string, data []byte) (*Record, error) {
	r := &Record{}
	err := json.NewDecoder(bytes.NewReader(data)).Decode(r)
	if err == nil && (r.Etcfiles == nil || (1 <= r.Etcfiles.Version && r.Etcfiles.Version <= FormatVersion)) {
		return r, nil
	}
	if newer := n.checkVersion(path, data); newer != nil {
		return nil, newer
	}
	if err == nil {
		err = fmt.Errorf("it is of format %d", r.Etcfiles.Version)
	}
	return nil, &safefile.ContentError{Path: path, Err: fmt.Errorf("%w: %w", ErrCorrupt, err)}
}

// checkVersion refuses a record of a later format, whatever else it holds: what a format changes is no damage.
func (n *Namespace) checkVersion(path string, data []byte) error {
	var r struct{ Etcfiles struct{ Version float64 } }
	_ = json.NewDecoder(bytes.NewReader(data)).Decode(&r) // what can be read is read also when something else is wrong
	v := r.Etcfiles.Version
	if v <= FormatVersion || v > maxVersion || v != math.Trunc(v) {
		return nil
	}
	return &newerError{path, v, n.dir}
}

type newerError struct {
	path    string
	version float64
	dir     Dir
}

func (e *newerError) Error() string {
	return fmt.Sprintf("%s: the store is of format %g, this etcfiles understands %d: install the newer version, or remove the containers and then the directory %s",
		e.path, e.version, FormatVersion, e.dir)
}

func (e *newerError) Unwrap() error { return ErrNewer }
