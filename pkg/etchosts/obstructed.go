package etchosts

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Obstructed reports that a file cannot be used because of what its owner has made of it: that is the owner's harm and
// nobody else's. A container may make its file huge, immutable, or a program that runs (ETXTBSY), take a lease on it
// (EAGAIN, see fcntl(2)), or make it as large as can be while we append (EFBIG).
func Obstructed(err error) bool {
	for _, e := range []error{
		safefile.ErrNotRegular, ErrTooLarge,
		unix.EPERM, unix.EACCES, unix.ENOTDIR, unix.ETXTBSY, unix.EAGAIN, unix.EFBIG,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
