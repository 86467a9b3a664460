package hostsstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// FormatVersion is the version of the part of meta.json that is ours. Records of an earlier version are
// read, and are of this one when they are next written; ErrNewer is the error for those of a later one.
const FormatVersion = 3

// Record is the content of meta.json: the keys of nerdctl's hosts store, and ours beside them under one key.
type Record struct {
	Namespace  string
	ID         string
	Networks   map[string]*types100.Result // network name to result, in the form of CNI 1.0.0; of ours derived from the attachments
	Hostname   string
	Domainname string
	ExtraHosts map[string]string // host to address, the last of several
	Name       string
	Etcfiles   *Details `json:",omitempty"` // nil in a record that nerdctl wrote
}

// Details is what nerdctl's record has no place for.
type Details struct {
	Version             int
	BootID              string
	Netns               Netns
	KubernetesNamespace string       `json:",omitempty"`
	PodUID              string       `json:",omitempty"` // of a pod
	Set                 *Asked       `json:",omitempty"` // by hand, while the container runs: before what its attachments ask for
	NoIPv6Loopback      bool         `json:",omitempty"` // the container has no ::1
	Gateway             string       `json:",omitempty"` // of the first network
	ExtraHosts          []ExtraHost  `json:",omitempty"` // in order
	Attachments         []Attachment // in the order of their making
	ResolvConf          ResolvConf
	Created             []string `json:",omitempty"` // which of the three files did not exist before ADD
	Owner               *Owner   `json:",omitempty"` // of the three files; nil for root
	Adopted             []string `json:",omitempty"` // hosts(5) lines taken over from a file that ours covers
	Left                *Asked   `json:",omitempty"` // what attachments that have gone, or are of an earlier format, asked for: what no other gives stays
}

// Owner is who owns a container's files where that is not root: the root of its user namespace.
type Owner = safefile.Owner

// Netns identifies a network namespace as a process of one mount namespace saw it. Device and inode of 0 mean unknown.
type Netns struct {
	Path           string
	Device         uint64
	Inode          uint64
	MountNamespace uint64
	UserNamespace  uint64 `json:",omitempty"` // inode of the one that owns it, see ioctl_ns(2) NS_GET_USERNS
}

// ExtraHost is one entry that the container was given for itself.
type ExtraHost struct {
	Name    string
	Address netip.Addr
}

// Attachment is one interface of a container on one network.
type Attachment struct {
	Network   string
	IfName    string
	Sequence  uint64 // grows with every attachment of the namespace
	Since     time.Time
	Addresses []netip.Addr
	Names     []string // in the order of the hosts line
	Qualified []string `json:",omitempty"` // of a pod: what pods of another Kubernetes namespace see
	Own       []string `json:",omitempty"` // of a pod whose short names peers do not see: what stands before Names in the own file
	World     []string `json:",omitempty"` // of a pod: what the file of the network has; none for Qualified
	Label     string   `json:",omitempty"` // first label of a hostname with dots, for the own file only

	// Result is that of the plugins before, in the form of CNI 1.0.0. meta.json has it under Networks, and here only where
	// the container has several attachments to one network. Not in the index.
	Result *types100.Result `json:",omitempty"`
	// DNS is what this attachment wants of resolv.conf; nil in a record of an earlier format. Not in the index.
	DNS *DNSSources `json:",omitempty"`
	// Asked is what this attachment asked for of what all of the container's decide together; nil in a record of an earlier
	// format. Not in the index.
	Asked *Asked `json:",omitempty"`

	Origins []Origin  `json:",omitempty"` // where what was asked for came from; not in the index
	Refused []Refusal `json:",omitempty"` // names that were asked for and are left out; not in the index
}

// Asked is what an attachment asks for of the container's names and extra hosts. An empty value asks for nothing.
type Asked struct {
	Name       string      `json:",omitempty"`
	Hostname   string      `json:",omitempty"`
	Domainname string      `json:",omitempty"`
	Otherwise  *Otherwise  `json:",omitempty"` // where no attachment gives a name or hostname
	Domain     string      `json:",omitempty"` // of the network's configuration
	Aliases    []string    `json:",omitempty"`
	ExtraHosts []AskedHost `json:",omitempty"`
	PodNames   string      `json:",omitempty"` // which names of a pod its peers see: short, qualified or none; "" for auto
	ClusterDNS bool        `json:",omitempty"` // the pod's own DNS settings search Services of its Kubernetes namespace
}

// Otherwise is what CNI_ARGS says of a container's names.
type Otherwise struct {
	Name     string `json:",omitempty"`
	Hostname string `json:",omitempty"`
	From     string // as in Origin
	Pod      bool   `json:",omitempty"` // it is the name of a Kubernetes pod
}

// AskedHost is an extra host as it was asked for.
type AskedHost struct {
	Name    string
	Address netip.Addr `json:",omitzero"` // none for the gateways of the container's networks
}

// Origin is where a value came from that an attachment was asked for with.
type Origin struct {
	Key   string // name, hostname, domainname, namespace, aliases, extraHosts, nameservers, search or options
	Value string // one value; a list has several origins
	From  string // such as "annotation etcfiles/name", "CNI_ARGS K8S_POD_NAME" or "conflist dns"
}

// Refusal is a name that was asked for and that no hosts file has.
type Refusal struct {
	Name string
	Why  string
}

// ResolvConf is what is needed to put the file back, to tell whether the container's user has edited the file, and to make it anew when the DNS
// settings of the host have changed.
type ResolvConf struct {
	Digest    string      // SHA-256, hexadecimal, of what was written
	Text      string      `json:",omitempty"` // what was written; none in a record of an earlier format
	Former    string      `json:",omitempty"` // digest of what Digest replaces, from before the file is written until after it
	Inherited bool        // a field was left to the host, even if the host had nothing for it
	Sources   *DNSSources `json:",omitempty"` // nil when nothing is inherited, and in a record of format 1
}

// DNSSources is what resolv.conf was made of besides the file of the host.
type DNSSources struct {
	Explicit []DNS    `json:",omitempty"` // what the runtime and the configuration gave, the first counts
	Previous DNS      `json:",omitzero"`  // of the plugins before
	Rootless []string `json:",omitempty"` // nameservers of slirp4netns
	Fallback []string `json:",omitempty"` // nameservers for when no other can be used
	IPv6     bool     `json:",omitempty"` // the container has a global IPv6 address
	NoIPv4   bool     `json:",omitempty"` // it has no global IPv4 address
	Complete bool     `json:",omitempty"` // Explicit is all there is, as for a pod: what it leaves unset is none
}

// DNS is what one source sets.
type DNS struct {
	From        string   `json:",omitempty"` // which source, as in Origin
	Nameservers []string `json:",omitempty"`
	Search      []string `json:",omitempty"`
	Options     []string `json:",omitempty"`
	Domain      string   `json:",omitempty"`
}

// FileID tells one written version of a file from another: inode, size in bytes, ctime in nanoseconds.
type FileID struct {
	Inode uint64
	Size  int64
	Ctime int64
}

// Stat returns the identity of a file without following a link.
func Stat(path string) (FileID, error) {
	st, err := safefile.Anywhere.Lstat(path)
	return FileIDOf(&st), err
}

// FileIDOf returns the identity of a file with the state.
func FileIDOf(st *unix.Stat_t) FileID { return FileID{st.Ino, st.Size, st.Ctim.Nano()} }

// StatRecord returns the identity of a container's meta.json without reading it.
func (n *Namespace) StatRecord(id string) (FileID, error) { return Stat(n.RecordPath(id)) }

// HasRecord reports whether a container has a meta.json, whatever that may be.
func (n *Namespace) HasRecord(id string) bool { return exists(n.RecordPath(id)) }

// OpenRecords opens RecordsDir, for one who looks at many records or hosts files.
func (n *Namespace) OpenRecords() (*safefile.Dir, error) { return safefile.OpenDir(n.RecordsDir()) }

// StatRecordIn is StatRecord in the open RecordsDir.
func StatRecordIn(records *safefile.Dir, id string) (FileID, error) {
	st, err := records.Lstat(id + "/" + recordFile)
	return FileIDOf(&st), err
}

// HostsName returns the name of a container's hosts file in RecordsDir.
func HostsName(id string) string { return id + "/" + HostsFile }

// StatIndex returns the identity of the index, which every operation that changes something replaces as its last act. The
// error is fs.ErrNotExist while an operation runs, after one that was killed, and when the namespace has no container.
func (n *Namespace) StatIndex() (FileID, error) { return Stat(n.IndexPath()) }

var (
	// ErrCorrupt is the error of ReadRecord for a meta.json that cannot be understood.
	ErrCorrupt = errors.New("corrupt record")
	// ErrNewer is the error for a record of a later format than FormatVersion: nothing of it may be touched.
	ErrNewer = errors.New("written by a newer etcfiles")
)

const maxRecord = 16 << 20

// ReadRecord reads a container's meta.json. The error is fs.ErrNotExist when there is none, ErrNewer when it is of a later
// format, ErrCorrupt when it does not parse, is not a regular file, belongs to another container, or has in it what nobody
// would write.
func (n *Namespace) ReadRecord(id string) (*Record, error) {
	path := n.RecordPath(id)
	data, err := safefile.Read(path, maxRecord)
	if errors.Is(err, safefile.ErrNotRegular) {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err != nil {
		return nil, err
	}
	r, err := n.decodeRecord(path, data)
	if err != nil {
		return nil, err
	}
	if r.ID != id {
		return nil, &safefile.ContentError{Path: path, Err: fmt.Errorf("%w: it is of container %q", ErrCorrupt, r.ID)}
	}
	if err := r.sound(); err != nil {
		return nil, &safefile.ContentError{Path: path, Err: fmt.Errorf("%w: %w", ErrCorrupt, err)}
	}
	r.part()
	return r, nil
}

// ReadRecords reads the records of containers from all processors; each has a record or the error of ReadRecord.
func (n *Namespace) ReadRecords(ids []string) ([]*Record, []error) {
	records, errs := make([]*Record, len(ids)), make([]error, len(ids))
	parallel.Do(len(ids), func(i int) { records[i], errs[i] = n.ReadRecord(ids[i]) })
	return records, errs
}

// WriteRecord puts a container's meta.json in place with mode 0600, and before it the netns file and the inherited file. It is synced if it is to outlive a power cut: of a
// container of an earlier boot only that matters which of its files are not ours.
func (n *Namespace) WriteRecord(r *Record, sync bool) error {
	return n.writeRecord(r.merged(), sync)
}

func (n *Namespace) writeRecord(r *Record, sync bool) error {
	data, err := encodeRecord(r)
	if err != nil {
		return fmt.Errorf("record of container %s: %w", r.ID, err)
	}
	path := n.RecordPath(r.ID)
	if err := n.MakeOwnDir(filepath.Dir(path), r); err != nil {
		return err
	}
	if err := n.WriteBeside(r); err != nil {
		return err
	}
	return safefile.Replace(path, data, recordMode, sync)
}

// PutAside takes a corrupt meta.json out of the way, so that it blocks nobody.
func (n *Namespace) PutAside(id string) error {
	path := n.RecordPath(id)
	return safefile.Rename(path, filepath.Join(filepath.Dir(path), corruptFile))
}

// BeginRemoval is the point from which a container is gone: its record is no longer one, and whoever finds what is left
// goes on with the removal. Without a record it does nothing.
func (n *Namespace) BeginRemoval(id string) error {
	dir := filepath.Dir(n.RecordPath(id))
	err := safefile.Rename(filepath.Join(dir, recordFile), filepath.Join(dir, leavingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// FinishRemoval removes the container's files that are named, and when they are gone what BeginRemoval left, and
// directories that are empty then. It does all that it can and returns every error; then it may be called again.
func (n *Namespace) FinishRemoval(id string, files []string) error {
	if err := n.checkContainer(id); err != nil {
		return err
	}
	records := filepath.Join(n.RecordsDir(), id)
	var errs []error
	for _, file := range files {
		if path := n.OwnPath(id, file); path != "" {
			errs = append(errs, safefile.Remove(path))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return errors.Join(safefile.Remove(filepath.Join(records, corruptFile)), safefile.Remove(filepath.Join(records, leavingFile)), n.tidy(id))
}

// Tidy removes, of a container without a record, what a process that was killed has left half-written, the netns file, and
// its directories if nothing is in them.
func (n *Namespace) Tidy(id string) error {
	if err := n.checkContainer(id); err != nil {
		return err
	}
	return n.tidy(id)
}

// tidy is Tidy for a container whose directories are known to be some.
func (n *Namespace) tidy(id string) error {
	errs := []error{safefile.Remove(n.NetnsPath(id))}
	gone := true
	for _, dir := range n.ownDirs(id) {
		gone = safefile.RemoveDir(dir) && gone
	}
	if gone { // nothing was left half-written
		return errors.Join(errs...)
	}
	for _, path := range []string{n.RecordPath(id), n.HostsPath(id), n.ResolvConfPath(id), n.HostnamePath(id)} {
		errs = append(errs, safefile.Remove(safefile.Temporary(path)))
	}
	errs = append(errs, n.removeBeside(id))
	for _, dir := range n.ownDirs(id) {
		errs = append(errs, safefile.Remove(dir))
	}
	return errors.Join(errs...)
}

// Leaving returns the record of a container whose removal was begun and not finished, or nil. The error is ErrNewer or
// one of the file system.
func (n *Namespace) Leaving(id string) (*Record, error) {
	path := filepath.Join(n.RecordsDir(), id, leavingFile)
	data, err := safefile.Read(path, maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, safefile.ErrNotRegular) {
		return nil, err
	}
	r, err := n.decodeRecord(path, data)
	if errors.Is(err, ErrCorrupt) {
		return &Record{ID: id, Etcfiles: &Details{Created: ContainerFiles()}}, nil
	}
	return r, err
}

// Sweep removes what is left of a container whose record did not parse or whose removal was cut off: all of its files,
// since nobody knows any more which of them were ours. Without such a rest it tidies up only.
func (n *Namespace) Sweep(id string) error {
	dir := filepath.Join(n.RecordsDir(), id)
	if err := safefile.CheckDir(dir); err != nil {
		return err
	}
	if err := safefile.Remove(safefile.Temporary(n.keptPath(id))); err != nil {
		return err
	}
	for _, rest := range []string{corruptFile, leavingFile} {
		if _, err := os.Lstat(filepath.Join(dir, rest)); err == nil {
			return n.FinishRemoval(id, ContainerFiles())
		}
	}
	return n.Tidy(id)
}
