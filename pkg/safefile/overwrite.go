package safefile

import (
	"bytes"
	"errors"
	"os"
	"slices"
)

// maxPadding bounds what Overwrite fills with newlines.
const maxPadding = 64 << 10

// Overwrite gives a file that may be mounted in a container new content: the inode stays. The content comes in one
// write, with newlines over what the file held beyond it, before the file is cut to its length: so a reader never sees an
// empty file nor the end of the old content. Its mtime is a later one, see Later.
func Overwrite(path string, data []byte) error {
	f, before, err := open(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	padding := min(max(0, before.Size-int64(len(data))), maxPadding)
	_, err = f.WriteAt(slices.Concat(data, bytes.Repeat([]byte("\n"), int(padding))), 0)
	if err == nil && before.Size > int64(len(data)) {
		err = f.Truncate(int64(len(data)))
	}
	_, lateErr := Later(int(f.Fd()), before.Mtim)
	return errors.Join(err, lateErr, f.Close())
}
