package containerd

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestStopAndRemove follows a pod from its start to the second removal: its names leave the peers' files when it is stopped, not
// when a container of it ends, and stopping and removing again changes nothing.
func TestStopAndRemove(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		web, db := n.pod("web"), n.pod("db")
		address := db.address()
		first, second := db.container("first"), db.container("second")
		stopped := func(id string) {
			t.Helper()
			if _, err := n.runtime.StopContainer(n.ctx, &cri.StopContainerRequest{ContainerId: id}); err != nil {
				t.Fatal(err)
			}
		}
		stopped(first)
		web.expectName("db", address)
		if got, _ := n.exec(second, "/bin/cat", "/etc/hosts"); got != db.hosts() {
			t.Errorf("/etc/hosts of the container that stays:\n%s", got)
		}
		stopped(second)
		web.expectName("db", address)
		for range 2 {
			db.stop()
			web.expectName("db")
		}
		for range 2 {
			db.remove()
			web.expectName("db")
		}
		again := n.pod("db")
		web.expectName("db", again.address())
		again.expectName("web", web.address())
		again.remove() // without a stop
		web.expectName("db")
		web.stop()
		web.remove()
		n.expectNothingLeft()
	})
}

// TestCalls shows how CRI calls CNI: the order of ADD and the sandbox's own files, the arguments, the capabilities, and the DELs
// of a stop, a second stop and a removal.
func TestCalls(t *testing.T) {
	onEach(t, recorded, func(t *testing.T, n *node) {
		p := n.pod("web", func(c *cri.PodSandboxConfig) {
			c.DnsConfig = &cri.DNSConfig{Servers: []string{"192.0.2.9"}, Searches: []string{"lab.example"}, Options: []string{"ndots:2"}}
			c.Annotations = map[string]string{"etcfiles/aliases": "www", "other": "x"}
			c.PortMappings = []*cri.PortMapping{{ContainerPort: 80, HostPort: 8080}}
		})
		add := n.calls()
		if len(add) != 1 || add[0].Command != "ADD" || add[0].ContainerID != p.id || add[0].Netns == "" {
			t.Fatalf("calls of the start: %+v", add)
		}
		if add[0].HostsWritten != n.release.filesFirst {
			t.Errorf("at ADD the sandbox's own files are written: %v", add[0].HostsWritten)
		}
		arguments := strings.Split(add[0].Args, ";")
		slices.Sort(arguments)
		want := []string{
			"IgnoreUnknown=1", "K8S_POD_INFRA_CONTAINER_ID=" + p.id, "K8S_POD_NAME=web", "K8S_POD_NAMESPACE=shop", "K8S_POD_UID=uid-web",
		}
		if !slices.Equal(arguments, want) {
			t.Errorf("CNI_ARGS %q, want %q", arguments, want)
		}
		for key, value := range map[string]string{
			"dns":                               `{"Servers":["192.0.2.9"],"Searches":["lab.example"],"Options":["ndots:2"]}`,
			"portMappings":                      `[{"HostPort":8080,"ContainerPort":80,"Protocol":"tcp","HostIP":""}]`,
			"io.kubernetes.cri.pod-annotations": `{"etcfiles/aliases":"www","other":"x"}`,
			"aliases":                           "",
		} {
			var got bytes.Buffer
			if c := add[0].Config.RuntimeConfig[key]; c != nil {
				if err := json.Compact(&got, c); err != nil {
					t.Fatal(err)
				}
			}
			if got.String() != value {
				t.Errorf("capability %s: %s, want %s", key, &got, value)
			}
		}
		p.stop()
		p.stop()
		p.remove()
		p.remove()
		var got []string
		for _, c := range n.calls() {
			got = append(got, c.String())
		}
		wanted := []string{
			"DEL netns=true prevResult=true", "DEL netns=false prevResult=false", "DEL netns=false prevResult=false",
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("calls of the stop, the second stop and the removal:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
		}
		n.expectNothingLeft()
	})
}
