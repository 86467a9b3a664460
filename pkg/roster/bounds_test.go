package roster

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// TestBoundsGrow: what belongs into a file is never too much for it, however many names the peers have.
func TestBoundsGrow(t *testing.T) {
	ix := hostsstore.NewIndex("")
	for i := range 3 {
		id := fmt.Sprintf("c%d", i)
		var aliases []string
		for j := range 20_000 {
			aliases = append(aliases, fmt.Sprintf("alias%d-%d", i, j))
		}
		ix.Containers[id] = &hostsstore.Container{ID: id, Attachments: []hostsstore.Attachment{
			{Network: "lab", Names: aliases[:10_000], Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})}},
			{Network: "back", Names: aliases[10_000:], Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 1, byte(i)})}},
		}}
	}
	spare := Spare()
	for _, v := range []*Viewer{{Container: ix.Containers["c0"]}, {Network: "lab"}} {
		data, _ := etchosts.Render("etcfiles", nil, MembersOf(ix, nil).Blocks(v))
		b := v.Bounds(MembersOf(ix, nil).Sizes())
		if b.Bytes < spare.Bytes+2*int64(len(data)) || b.Lines < spare.Lines+2*bytes.Count(data, []byte("\n")) {
			t.Errorf("%d bytes, %d lines do not fit %+v", len(data), bytes.Count(data, []byte("\n")), b)
		}
	}
}
