package etcfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// base is Manager.base that parses the file only if it is another than the index knows.
func (t *tx) base() ([]byte, []string) { return t.m.base(&t.ix.Base) }

// base returns the content of baseHostsFile and the names in it, which known may have already; one that is absent is none.
func (m *Manager) base(known *hostsstore.Base) (data []byte, userNames []string) {
	if m.BaseHostsFile == "" {
		return nil, nil
	}
	file, settled := identifyBase(m.BaseHostsFile) // before it is read: of one that changes meanwhile the next operation sees it
	data, err := readBase(m.BaseHostsFile)
	if err == nil {
		data = etchosts.WithoutLoopback(data)
		if userNames = known.Names; !settled || known.File != file || known.Marker != string(m.Marker) {
			userNames, err = etchosts.UserNames(m.Marker, string(data), roster.Spare())
		}
	}
	if err == nil && settled {
		*known = hostsstore.Base{File: file, Marker: string(m.Marker), Names: userNames}
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

// identifyBase tells one content of the file from another. Settled says that a further change would show: file times may
// advance once a tick.
func identifyBase(path string) (file hostsstore.FileID, settled bool) {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return file, false
	}
	file = hostsstore.FileID{Inode: st.Ino, Size: st.Size, Ctime: st.Ctim.Nano()}
	return file, time.Since(time.Unix(0, file.Ctime)) > time.Second
}

// readBase reads a regular file, which may be a link, within the bounds of a hosts file. It does not wait for a FIFO.
func readBase(path string) ([]byte, error) {
	data, err := safefile.ReadLinked(path, roster.Spare().Bytes+1)
	if err == nil && int64(len(data)) > roster.Spare().Bytes {
		err = fmt.Errorf("more than %d bytes: %w", roster.Spare().Bytes, etchosts.ErrTooLarge)
	}
	return data, err
}
