package safefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Read reads a regular file with one name, of at most limit bytes; the rest is cut off. It neither follows a link nor waits.
func Read(path string, limit int64) ([]byte, error) {
	f, st, err := open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, st.Size, limit)
}

// ReadLinked is Read for a file that somebody with the trust of the host has named, such as the host's resolv.conf: it may
// be a link, and may have other names. It waits for nothing either.
func ReadLinked(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EACCES) && isDevice(os.Stat(path)) {
		return nil, notRegular("open", path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := stat(int(f.Fd()), path)
	if err == nil && !regular(&st) {
		err = notRegular("open", path)
	}
	if err != nil {
		return nil, err
	}
	return read(f, st.Size, limit)
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
	f, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", held.Fd()), os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, st.Size, limit)
}

func read(f *os.File, size, limit int64) ([]byte, error) {
	data := bytes.NewBuffer(make([]byte, 0, min(size, limit)+bytes.MinRead))
	_, err := data.ReadFrom(io.LimitReader(f, limit))
	return data.Bytes(), err
}
