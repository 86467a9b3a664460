package resolvconf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

const maxHostFile = 10 << 20

// Host is the host's resolv.conf(5).
type Host struct {
	Path    string // of the file that was read
	Data    []byte
	Missing error // why nothing could be read: there is no file of that name; nil if there is one
}

// ReadHost reads the host's file at path. If every nameserver in it is loopback and one is systemd-resolved's stub
// (127.0.0.53 or .54, systemd-resolved.service(8)), it is the file at resolvedPath instead. What is no file (absent, a link to
// itself, a directory, a FIFO, a name below a file) is Host.Missing; the error is for a file that could not be read. Of a file
// over 10 MiB the whole lines within it are read.
func ReadHost(path, resolvedPath string) (Host, error) {
	host, err := read(path)
	if err != nil || !stub(host.Data) {
		return host, err
	}
	if upstream, err := read(resolvedPath); err == nil && upstream.Missing == nil {
		return upstream, nil
	}
	return host, nil
}

func read(path string) (Host, error) {
	host := Host{Path: path}
	data, err := safefile.ReadLinked(path, maxHostFile+1)
	switch {
	case errors.Is(err, safefile.ErrNotRegular):
		host.Missing = fmt.Errorf("%s is not a regular file", path)
		return host, nil
	case noFile(err):
		host.Missing = err
		return host, nil
	}
	host.Data = data
	if len(host.Data) > maxHostFile {
		host.Data = host.Data[:bytes.LastIndexByte(host.Data[:maxHostFile], '\n')+1] // a cut address would be another address
	}
	return host, err
}

// noFile reports whether an error of open(2) says that no file has the name: absent, a loop of links, below a file, a socket.
func noFile(err error) bool {
	return slices.ContainsFunc([]error{fs.ErrNotExist, syscall.ELOOP, syscall.ENOTDIR}, func(target error) bool {
		return errors.Is(err, target)
	})
}

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
			if _, err := parseAddr(fields[1]); err == nil {
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

func stub(data []byte) bool {
	found := false
	for _, s := range parse(data).Nameservers {
		addr, err := parseAddr(s)
		if err != nil || !addr.IsLoopback() {
			return false
		}
		switch addr.String() {
		case "127.0.0.53", "127.0.0.54":
			found = true
		}
	}
	return found
}

// Held returns what a resolv.conf holds that somebody else has written.
func Held(data []byte) Result {
	d := parse(data)
	return Result{Nameservers: d.Nameservers, Search: d.Search, Options: d.Options}
}

// Nameservers returns the nameservers in a resolv.conf(5), those that are addresses.
func Nameservers(data []byte) []string { return parse(data).Nameservers }
