package hostsstore

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
	types100 "github.com/containernetworking/cni/pkg/types/100"
	"github.com/google/go-cmp/cmp"
)

// result is what bridge gives for an interface: three interfaces, of which the last is in the container, and a route.
func result(ifName, addr string) *types100.Result {
	ip := net.IPNet{IP: net.ParseIP(addr).To4(), Mask: net.CIDRMask(24, 32)}
	return &types100.Result{
		CNIVersion: "1.0.0",
		Interfaces: []*types100.Interface{
			{Name: "cni-lab0", Mac: "aa:00:00:00:00:01"}, {Name: "veth-" + ifName}, {Name: ifName, Sandbox: "/run/netns/web"},
		},
		IPs:    []*types100.IPConfig{{Interface: types100.Int(2), Address: ip}},
		Routes: []*types.Route{{Dst: net.IPNet{IP: net.IPv4zero, Mask: net.CIDRMask(0, 32)}}},
	}
}

func attachmentOf(network, ifName, addr string) Attachment {
	return Attachment{Network: network, IfName: ifName, Addresses: []netip.Addr{netip.MustParseAddr(addr)}, Result: result(ifName, addr)}
}

// TestResults: what is written has the results of all attachments under their networks, where nerdctl looks, and what is
// read again has each attachment's own.
func TestResults(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	want := &Record{ID: "web", Etcfiles: &Details{Version: FormatVersion, Attachments: []Attachment{
		attachmentOf("lab", "eth0", "10.0.0.2"), attachmentOf("lab", "eth1", "10.0.0.3"), attachmentOf("back", "eth2", "10.1.0.2"),
	}}}
	if err := n.WriteRecord(want, false); err != nil {
		t.Fatal(err)
	}
	got, err := n.ReadRecord("web")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Etcfiles.Attachments, got.Etcfiles.Attachments, address); diff != "" {
		t.Error(diff)
	}
	lab, back := got.Networks["lab"], got.Networks["back"]
	if len(lab.IPs) != 2 || len(lab.Interfaces) != 6 || *lab.IPs[1].Interface != 5 || lab.Interfaces[5].Name != "eth1" || len(back.IPs) != 1 {
		t.Errorf("the networks hold %v and %v", lab, back)
	}
	got.Etcfiles.Attachments = got.Etcfiles.Attachments[1:2]
	if err := n.WriteRecord(got, false); err != nil {
		t.Fatal(err)
	}
	if got, err = n.ReadRecord("web"); err != nil || len(got.Networks) != 1 || len(got.Networks["lab"].Interfaces) != 3 || got.Networks["lab"].IPs[0].Address.IP.String() != "10.0.0.3" {
		t.Errorf("with eth1 alone: %v, %v", got, err)
	}
}

// TestResultsOfFormat2: interfaces and routes that attachments which went have left are left out.
func TestResultsOfFormat2(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	all := result("eth0", "10.0.0.2")
	for i := range 20 {
		all = joined(all, result("eth1", fmt.Sprintf("10.0.0.%d", 3+i)))
		if i < 19 {
			all.IPs = all.IPs[:1]
		}
	}
	old := Details{Version: 2, Attachments: []Attachment{attachmentOf("lab", "eth0", "10.0.0.2"), attachmentOf("lab", "eth1", "10.0.0.22")}}
	for _, attachments := range [][]Attachment{old.Attachments, old.Attachments[:1]} {
		r := &Record{ID: "web", Etcfiles: &Details{Version: 2, Attachments: attachments}, Networks: map[string]*types100.Result{"lab": all}}
		for i := range r.Etcfiles.Attachments {
			r.Etcfiles.Attachments[i].Result = nil
		}
		if len(attachments) == 1 {
			one := *all
			one.IPs = all.IPs[:1]
			r.Networks["lab"] = &one
		}
		r.part()
		if err := n.WriteRecord(r, false); err != nil {
			t.Fatal(err)
		}
		got, err := n.ReadRecord("web")
		if err != nil {
			t.Fatal(err)
		}
		lab := got.Networks["lab"]
		if most := 4 * len(attachments); len(lab.Interfaces) > most || len(lab.IPs) != len(attachments) || len(lab.Routes) > len(attachments) {
			t.Errorf("of %d attachments: %d interfaces, %d addresses, %d routes", len(attachments), len(lab.Interfaces), len(lab.IPs), len(lab.Routes))
		}
		for _, ip := range lab.IPs {
			if name := lab.Interfaces[*ip.Interface].Name; name != "eth0" && name != "eth1" {
				t.Errorf("%v is on %s", ip.Address, name)
			}
		}
	}
}

// TestRecordOfTwoNames: a record that has a second name, a hard link, may be somebody else's file.
func TestRecordOfTwoNames(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	if err := n.WriteRecord(&Record{ID: "web", Etcfiles: &Details{Version: FormatVersion}}, false); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(n.RecordPath("web"), n.RecordPath("web")+".second"); err != nil {
		t.Fatal(err)
	}
	if _, err := n.ReadRecord("web"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("it is read: %v", err)
	}
}

// TestFormer: the former format has the former keys only, and the results where its version looks for them.
func TestFormer(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("ns")
	r := &Record{ID: "web", Etcfiles: &Details{
		Version: FormatVersion, Netns: Netns{Path: "/run/netns/web", UserNamespace: 7}, Owner: &Owner{UID: 1000}, Adopted: []string{"192.0.2.1 x"},
		ResolvConf: ResolvConf{Digest: "d", Text: "nameserver 192.0.2.53\n", Inherited: true, Sources: &DNSSources{IPv6: true}},
		Attachments: []Attachment{
			attachmentOf("lab", "eth0", "10.0.0.2"), attachmentOf("lab", "eth1", "10.0.0.3"),
		},
	}}
	a := &r.Etcfiles.Attachments[0]
	a.DNS, a.Asked, r.Etcfiles.Left = &DNSSources{IPv6: true}, &Asked{Name: "web"}, &Asked{Name: "old"}
	a.Own, a.Names, a.World = []string{"web"}, []string{"web.shop.pod"}, []string{"web.shop"}
	if err := errors.Join(n.WriteRecord(r, false), n.WriteIndex(NewIndex("boot"))); err != nil {
		t.Fatal(err)
	}
	if err := n.WriteFormer(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(n.RecordPath("web"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"Result"`, `"DNS":`, `"Text"`, `"Owner"`, `"Adopted"`, `"UserNamespace"`, `"Asked"`, `"Left"`, `"Own"`, `"World"`, `"Version":3`} {
		if bytes.Contains(data, []byte(key)) {
			t.Errorf("it has %s: %s", key, data)
		}
	}
	got, err := n.ReadRecord("web")
	if err != nil || got.Etcfiles.Version != FormerVersion || len(got.Networks["lab"].IPs) != 2 || got.Etcfiles.ResolvConf.Sources == nil {
		t.Errorf("%+v, %v", got, err)
	}
	if names := got.Etcfiles.Attachments[0].Names; !slices.Equal(names, []string{"web", "web.shop.pod"}) {
		t.Errorf("names %v, which are those of its own file too", names)
	}
	if n.ReadIndex("boot") != nil {
		t.Error("there is an index")
	}
}
