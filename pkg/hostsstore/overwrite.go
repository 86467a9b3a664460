package hostsstore

import (
	"errors"
	"os"
)

// Overwrite gives a file that may be mounted in a container new content: the inode stays. The content comes in one
// write before the file is cut to its length, so that a reader never sees an empty file.
func Overwrite(path string, data []byte) error {
	f, err := openRegular(path, os.O_RDWR)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(data, 0)
	}
	if err == nil && info.Size() > int64(len(data)) {
		err = f.Truncate(int64(len(data)))
	}
	return errors.Join(err, f.Close())
}
