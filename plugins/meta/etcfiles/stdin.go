package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/containernetworking/cni/pkg/types"
	"golang.org/x/sys/unix"
)

// maxStdin is the largest configuration in bytes that is read; a GC call lists every attachment of a network.
const maxStdin = 16 << 20

// boundedStdin reads all of stdin, at most maxStdin bytes, and returns it as a file for skel, which reads without limit.
func (p *plugin) boundedStdin(stdin io.Reader) (*os.File, error) {
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
	if p.version, err = looksLike(data); err != nil {
		return nil, err
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

// looksLike refuses what skel would refuse in Go's words, and returns the version of the configuration, "" if it is not one
// that the plugin speaks.
func looksLike(data []byte) (version string, err error) {
	var head struct {
		CNIVersion any `json:"cniVersion"`
		Name       any `json:"name"`
	}
	refuse := func(format string, args ...any) error {
		return types.NewError(types.ErrDecodingFailure, fmt.Sprintf(format, args...), "")
	}
	const must = "stdin must hold the network configuration as a JSON object: it "
	err = json.Unmarshal(data, &head)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return "", refuse(must+"holds a JSON %s", wrong.Value)
	case err != nil:
		return "", refuse(must+"is not JSON: %v", err)
	case bytes.Equal(bytes.TrimSpace(data), []byte("null")):
		return "", refuse(must + "holds null")
	}
	for _, key := range []struct {
		name  string
		value any
	}{{"cniVersion", head.CNIVersion}, {"name", head.Name}} {
		if _, text := key.value.(string); !text && key.value != nil {
			return "", refuse("key %s is a JSON %s: want a string", key.name, kindOf(key.value))
		}
	}
	if version, _ = head.CNIVersion.(string); !slices.Contains(versions.SupportedVersions(), version) {
		version = ""
	}
	return version, nil
}

// kindOf names the kind of a decoded JSON value that is not a string.
func kindOf(value any) string {
	switch value.(type) {
	case float64:
		return "number"
	case bool:
		return "bool"
	case []any:
		return "array"
	}
	return "object"
}
