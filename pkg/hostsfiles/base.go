package hostsfiles

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

// Base returns the head of a new hosts file: the content of the baseHostsFile at path, without localhost, and the names in it. One
// that is absent is none, and one that cannot be used is a warning. It is parsed only if it is another than known, which learns it.
func Base(path string, marker etchosts.Marker, known *hostsstore.Base, warnf func(string, ...any)) (data []byte, userNames []string) {
	if path == "" {
		return nil, nil
	}
	file, settled := identifyBase(path) // before it is read: of one that changes meanwhile the next operation sees it
	data, err := readBase(path)
	if err == nil {
		data = etchosts.WithoutLoopback(data)
		if userNames = known.Names; !settled || known.File != file || known.Marker != string(marker) {
			userNames, err = etchosts.UserNames(marker, string(data), roster.Spare())
		}
	}
	if err == nil && settled {
		*known = hostsstore.Base{File: file, Marker: string(marker), Names: userNames}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		warnf("baseHostsFile %s is left out: %v", path, err)
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
	file = hostsstore.FileIDOf(&st)
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
