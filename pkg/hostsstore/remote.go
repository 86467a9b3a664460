package hostsstore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// ErrRemoteOfAnotherBoot is the error for the file of another host that an earlier boot left: it is as if it were not there.
var ErrRemoteOfAnotherBoot = errors.New("of another boot")

// RemotePath returns <dataDir>/remote/<NS>/<network>/<host>, the file with what another host has on a network.
func (n *Namespace) RemotePath(network, host string) string {
	return filepath.Join(n.remoteDir(), network, host)
}

func (n *Namespace) remoteDir() string { return filepath.Join(string(n.dir), "remote", n.name) }

// WriteRemote puts the file of a host in place, as of this boot; one without lines is removed. Nothing is synced: after a power cut it
// is of another boot. Lines of one peer have to stand together.
func (n *Namespace) WriteRemote(bootID, network string, h *RemoteHost) error {
	path := n.RemotePath(network, h.Host)
	if len(h.Lines) == 0 {
		return removeWithDirs(path)
	}
	data := h.encode(bootID)
	if len(data) > maxRemote {
		return &fs.PathError{Op: "write", Path: path, Err: fmt.Errorf("%d of at most %d bytes: %w", len(data), maxRemote, errRemoteTooLarge)}
	}
	if err := n.dir.MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	return WriteFile(path, data)
}

var errRemoteTooLarge = errors.New("one host has too many names on the network")

// RemoveStaleRemote removes the files of other hosts that are of another boot. It goes on after an error.
func (n *Namespace) RemoveStaleRemote(bootID string) error {
	return n.sweepRemote(func(path string) bool {
		_, err := ReadRemote(path, bootID)
		return errors.Is(err, ErrRemoteOfAnotherBoot)
	})
}

// TidyRemote removes what a process has left of the files of other hosts that was killed while it wrote one.
func (n *Namespace) TidyRemote() error {
	return n.sweepRemote(func(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") })
}

// sweepRemote removes files of other hosts, and directories that are empty.
func (n *Namespace) sweepRemote(which func(path string) bool) error {
	networks, err := directories(n.remoteDir())
	errs := []error{err}
	for _, network := range networks {
		dir := filepath.Join(n.remoteDir(), network)
		errs = append(errs, removeEntries(dir, func(e fs.DirEntry) bool { return e.Type().IsRegular() && which(filepath.Join(dir, e.Name())) }))
		errs = append(errs, safefile.Remove(dir))
	}
	return errors.Join(append(errs, safefile.Remove(n.remoteDir()))...)
}

// ReadRemote reads the file of another host at path, which is at most 10 MiB. Lines of it that make no sense are left out. The error is
// ErrRemoteOfAnotherBoot for a file of another boot.
func ReadRemote(path, bootID string) (RemoteHost, error) {
	text, err := readRemote(path)
	if err != nil {
		return RemoteHost{}, err
	}
	h, err := decodeRemote(filepath.Base(path), text, bootID)
	if err != nil {
		err = &safefile.ContentError{Path: path, Err: err}
	}
	return h, err
}

// readRemote returns the content of a file as a string, which is what lines of it are parts of.
func readRemote(path string) (string, error) {
	text, err := safefile.Anywhere.ReadString(path, maxRemote+1)
	if err == nil && len(text) > maxRemote {
		err = &safefile.ContentError{Path: path, Err: fmt.Errorf("more than %d bytes: %w", maxRemote, errRemoteTooLarge)}
	}
	return text, err
}

// remoteHosts lists the hosts that have a file for a network, sorted.
func (n *Namespace) remoteHosts(network string) ([]string, error) {
	dir := filepath.Dir(n.RemotePath(network, "x"))
	if err := safefile.CheckDir(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []string
	for _, e := range entries {
		if names.CheckElement(e.Name()) == nil {
			list = append(list, e.Name())
		}
	}
	return list, err
}

// Remotes reads what other hosts have on the networks of a namespace, each network once. Where there is nothing of other hosts it costs
// one system call. What cannot be read is left out. Goroutines may use it at once.
type Remotes struct {
	n      *Namespace
	bootID string
	warn   func(error)
	some   func() bool // there is a directory for the namespace

	mu       sync.Mutex
	networks map[string]*remoteNetwork
}

// remoteNetwork is what has been read of one network.
type remoteNetwork struct {
	files []remoteFile
	parse func() []RemoteHost
}

type remoteFile struct {
	host string
	text string
}

// Remotes returns a reader of what other hosts have. Warn is called for what is left out, and may be nil.
func (n *Namespace) Remotes(bootID string, warn func(error)) *Remotes {
	r := &Remotes{n: n, bootID: bootID, warn: warn, networks: map[string]*remoteNetwork{}}
	if r.warn == nil {
		r.warn = func(error) {}
	}
	r.some = sync.OnceValue(func() bool { return exists(n.remoteDir()) })
	return r
}

// Of returns what each of the hosts has on a network, in the order of their names.
func (r *Remotes) Of(network string) []RemoteHost {
	if r == nil {
		return nil
	}
	if read := r.read(network); read != nil {
		return read.parse()
	}
	return nil
}

// Has reports whether another host has anything on a network.
func (r *Remotes) Has(network string) bool {
	if r == nil {
		return false
	}
	read := r.read(network)
	return read != nil && len(read.files) > 0
}

// Some reports whether another host may have anything on a network of the namespace.
func (r *Remotes) Some() bool { return r != nil && r.some() }

// Mention reports whether one of the addresses may stand in a line of another host on the network. It is cheaper than to look for it in
// what Of returns, and for who asks nothing else.
func (r *Remotes) Mention(network string, addresses []netip.Addr) bool {
	if !r.Some() || len(addresses) == 0 {
		return false
	}
	hosts, err := r.n.remoteHosts(network)
	if err != nil {
		return true // Of says why
	}
	if len(hosts) == 0 {
		return false
	}
	dir, err := safefile.OpenDir(filepath.Dir(r.n.RemotePath(network, hosts[0])))
	if err != nil {
		return true
	}
	defer func() { _ = dir.Close() }()
	sought := make([][]byte, len(addresses))
	for i, addr := range addresses {
		sought[i] = []byte("\n" + addr.String() + " ")
	}
	var found atomic.Bool
	parallel.Long(len(hosts), func(i int) {
		if found.Load() {
			return
		}
		buffer := remoteBuffers.Get().(*[]byte)
		defer remoteBuffers.Put(buffer)
		text, _ := dir.ReadInto(buffer, hosts[i], maxRemote) // what cannot be read is left out
		if slices.ContainsFunc(sought, func(line []byte) bool { return bytes.Contains(text, line) }) {
			found.Store(true)
		}
	})
	return found.Load()
}

// remoteBuffers are what files are looked through in: to have new pages for each would take longer than to look.
var remoteBuffers = sync.Pool{New: func() any { return new([]byte) }}

// Networks lists the networks on which another host has anything, sorted.
func (r *Remotes) Networks() []string {
	if r == nil || !r.some() {
		return nil
	}
	list, err := directories(r.n.remoteDir())
	if err != nil {
		r.warn(err)
	}
	return slices.DeleteFunc(list, func(network string) bool { return names.CheckElement(network) != nil || !r.Has(network) })
}

// Replace has the reader say from now on that these hosts are all that have anything on a network.
func (r *Remotes) Replace(network string, hosts []RemoteHost) {
	read := &remoteNetwork{parse: func() []RemoteHost { return hosts }}
	for _, h := range hosts {
		if len(h.Lines) > 0 {
			read.files = append(read.files, remoteFile{host: h.Host})
		}
	}
	r.mu.Lock()
	r.networks[network] = read
	r.mu.Unlock()
}

// read returns what there is of a network, nil for nothing.
func (r *Remotes) read(network string) *remoteNetwork {
	r.mu.Lock()
	defer r.mu.Unlock()
	read, known := r.networks[network]
	if known || !r.some() {
		return read
	}
	read = &remoteNetwork{files: r.load(network)}
	read.parse = sync.OnceValue(func() []RemoteHost { return r.parse(network, read.files) })
	r.networks[network] = read
	return read
}

// load reads the files of a network that are of this boot.
func (r *Remotes) load(network string) []remoteFile {
	hosts, err := r.n.remoteHosts(network)
	if err != nil {
		r.warn(fmt.Errorf("names of other hosts on network %s are left out: %w", network, err))
	}
	files := make([]remoteFile, len(hosts))
	errs := make([]error, len(hosts))
	parallel.Long(len(hosts), func(i int) {
		path := r.n.RemotePath(network, hosts[i])
		files[i].host = hosts[i]
		if files[i].text, errs[i] = readRemote(path); errs[i] == nil && !strings.HasPrefix(files[i].text, remoteHeader+r.bootID+" ") {
			if _, errs[i] = decodeRemote(hosts[i], files[i].text, r.bootID); errs[i] != nil {
				errs[i] = &safefile.ContentError{Path: path, Err: errs[i]}
			}
		}
	})
	out := files[:0]
	for i := range files {
		switch {
		case errs[i] == nil:
			out = append(out, files[i])
		case !errors.Is(errs[i], ErrRemoteOfAnotherBoot) && !errors.Is(errs[i], fs.ErrNotExist):
			r.warn(fmt.Errorf("names of host %s on network %s are left out: %w", hosts[i], network, errs[i]))
		}
	}
	return out
}

func (r *Remotes) parse(network string, files []remoteFile) []RemoteHost {
	hosts := make([]RemoteHost, len(files))
	errs := make([]error, len(files))
	parallel.Long(len(files), func(i int) { hosts[i], errs[i] = decodeRemote(files[i].host, files[i].text, r.bootID) })
	out := hosts[:0]
	for i := range hosts {
		if errs[i] != nil {
			r.warn(fmt.Errorf("names of host %s on network %s are left out: %w", files[i].host, network, &safefile.ContentError{
				Path: r.n.RemotePath(network, files[i].host), Err: errs[i],
			}))
			continue
		}
		out = append(out, hosts[i])
	}
	return out
}
