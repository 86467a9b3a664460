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
// empty file nor the end of the old content.
func Overwrite(path string, data []byte) error {
	f, err := Open(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		padding := min(max(0, info.Size()-int64(len(data))), maxPadding)
		_, err = f.WriteAt(slices.Concat(data, bytes.Repeat([]byte("\n"), int(padding))), 0)
	}
	if err == nil && info.Size() > int64(len(data)) {
		err = f.Truncate(int64(len(data)))
	}
	return errors.Join(err, f.Close())
}
