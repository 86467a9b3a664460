package hostsstore

import (
	"path/filepath"
	"sync"
)

// Names of the files of a container in the data directory.
const (
	HostsFile      = "hosts"
	HostnameFile   = "hostname"
	ResolvConfFile = "resolv.conf"
	recordFile     = "meta.json"
	netnsFile      = "netns"
	inheritedFile  = "inherited"
	leavingFile    = ".meta.json.leaving"
	corruptFile    = "meta.json.corrupt"
	indexFile      = "index"
	takenFile      = "taken"
	offsetsFile    = "offsets"
	holderFile     = "holder"
)

// ContainerFiles returns the names of the three files that a container has mounted.
func ContainerFiles() []string { return []string{HostsFile, ResolvConfFile, HostnameFile} }

// Dir is the data directory, an absolute path.
type Dir string

// CountersPath returns the path of the file of counters, which is there while operations are counted.
func (d Dir) CountersPath() string { return filepath.Join(string(d), "counters") }

// Namespace is one namespace of the data directory.
type Namespace struct {
	dir           Dir
	name          string
	userNamespace func() (device, inode uint64) // of this process
}

// Namespace returns the namespace with the name, which the caller has checked to be a safe path element.
func (d Dir) Namespace(name string) *Namespace {
	return &Namespace{dir: d, name: name, userNamespace: sync.OnceValues(ownUserNamespace)}
}

// Name returns the name of the namespace.
func (n *Namespace) Name() string { return n.name }

// RecordsDir returns <dataDir>/etchosts/<NS>, the directory that is also the lock.
func (n *Namespace) RecordsDir() string { return filepath.Join(string(n.dir), "etchosts", n.name) }

// ContainersDir returns <dataDir>/containers/<NS>.
func (n *Namespace) ContainersDir() string { return filepath.Join(string(n.dir), "containers", n.name) }

// HostsPath returns the path of a container's hosts file.
func (n *Namespace) HostsPath(id string) string { return filepath.Join(n.RecordsDir(), id, HostsFile) }

// ResolvConfPath returns the path of a container's resolv.conf.
func (n *Namespace) ResolvConfPath(id string) string {
	return filepath.Join(n.ContainersDir(), id, ResolvConfFile)
}

// HostnamePath returns the path of a container's hostname file.
func (n *Namespace) HostnamePath(id string) string {
	return filepath.Join(n.ContainersDir(), id, HostnameFile)
}

// OwnPath returns the path of one of a container's three files, "" for a name that is none of theirs.
func (n *Namespace) OwnPath(id, file string) string {
	switch file {
	case HostsFile:
		return n.HostsPath(id)
	case ResolvConfFile:
		return n.ResolvConfPath(id)
	case HostnameFile:
		return n.HostnamePath(id)
	}
	return ""
}

// NetworkPath returns the path of the hosts file of a whole network.
func (n *Namespace) NetworkPath(network string) string {
	return filepath.Join(n.networksDir(), network, HostsFile)
}

func (n *Namespace) networksDir() string { return filepath.Join(string(n.dir), "networks", n.name) }

// RecordPath returns the path of a container's meta.json.
func (n *Namespace) RecordPath(id string) string {
	return filepath.Join(n.RecordsDir(), id, recordFile)
}

// IndexDir returns <dataDir>/index, which has a directory for each namespace with a container of this boot.
func (d Dir) IndexDir() string { return filepath.Join(string(d), "index") }

func (n *Namespace) indexDir() string { return filepath.Join(n.dir.IndexDir(), n.name) }

// IndexPath returns the path of the index.
func (n *Namespace) IndexPath() string { return filepath.Join(n.indexDir(), indexFile) }

func (n *Namespace) takenPath() string { return filepath.Join(n.indexDir(), takenFile) }

func (n *Namespace) holderPath() string { return filepath.Join(n.indexDir(), holderFile) }

func (n *Namespace) keptDir() string { return filepath.Join(string(n.dir), "kept", n.name) }

func (n *Namespace) pendingDir() string { return filepath.Join(string(n.dir), "pending", n.name) }

// formerPendingDir is where versions before format 3 put removals off: among the caches.
func (n *Namespace) formerPendingDir() string { return filepath.Join(n.indexDir(), "pending") }
