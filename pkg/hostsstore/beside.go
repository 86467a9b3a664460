package hostsstore

import (
	"errors"
	"io/fs"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Two files stand beside a record and repeat a part of it for who may not read it: etcfiles-mount in a user-namespaced container. They are
// written before the record, and removed with the container's directory. See netns.go and inherited.go.

// WriteBeside brings the netns file and the inherited file to the record.
func (n *Namespace) WriteBeside(r *Record) error {
	return errors.Join(n.WriteNetns(r), n.WriteInherited(r))
}

func (n *Namespace) removeBeside(id string) error {
	return errors.Join(removeFile(n.NetnsPath(id)), removeFile(n.InheritedPath(id)))
}

// besideMatches reports whether a file beside a record has the text, and is absent where it is not wanted.
func besideMatches(path, text string, wanted bool) bool {
	data, err := safefile.Read(path, int64(len(text))+1)
	if errors.Is(err, fs.ErrNotExist) {
		return !wanted
	}
	return err == nil && wanted && string(data) == text
}

// writeBeside brings it to that.
func writeBeside(path, text string, wanted bool) error {
	switch {
	case besideMatches(path, text, wanted):
		return nil
	case wanted:
		return WriteFile(path, []byte(text))
	}
	return removeFile(path)
}
