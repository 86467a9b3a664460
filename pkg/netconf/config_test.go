package netconf

import (
	"errors"
	"fmt"
	"testing"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

const seed = `{"cniVersion":"1.0.0","name":"lab","type":"etcfiles","dataDir":"/d","dns":{"nameservers":["192.0.2.1"]},
"extraHosts":["a:192.0.2.7","b:host-gateway"],"capabilities":{"dns":true,"etcfiles":true},
"runtimeConfig":{"dns":{"Servers":["192.0.2.2"],"Searches":["x.example"]},"aliases":{"lab":["one"],"other":["two"]},
"io.kubernetes.cri.pod-annotations":{"etcfiles/aliases":"three, four","etcfiles/name":"annotated"},
"etcfiles":{"hostname":"web","aliases":["zero"],"extraHosts":["a:192.0.2.8"]}},
"prevResult":{"cniVersion":"1.0.0","ips":[{"address":"10.4.0.2/24"}],"dns":{}}}`

// TestRequest: the runtime's arguments, then the pod's annotations, then CNI_ARGS, then the configuration.
// CRI's capitalised dns keys count; aliases come as a list and as Podman's map (dnsname#46).
func TestRequest(t *testing.T) {
	c, err := Parse([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := c.Request(&skel.CmdArgs{ContainerID: "id", IfName: "eth0", Args: "IgnoreUnknown=1;K8S_POD_NAME=pod;K8S_POD_NAMESPACE=ns"})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{r.Namespace, r.Name, r.Hostname, r.Otherwise.Name, r.Kubernetes, r.Aliases, r.DNS.Explicit[1].Nameservers, r.DNS.Explicit[1].Search, r.DNS.Explicit[2].Nameservers}
	want := []any{
		"k8s.io", "annotated", "web", "pod", "ns",
		[]string{"zero", "one", "three", "four"},
		[]string{"192.0.2.2"},
		[]string{"x.example"},
		[]string{"192.0.2.1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r.DNS.Complete != 2 {
		t.Errorf("of a pod the first %d sources of resolv.conf are all there is, want the runtime's two", r.DNS.Complete)
	}
	var hosts []string
	for _, x := range r.ExtraHosts {
		hosts = append(hosts, fmt.Sprintln(x.Name, x.Address, x.HostGateway))
	}
	if diff := cmp.Diff([]string{"a 192.0.2.8 false\n", "b invalid IP true\n"}, hosts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]hostsstore.Origin{
		{Key: "namespace", Value: "k8s.io", From: "CNI_ARGS K8S_POD_NAME"},
		{Key: "name", Value: "annotated", From: "annotation etcfiles/name"},
		{Key: "hostname", Value: "web", From: "runtimeConfig etcfiles"},
		{Key: "aliases", Value: "zero", From: "runtimeConfig etcfiles"},
		{Key: "aliases", Value: "one", From: "runtimeConfig aliases"},
		{Key: "aliases", Value: "three", From: "annotation etcfiles/aliases"},
		{Key: "aliases", Value: "four", From: "annotation etcfiles/aliases"},
		{Key: "extraHosts", Value: "a:192.0.2.8", From: "runtimeConfig etcfiles"},
		{Key: "extraHosts", Value: "b:host-gateway", From: "conflist extraHosts"},
	}, r.Origins); diff != "" {
		t.Error(diff)
	}
}

// FuzzStdin: whatever comes on stdin, the answer is a request or an error that has a code.
func FuzzStdin(f *testing.F) {
	f.Add([]byte(seed), "K8S_POD_NAME=web")
	f.Add([]byte(`{"cniVersion":"0.3.1","name":"x","dataDir":7}`), "")
	f.Add([]byte(`{"runtimeConfig":{"aliases":5},"lockTimeout":"-1s"}`), ";;=")
	f.Add([]byte(`[]`), "")
	f.Fuzz(func(t *testing.T, stdin []byte, args string) {
		c, err := Parse(stdin)
		if err == nil {
			_, _, err = c.Request(&skel.CmdArgs{ContainerID: "id", IfName: "eth0", Args: args})
		}
		if err == nil {
			return
		}
		if !errors.Is(err, ErrDecoding) && !errors.Is(err, request.ErrInvalid) {
			t.Fatal(err)
		}
	})
}
