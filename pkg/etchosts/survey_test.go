package etchosts

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestExamine(t *testing.T) {
	text := `10.9.9.9 mine Mine2 # not.this

no address
# <etcfiles>
127.0.0.1       localhost
####
10.4.10.2       web web.lab
# </etcfiles>
# <etcfiles>
10.4.10.3 broken`
	addr := netip.MustParseAddr
	want := Survey{
		Entries: []Line{
			{1, addr("10.9.9.9"), []string{"mine", "Mine2"}, false},
			{5, addr("127.0.0.1"), []string{"localhost"}, true},
			{7, addr("10.4.10.2"), []string{"web", "web.lab"}, true},
			{10, addr("10.4.10.3"), []string{"broken"}, false},
		},
		Lines: 10, Regions: 1,
		User: []string{"10.9.9.9 mine Mine2 # not.this", "no address", "10.4.10.3 broken"},
	}
	if diff := cmp.Diff(want, Examine("etcfiles", text), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Survey{}, Examine("etcfiles", "")); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
}
