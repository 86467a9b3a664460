package main

import (
	"fmt"
	"io"
	"os"

	"github.com/containernetworking/cni/pkg/types"
	"golang.org/x/sys/unix"
)

// maxStdin is the largest configuration in bytes that is read; a GC call lists every attachment of a network.
const maxStdin = 16 << 20

// boundedStdin reads all of stdin, at most maxStdin bytes, and returns it as a file for skel, which reads without limit.
func boundedStdin(stdin io.Reader) (*os.File, error) {
	if os.Getenv("CNI_COMMAND") == "VERSION" {
		return os.Stdin, nil
	}
	data, err := io.ReadAll(io.LimitReader(stdin, maxStdin+1))
	if err != nil {
		return nil, types.NewError(types.ErrIOFailure, "stdin cannot be read: "+err.Error(), "")
	}
	if len(data) == 0 {
		return nil, types.NewError(types.ErrDecodingFailure, "stdin is empty: it must hold the network configuration as JSON", "")
	}
	if len(data) > maxStdin {
		return nil, types.NewError(types.ErrDecodingFailure, fmt.Sprintf("stdin is larger than %d MiB: it must hold one network configuration", maxStdin>>20), "")
	}
	fd, err := unix.MemfdCreate("stdin", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, types.NewError(types.ErrIOFailure, "stdin cannot be buffered: "+err.Error(), "")
	}
	f := os.NewFile(uintptr(fd), "stdin")
	_, err = f.Write(data)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, types.NewError(types.ErrIOFailure, "stdin cannot be buffered: "+err.Error(), "")
	}
	return f, nil
}
