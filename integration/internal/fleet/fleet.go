// Package fleet is a data directory with many containers, each with a network namespace, and says what must be in every
// file of it, given who is attached.
package fleet

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// Attachment is a container's interface on a network.
type Attachment struct {
	Namespace string // of the store; "" is default
	ID        string
	IfName    string
	Network   string
	Addr      string // without the length of its prefix; "" while there is none
	Alias     string // "" for none
}

// On returns the attachment of a container in the default namespace.
func On(id, ifName, network, addr string) Attachment {
	return Attachment{ID: id, IfName: ifName, Network: network, Addr: addr}
}

func (a Attachment) String() string {
	return fmt.Sprintf("%s/%s %s on %s %s", a.namespace(), a.ID, a.IfName, a.Network, a.Addr)
}

func (a Attachment) namespace() string {
	if a.Namespace == "" {
		return "default"
	}
	return a.Namespace
}

// Names are those of its line in a hosts file, in order.
func (a Attachment) Names() []string {
	list := []string{a.ID, a.ID + "." + a.Network}
	if a.Alias != "" {
		list = append(list, a.Alias)
	}
	return list
}

// Line is its line in a hosts file.
func (a Attachment) Line() string { return Line(a.Addr, a.Names()...) }

// Line is a line of a hosts file in the form that the plugin gives it.
func Line(addr string, names ...string) string {
	return fmt.Sprintf("%-15s %s", addr, strings.Join(names, " "))
}

// Localhost returns the lines that every container's hosts file begins with.
func Localhost() []string {
	return []string{
		Line("127.0.0.1", "localhost", "localhost.localdomain"),
		Line("::1", "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"),
	}
}

// Fleet is a data directory and a network namespace for each container.
type Fleet struct {
	Binary  string // the plugin
	DataDir string
	Netns   string        // the directory that has the network namespaces, each under the ID of its container
	Extra   plugin.Object // further keys of every configuration
}

// New makes the network namespaces of the containers, for the time of the test. The plugin makes the data directory.
func New(t *testing.T, binary, dataDir string, ids ...string) Fleet {
	t.Helper()
	f := Fleet{Binary: binary, DataDir: dataDir, Netns: filepath.Join(t.TempDir(), "netns"), Extra: plugin.Object{}}
	if err := os.Mkdir(f.Netns, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if path := f.NetnsOf(id); !exists(path) {
			suite.Netns(t, path)
		}
	}
	return f
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// NetnsOf returns the path of a container's network namespace.
func (f Fleet) NetnsOf(id string) string { return filepath.Join(f.Netns, id) }

// Hosts returns the path of a container's hosts file.
func (f Fleet) Hosts(a Attachment) string { return f.path("etchosts", a.namespace(), a.ID, "hosts") }

// NetworkHosts returns the path of a network's hosts file.
func (f Fleet) NetworkHosts(a Attachment) string {
	return f.path("networks", a.namespace(), a.Network, "hosts")
}

// Own returns the path of a file that only its container reads: resolv.conf or hostname.
func (f Fleet) Own(a Attachment, name string) string {
	return f.path("containers", a.namespace(), a.ID, name)
}

func (f Fleet) path(elem ...string) string {
	return filepath.Join(append([]string{f.DataDir}, elem...)...)
}

// Call returns a call of the plugin for the attachment. Keys of extra win in its configuration.
func (f Fleet) Call(command string, a Attachment, extra plugin.Object) plugin.Call {
	return f.CallIn(f.NetnsOf(a.ID), command, a, extra)
}

// CallIn is Call with another network namespace than that of the container's ID; "" is none.
func (f Fleet) CallIn(netns, command string, a Attachment, extra plugin.Object) plugin.Call {
	conf := plugin.Config{Version: "1.1.0", Network: a.Network, DataDir: f.DataDir, Extra: maps.Clone(f.Extra)}
	if conf.Extra == nil {
		conf.Extra = plugin.Object{}
	}
	if a.Namespace != "" {
		conf.Extra["namespace"] = a.Namespace
	}
	if a.Alias != "" {
		conf.Extra["capabilities"] = plugin.Object{"aliases": true}
		conf.Extra["runtimeConfig"] = plugin.Object{"aliases": []string{a.Alias}}
	}
	maps.Copy(conf.Extra, extra)
	c := plugin.Call{Binary: f.Binary, Command: command}
	if command != "GC" && command != "STATUS" {
		c.ID, c.Netns, c.IfName = a.ID, netns, a.IfName
		if a.Addr != "" {
			var err error
			if conf.Result, err = plugin.Result(conf.Version, a.IfName, netns, a.Addr+"/16"); err != nil {
				panic(err) // the addresses are the tests' own
			}
		}
	}
	c.Stdin = conf.Bytes()
	return c
}

// Run runs the plugin for the attachment, which must succeed.
func (f Fleet) Run(command string, a Attachment) error {
	_, err := f.Call(command, a, nil).Succeed()
	return err
}

// Do runs the plugin for the attachment, which must succeed without a warning.
func (f Fleet) Do(t *testing.T, command string, a Attachment) {
	t.Helper()
	if err := f.Call(command, a, nil).SucceedSilently(); err != nil {
		t.Fatal(err)
	}
}

// Lock takes the lock of the default namespace, until it is released or the test ends.
func (f Fleet) Lock(t *testing.T) (release func()) {
	t.Helper()
	dir, err := os.Open(f.path("etchosts", "default"))
	if err == nil {
		err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() }) // it is closed but after a failure
	return func() { dir.Close() }
}
