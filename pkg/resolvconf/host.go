package resolvconf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
)

const maxHostFile = 1 << 20

// parse reads a resolv.conf(5): comments and unknown or malformed lines are skipped, the last of domain and search wins,
// options accumulate. It takes more than libc where other readers do (a blank before the keyword, a carriage return).
func parse(data []byte) DNS {
	var d DNS
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if i := slices.IndexFunc(fields, comment); i >= 0 {
			fields = fields[:i]
		}
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			if _, err := netip.ParseAddr(fields[1]); err == nil {
				d.Nameservers = append(d.Nameservers, fields[1])
			}
		case "domain":
			d.Search = fields[1:2]
		case "search":
			d.Search = fields[1:]
		case "options":
			d.Options = append(d.Options, fields[1:]...)
		}
	}
	return d
}

// comment reports whether a word begins a comment; inside a word ("192.0.2.1#53") it is part of a bad value.
func comment(word string) bool { return word[0] == '#' || word[0] == ';' }

// ReadHost reads the host's file at path, and returns the path of what it has read. If every nameserver in it is loopback
// and one is systemd-resolved's stub (127.0.0.53 or .54, systemd-resolved.service(8)), that is the file at resolvedPath
// instead. A file that is absent is nil and no error; one that is not regular, such as a FIFO, is an error. Of a file over
// 1 MiB the whole lines within it are read.
func ReadHost(path, resolvedPath string) (data []byte, from string, err error) {
	data, err = read(path)
	if err != nil || !stub(data) {
		return data, path, err
	}
	if upstream, err := read(resolvedPath); err == nil && upstream != nil {
		return upstream, resolvedPath, nil
	}
	return data, path, nil
}

func read(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%s is no regular file", path), err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxHostFile+1))
	if len(data) > maxHostFile {
		data = data[:bytes.LastIndexByte(data[:maxHostFile], '\n')+1] // a cut address would be another address
	}
	return data, err
}

func stub(data []byte) bool {
	found := false
	for _, s := range parse(data).Nameservers {
		addr, err := netip.ParseAddr(s)
		if err != nil || !addr.Unmap().IsLoopback() {
			return false
		}
		switch addr.Unmap().String() {
		case "127.0.0.53", "127.0.0.54":
			found = true
		}
	}
	return found
}
