package ocimount

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// hostFiles are those of the host of the tests, where a local resolver answers.
const (
	hostHosts      = "127.0.0.1 localhost\n192.0.2.7 printer\n"
	hostResolvConf = "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch corp.example\n"
)

// onHost runs the runtime where these are the host's files.
func (c *container) onHost() {
	c.t.Helper()
	c.write(c.dir+"/host/hosts", hostHosts)
	c.write(c.dir+"/host/resolv.conf", hostResolvConf)
	script := fmt.Sprintf(`for file in hosts resolv.conf; do mount --bind %s/host/$file /etc/$file; done; exec "$@"`, c.dir)
	c.command = append([]string{"unshare", "-m", "sh", "-ec", script, "sh"}, c.command...)
	c.args = []string{"--host-network"}
}

// TestHostNetwork: a container in the host's network has the host's own files, read-only, where the image has none or others. Its
// nameservers are right there, loopback ones too (nerdctl#4651). The hostname is that of its UTS namespace.
func TestHostNetwork(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const cat = "cat /etc/hosts /etc/resolv.conf"
	for _, tc := range []struct {
		name         string
		make         func(c *container)
		script, want string
	}{
		{"nothing in the image", func(*container) {}, cat + "; ls /etc", hostHosts + hostResolvConf + "hosts\nresolv.conf\n"},
		{"files of the image", (*container).etc, catAll, hostHosts + hostResolvConf + "image hostname\n"},
		{"nobody may write them", func(*container) {}, tryWrite("/etc/hosts") + ";" + tryWrite("/etc/resolv.conf"), "read-only\nread-only\n"},
		{"the host's hostname", func(c *container) {
			c.etc()
			c.spec.Hostname = ""
			c.spec.Linux.Namespaces = slices.DeleteFunc(c.spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.UTSNamespace })
		}, catAll, hostHosts + hostResolvConf + name + "\n"},
		{"a mount of the user's", func(c *container) {
			c.etc()
			c.write(c.dir+"/own", "own\n")
			c.spec.Mounts = append(c.spec.Mounts, specs.Mount{Destination: "/etc/hosts", Type: "bind", Source: c.dir + "/own", Options: []string{"bind"}})
		}, cat, "own\n" + hostResolvConf},
		{"files in the store", func(c *container) { c.store("default", c.id) }, cat, "store hosts\nstore resolv.conf\n"},
		{"a network of its own", func(c *container) { c.etc(); c.joins("") }, catAll, allImage},
		{"the network of another", func(c *container) { c.etc(); c.joins(c.netns("other")) }, catAll, allImage},
		{"a container of a pod", func(c *container) {
			c.etc()
			c.spec.Annotations["io.kubernetes.cri.sandbox-id"] = "pod1"
		}, catAll, allImage},
		{"without the argument", func(c *container) { c.etc(); c.args = nil }, catAll, allImage},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			onEach(t, func(t *testing.T, c *container) {
				c.onHost()
				tc.make(c)
				c.want(tc.script, tc.want)
			})
		})
	}
}
