package ocihook

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// record says what is to be deleted of a container. It is written before the first thing is made, and again before each
// plugin runs, so that a hook which is killed at any moment leaves what gc needs.
//
// A record of a version before has neither a bundle nor counts of plugins that ran.
type record struct {
	ContainerID  string // as CNI knows it
	Bundle       string `json:",omitempty"` // as the runtime gave it
	BundleReal   string `json:",omitempty"` // without symbolic links
	Netns        netns
	Process      process // the container's, which a VM runtime has outside of the network namespace
	PIDNamespace uint64  // in which the process and others of the network namespace can be seen
	Attachments  []attachment
	Users        []user `json:",omitempty"` // containers that share the network namespace
	Ended        bool   `json:",omitempty"` // the container has ended, and only its users need the attachments
	Refused      int    `json:",omitempty"` // containers of the same ID and bundle that were refused; the runtime may call poststop for each
	Failure      string `json:",omitempty"` // why the last DEL failed
}

// attachment is a network of a container: the plugins' configuration as it was at ADD and the capability arguments.
type attachment struct {
	Network        string
	CNIVersion     string
	IfName         string
	Plugins        []json.RawMessage
	CapabilityArgs map[string]any
	Args           [][2]string `json:",omitempty"` // CNI_ARGS
	// Ran is how many of the plugins, from the first, may have made something: those whose ADD was begun and whose DEL
	// has not succeeded. nil means all of them.
	Ran *int `json:",omitempty"`
	// Refusal is the error by which the last of those answered its ADD, nil if it did not.
	Refusal *types.Error `json:",omitempty"`
}

func newAttachment(network *libcni.NetworkConfigList, ifName string, capabilities map[string]any, args [][2]string) attachment {
	a := attachment{Network: network.Name, CNIVersion: network.CNIVersion, IfName: ifName, CapabilityArgs: capabilities, Args: args}
	for _, p := range network.Plugins {
		a.Plugins = append(a.Plugins, p.Bytes)
	}
	return a
}

func (a *attachment) ran() int {
	if a.Ran == nil {
		return len(a.Plugins)
	}
	return min(max(*a.Ran, 0), len(a.Plugins))
}

// setRan notes that so many of the plugins may have made something; the last of them has not answered.
func (a *attachment) setRan(n int) { a.Ran, a.Refusal = &n, nil }

// list returns the attachment's network as libcni wants it.
func (a *attachment) list() (*libcni.NetworkConfigList, error) {
	out := &libcni.NetworkConfigList{Name: a.Network, CNIVersion: a.CNIVersion}
	for _, b := range a.Plugins {
		p, err := libcni.NetworkPluginConfFromBytes(b)
		if err != nil {
			return nil, err
		}
		out.Plugins = append(out.Plugins, p)
	}
	var err error
	out.Bytes, err = json.Marshal(map[string]any{"cniVersion": a.CNIVersion, "name": a.Network, "plugins": a.Plugins})
	return out, err
}

// plugin returns the network as if the plugin of that index were its only one.
func (a *attachment) plugin(i int) (*libcni.NetworkConfigList, error) {
	p, err := libcni.NetworkPluginConfFromBytes(a.Plugins[i])
	return &libcni.NetworkConfigList{Name: a.Network, CNIVersion: a.CNIVersion, Plugins: []*libcni.PluginConfig{p}}, err
}

// attachments returns NETWORK/INTERFACE of each attachment.
func (r *record) attachments() []string {
	var out []string
	for _, a := range r.Attachments {
		out = append(out, a.Network+"/"+a.IfName)
	}
	return out
}

const recordFile = "record.json"

// A record, and each result beside it, is for root alone, and at most so many bytes of it are read.
const (
	recordMode = 0o600
	maxRecord  = 16 << 20
)

// write puts the record into the container's directory. Nothing has to survive a power cut: what the record is about
// does not either.
func (r *record) write(dir string) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return safefile.Replace(filepath.Join(dir, recordFile), b, recordMode, false)
}

// readRecord returns the record in the container's directory, nil if there is none, or none that can be read and is of
// that container: libcni's cache has to do then.
func readRecord(dir string) (*record, error) {
	b, err := safefile.Read(filepath.Join(dir, recordFile), maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r record
	if json.Unmarshal(b, &r) != nil || r.ContainerID != filepath.Base(dir) {
		return nil, nil
	}
	return &r, nil
}

// setBundle notes the bundle that the container is of.
func (r *record) setBundle(path string) { r.Bundle, r.BundleReal = path, realPath(path) }

// of reports whether the container is of the bundle. It is as long as either of the two is unknown.
func (r *record) of(bundle string) bool {
	return r.Bundle == "" || bundle == "" || filepath.Clean(bundle) == filepath.Clean(r.Bundle) || realPath(bundle) == r.BundleReal
}

// realPath returns a path without symbolic links. Of what does not exist, at poststop a bundle perhaps, the directory counts.
func realPath(path string) string {
	path = filepath.Clean(path)
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	dir := filepath.Dir(path)
	if dir == path || dir == "." {
		return path
	}
	return filepath.Join(realPath(dir), filepath.Base(path))
}
