package inspect

import (
	"net/netip"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// lookUp returns the reasons for a name in the file of container web, in a store with the records.
func lookUp(t *testing.T, dir hostsstore.Dir, name string) *Lookup {
	t.Helper()
	m := Of(&etcfiles.Manager{Dir: dir, Marker: "etcfiles", Warnf: t.Errorf})
	all, err := m.Inspect("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Record.ID == "web" {
			l, err := m.Lookup(c, name, all)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
	}
	t.Fatal("no web")
	return nil
}

func put(t *testing.T, dir hostsstore.Dir, id, network, address string, refused ...hostsstore.Refusal) {
	t.Helper()
	r := &hostsstore.Record{Namespace: "default", ID: id, Name: id, Hostname: id, Etcfiles: &hostsstore.Details{
		Version: hostsstore.FormatVersion, BootID: thisBoot(),
		Attachments: []hostsstore.Attachment{{
			Network: network, IfName: "eth0", Addresses: []netip.Addr{netip.MustParseAddr(address)}, Names: []string{id}, Refused: refused,
		}},
	}}
	if err := dir.Namespace("default").WriteRecord(r, false); err != nil {
		t.Fatal(err)
	}
}

func TestLookupRefused(t *testing.T) {
	dir := hostsstore.Dir(t.TempDir())
	put(t, dir, "web", "lab", "10.4.10.15")
	put(t, dir, "db", "lab", "10.4.10.16", hostsstore.Refusal{Name: "DB.example", Why: "it has a dot"})
	l := lookUp(t, dir, "db.example")
	want := "db asked for the name on lab, and it is left out: it has a dot"
	if l.Resolves || len(l.Reasons) != 1 || l.Reasons[0].Code != LeftOut || l.Reasons[0].Text != "default/"+want {
		t.Errorf("%+v", l)
	}
	if l := lookUp(t, dir, "other"); len(l.Reasons) != 1 || l.Reasons[0].Code != Nobody {
		t.Errorf("%+v", l)
	}
}

// TestLookupOrder holds the sources of a name to the order in which the file has them.
func TestLookupOrder(t *testing.T) {
	order := []Source{FromLocalhost, FromUser, FromExtraHost, FromKubelet, FromSelf, FromPeer}
	for i, s := range order {
		if s.rank() != i {
			t.Errorf("%s has rank %d", s, s.rank())
		}
	}
	for _, s := range []Source{FromNobody, FromElsewhere, FromAddress} {
		if s.rank() >= 0 {
			t.Errorf("%s overrides", s)
		}
	}
}

func TestKind(t *testing.T) {
	i := &Inspected{Record: &hostsstore.Record{ID: "0123456789abcdef", Name: "web", Hostname: "h.example.org"}}
	for name, want := range map[string]NameKind{
		"WEB": OwnName, "h.example.org": Hostname, "web.lab": QualifiedName, "h.example.org.lab": QualifiedName, "h": QualifiedName,
		"www": Alias, "webs": Alias, "web-1": Alias,
	} {
		if got := i.Kind(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
