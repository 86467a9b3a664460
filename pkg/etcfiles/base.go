package etcfiles

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// base returns the content of baseHostsFile and the names in it; one that is absent is none.
func (m *Manager) base() (data []byte, userNames []string) {
	if m.BaseHostsFile == "" {
		return nil, nil
	}
	data, err := readBase(m.BaseHostsFile)
	if err == nil {
		data = etchosts.WithoutLoopback(data)
		userNames, err = etchosts.UserNames(m.Marker, string(data), roster.Spare())
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		m.Warnf("baseHostsFile %s is left out: %v", m.BaseHostsFile, err)
		return nil, nil
	}
	return data, userNames
}

// readBase reads a regular file, which may be a link, within the bounds of a hosts file. It does not wait for a FIFO.
func readBase(path string) ([]byte, error) {
	data, err := safefile.ReadLinked(path, roster.Spare().Bytes+1)
	if err == nil && int64(len(data)) > roster.Spare().Bytes {
		err = fmt.Errorf("more than %d bytes: %w", roster.Spare().Bytes, etchosts.ErrTooLarge)
	}
	return data, err
}
