package ocispec

import (
	"errors"
	"os"
	"syscall"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// replaceAlike writes a file as safefile.Replace does, and leaves its owner and its mode as they are. The directory may be another
// user's: what that one puts in the way of the temporary file is not followed.
func replaceAlike(path string, data []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	temporary := safefile.Temporary(path)
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := safefile.Open(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t) // as on every Linux
	_, err = f.Write(data)
	err = errors.Join(err, f.Chown(int(owner.Uid), int(owner.Gid)), f.Chmod(info.Mode()), f.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}
