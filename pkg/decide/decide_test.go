package decide

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	types100 "github.com/containernetworking/cni/pkg/types/100"
	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// attachment makes one that asks for something; its network is called as the interface, with "net" behind it.
func attachment(ifName string, asked hostsstore.Asked, dns resolvconf.Sources) hostsstore.Attachment {
	return hostsstore.Attachment{Network: ifName + "net", IfName: ifName, Asked: &asked, DNS: Wish(dns)}
}

// permutations calls do with each order of a list.
func permutations(list []hostsstore.Attachment, do func([]hostsstore.Attachment)) {
	var step func(n int)
	step = func(n int) {
		if n == len(list) {
			do(slices.Clone(list))
			return
		}
		for i := n; i < len(list); i++ {
			list[n], list[i] = list[i], list[n]
			step(n + 1)
			list[n], list[i] = list[i], list[n]
		}
	}
	step(0)
}

// record adds attachments one after another, as ADDs do.
func record(list []hostsstore.Attachment) *hostsstore.Record {
	r := &hostsstore.Record{Namespace: "default", ID: "default-web", Etcfiles: &hostsstore.Details{}}
	for _, a := range list {
		a.Origins = nil
		Leave(r, a.IfName)
		r.Etcfiles.Attachments = append(r.Etcfiles.Attachments, a)
		Names(r)
		ExtraHosts(r)
	}
	return r
}

// Whatever the order of the ADDs, the record says the same.
func TestOrderDoesNotMatter(t *testing.T) {
	host := netip.MustParseAddr("192.0.2.1")
	list := []hostsstore.Attachment{
		attachment("eth10", hostsstore.Asked{Name: "ten", Hostname: "ten", ExtraHosts: []hostsstore.AskedHost{{Name: "x", Address: host}}},
			resolvconf.Sources{Explicit: []resolvconf.DNS{{Nameservers: []string{"192.0.2.10"}}}, Fallback: []string{"192.0.2.100"}, IPv6: true}),
		attachment("eth2", hostsstore.Asked{Hostname: "two", Domainname: "example.org", Aliases: []string{"www"}, ExtraHosts: []hostsstore.AskedHost{{Name: "gw"}}},
			resolvconf.Sources{Explicit: []resolvconf.DNS{{Search: []string{"two.example"}}}, Previous: []resolvconf.DNS{{Nameservers: []string{"192.0.2.2"}}}, IPv4: true}),
		attachment("eth0", hostsstore.Asked{Otherwise: &hostsstore.Otherwise{Name: "pod", Hostname: "pod", From: "CNI_ARGS", Pod: true}},
			resolvconf.Sources{Previous: []resolvconf.DNS{{Options: []string{"rotate"}}}, IPv4: true}),
	}
	list[1].Result = &types100.Result{IPs: []*types100.IPConfig{{Gateway: []byte{10, 2, 0, 1}}, {Gateway: netip.MustParseAddr("fd00::1").AsSlice()}}}
	var first string
	permutations(list, func(list []hostsstore.Attachment) {
		r := record(list)
		if r.Name != "ten" || r.Hostname != "two" || r.Domainname != "example.org" {
			t.Errorf("name %s, hostname %s, domain name %s", r.Name, r.Hostname, r.Domainname)
		}
		src, known := Sources(r)
		if !known || !src.IPv4 || !src.IPv6 {
			t.Errorf("sources %+v, %v", src, known)
		}
		slices.SortFunc(r.Etcfiles.Attachments, func(a, b hostsstore.Attachment) int { return strings.Compare(a.IfName, b.IfName) })
		for i := range r.Etcfiles.Attachments {
			slices.SortFunc(r.Etcfiles.Attachments[i].Origins, func(a, b hostsstore.Origin) int { return strings.Compare(a.Key, b.Key) })
		}
		data, err := json.MarshalIndent([]any{r, src}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(data)
		}
		if diff := cmp.Diff(first, string(data)); diff != "" {
			t.Errorf("another order: %s", diff)
		}
	})
	r := record(list)
	if got, want := r.Etcfiles.ExtraHosts, []hostsstore.ExtraHost{
		{Name: "gw", Address: netip.MustParseAddr("10.2.0.1")}, {Name: "gw", Address: netip.MustParseAddr("fd00::1")}, {Name: "x", Address: host},
	}; !slices.Equal(got, want) {
		t.Errorf("extra hosts %v, want %v", got, want)
	}
	for _, a := range r.Etcfiles.Attachments {
		if want := []string{"two.example.org", "two", "two." + a.Network, "ten", "ten." + a.Network}; !slices.Equal(a.Names[:5], want) {
			t.Errorf("names on %s: %v", a.Network, a.Names)
		}
	}
}

// What only an attachment gave that has gone stays, until another gives something; what another way of naming gives does not stay.
func TestLeave(t *testing.T) {
	r := record([]hostsstore.Attachment{
		attachment("eth0", hostsstore.Asked{Name: "given", ExtraHosts: []hostsstore.AskedHost{{Name: "gw"}}}, resolvconf.Sources{}),
		attachment("eth1", hostsstore.Asked{Otherwise: &hostsstore.Otherwise{Name: "pod", Hostname: "pod", From: "CNI_ARGS", Pod: true}}, resolvconf.Sources{}),
	})
	decide := func() {
		Names(r)
		ExtraHosts(r)
	}
	Leave(r, "eth1")
	decide()
	if r.Name != "given" || r.Hostname != "web" {
		t.Errorf("without CNI_ARGS: %s, %s", r.Name, r.Hostname)
	}
	r.Etcfiles.Attachments = append(r.Etcfiles.Attachments, attachment("eth2", hostsstore.Asked{}, resolvconf.Sources{}))
	r.Etcfiles.Attachments[1].Result = &types100.Result{IPs: []*types100.IPConfig{{Gateway: []byte{10, 2, 0, 1}}}}
	Leave(r, "eth0")
	decide()
	if r.Name != "given" || r.ExtraHosts["gw"] != "10.2.0.1" {
		t.Errorf("after who gave it: %s, %v", r.Name, r.ExtraHosts)
	}
	r.Etcfiles.Attachments = append(r.Etcfiles.Attachments, attachment("eth3", hostsstore.Asked{Name: "other"}, resolvconf.Sources{}))
	if decide(); r.Name != "other" {
		t.Errorf("with another name: %s", r.Name)
	}
}

// A record of an earlier format keeps what it has: its names stand, and what it says of the container counts as given.
func TestEarlierFormat(t *testing.T) {
	r := &hostsstore.Record{
		Namespace: "default", ID: "web", Name: "n", Hostname: "h", Domainname: "d",
		Etcfiles: &hostsstore.Details{
			Attachments: []hostsstore.Attachment{{Network: "lab", IfName: "eth0", Names: []string{"h.d", "h", "localhost4"}}},
			ExtraHosts:  []hostsstore.ExtraHost{{Name: "x", Address: netip.MustParseAddr("192.0.2.1")}},
		},
	}
	Adopt(r)
	r.Etcfiles.Attachments = append(r.Etcfiles.Attachments, attachment("eth1", hostsstore.Asked{}, resolvconf.Sources{}))
	Names(r)
	if !ExtraHosts(r) || r.Name != "n" || r.Hostname != "h" || r.Domainname != "d" || r.ExtraHosts["x"] != "192.0.2.1" {
		t.Errorf("%+v", r)
	}
	if got := r.Etcfiles.Attachments[0].Names; !slices.Equal(got, []string{"h.d", "h", "localhost4"}) {
		t.Errorf("names of before: %v", got)
	}
	if _, known := Sources(r); known {
		t.Error("what the one of before wants of resolv.conf is known")
	}
}

// A pod's own DNS settings are all there is, whichever attachment has them; the nameservers for when none is left stay.
func TestSourcesOfPod(t *testing.T) {
	conflist := Wish(resolvconf.Sources{Explicit: []resolvconf.DNS{{Nameservers: []string{"192.0.2.1"}}}, Fallback: []string{"192.0.2.9"}})
	pod := Wish(resolvconf.Sources{Explicit: []resolvconf.DNS{{Search: []string{"a.example"}}, {Nameservers: []string{"192.0.2.2"}}}, Complete: 1})
	for _, src := range []resolvconf.Sources{SourcesOf(conflist, pod), SourcesOf(pod, conflist)} {
		if len(src.Explicit) != 1 || src.Complete != 1 || src.Explicit[0].Search[0] != "a.example" || !slices.Equal(src.Fallback, []string{"192.0.2.9"}) {
			t.Errorf("%+v", src)
		}
	}
}
