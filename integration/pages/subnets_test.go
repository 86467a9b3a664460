package pages

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// others are the networks that other software has on a machine unless told otherwise: those that are fixed, not the pools that Podman,
// nerdctl or a Kubernetes distribution takes further ones from. Podman's pools (containers-common's default_subnet_pools, from 10.89.0.0/24
// to 10.255.255.0/24) hold all of our examples; it takes the first that no interface of the machine has.
var others = map[string]string{
	"Podman":                        "10.88.0.0/16",
	"Podman's first network":        "10.89.0.0/24",
	"Docker":                        "172.17.0.0/16",
	"Docker's pool, the first part": "172.16.0.0/12",
	"Docker's pool, the rest":       "192.168.0.0/16", // Calico's and libvirt's are in it too
	"nerdctl":                       "10.4.0.0/24",
	"kubeadm's services":            "10.96.0.0/12",
	"flannel":                       "10.244.0.0/16",
	"k3s":                           "10.42.0.0/16",
	"k3s's services":                "10.43.0.0/16",
	"LXC":                           "10.0.3.0/24",
	"slirp4netns":                   "10.0.2.0/24",
}

// TestSubnets looks at every network of the shipped conflists, and every network and address that the pages name: none is in a network
// that other software has by default. A container there would get an address that nobody reaches.
func TestSubnets(t *testing.T) {
	pages, err := paths()
	if err != nil {
		t.Fatal(err)
	}
	conflists, err := filepath.Glob(filepath.Join(repository, "conflists/*.conflist"))
	if err != nil || len(conflists) == 0 {
		t.Fatalf("no conflists: %v", err)
	}
	for _, path := range append(pages, conflists...) {
		for _, prefix := range prefixes(t, path) {
			for owner, network := range others {
				if prefix.Overlaps(netip.MustParsePrefix(network)) {
					t.Errorf("%s: %v is in the default network of %s, %s", path, prefix, owner, network)
				}
			}
		}
	}
}

// TestSubnetsApart compares the networks of the shipped conflists with each other. Only the conflists of one network, of which
// a machine has one, have the same.
func TestSubnetsApart(t *testing.T) {
	conflists, err := filepath.Glob(filepath.Join(repository, "conflists/*.conflist"))
	if err != nil {
		t.Fatal(err)
	}
	for i, first := range conflists {
		for _, second := range conflists[:i] {
			if network(t, first) == network(t, second) {
				continue
			}
			for _, a := range prefixes(t, first) {
				if i := slices.IndexFunc(prefixes(t, second), a.Overlaps); i >= 0 {
					t.Errorf("%s and %s both have %v", first, second, a)
				}
			}
		}
	}
}

// network returns the name of a conflist's network.
func network(t *testing.T, conflist string) string {
	t.Helper()
	text, err := os.ReadFile(conflist)
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Name string }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list.Name
}

var address = regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?|[0-9a-f]+(:[0-9a-f]*){2,}/[0-9]+`)

// prefixes returns what a file names: networks, and addresses as networks of one. The route to everywhere is none.
func prefixes(t *testing.T, path string) []netip.Prefix {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []netip.Prefix
	for _, match := range address.FindAll(text, -1) {
		prefix, err := netip.ParsePrefix(string(match))
		if err != nil {
			addr, err := netip.ParseAddr(string(match))
			if err != nil {
				continue // a version of something
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		if prefix.Bits() > 0 {
			found = append(found, prefix)
		}
	}
	return found
}
