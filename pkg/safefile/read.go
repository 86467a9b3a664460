package safefile

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Read reads a regular file with one name, of at most limit bytes; the rest is cut off. It neither follows a link nor waits.
func Read(path string, limit int64) ([]byte, error) {
	fd, st, err := Anywhere.Descriptor(path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return readAndClose(fd, path, st.Size, limit)
}

// ReadLinked is Read for a file that somebody with the trust of the host has named, such as the host's resolv.conf: it may
// be a link, and may have other names. It waits for nothing either.
func ReadLinked(path string, limit int64) ([]byte, error) {
	fd, err := openFile(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EACCES) && isDevice(os.Stat(path)) {
		return nil, notRegular("open", path)
	}
	if err != nil {
		return nil, err
	}
	st, err := stat(fd, path)
	if err == nil && !regular(&st) {
		err = notRegular("open", path)
	}
	if err != nil {
		return nil, errors.Join(err, closeFile(fd, path))
	}
	return readAndClose(fd, path, st.Size, limit)
}

// ReadHeld is Read for a file that is held with O_PATH, see OpenIn, and may have other names. It is opened for reading only
// when it is known that it is not a FIFO or device.
func ReadHeld(held *os.File, limit int64) ([]byte, error) {
	st, err := stat(int(held.Fd()), held.Name())
	if err == nil && !regular(&st) {
		err = notRegular("open", held.Name())
	}
	if err != nil {
		return nil, err
	}
	fd, err := openFile(fmt.Sprintf("/proc/self/fd/%d", held.Fd()), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return readAndClose(fd, held.Name(), st.Size, limit)
}

func readAndClose(fd int, path string, size, limit int64) ([]byte, error) {
	data, err := readAll(fd, path, size, limit)
	return data, errors.Join(err, closeFile(fd, path))
}
