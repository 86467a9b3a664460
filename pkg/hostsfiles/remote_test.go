package hostsfiles

import (
	"math/rand"
	"net/netip"
	"slices"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// TestLacking: whatever two lists of lines have in common, lacking says of each what the other does not have.
func TestLacking(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	var pool []*hostsstore.RemoteLine
	for i := range 12 {
		peer := &hostsstore.RemotePeer{Host: "h", ID: string(rune('a' + i)), Revision: int64(i / 2), NetworkOnly: i%5 == 0}
		for j := range 2 {
			text := string(rune('a'+random.Intn(8))) + "\n"
			pool = append(pool, &hostsstore.RemoteLine{Peer: peer, Address: netip.AddrFrom4([4]byte{10, 0, 0, byte(2*i + j)}), Text: text})
		}
	}
	some := func() (list []*hostsstore.RemoteLine) {
		for _, l := range pool {
			switch random.Intn(4) {
			case 0:
			case 1: // read anew
				again := *l
				list = append(list, &again)
			default:
				list = append(list, l)
			}
		}
		slices.SortStableFunc(list, roster.ByRevision)
		return list
	}
	for range 2000 {
		lines, others := some(), some()
		var want []*hostsstore.RemoteLine
		for _, l := range lines {
			if !slices.ContainsFunc(others, func(o *hostsstore.RemoteLine) bool { return keyOf(o) == keyOf(l) }) {
				want = append(want, l)
			}
		}
		if got := lacking(lines, others); !slices.Equal(got, want) {
			t.Fatalf("%d lines, want %d", len(got), len(want))
		}
	}
}
