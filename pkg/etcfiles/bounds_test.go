package etcfiles

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// TestManyOwnNames: names of the users' own that the index does not remember are respected nevertheless.
func TestManyOwnNames(t *testing.T) {
	s := newStore(t)
	n := s.Dir.Namespace("ns")
	for i, id := range []string{"web", "api"} { // more than is remembered of both
		s.add(key(id, "eth0", "lab"), byte(1+i))
		var own strings.Builder
		for i := range 6_000 {
			fmt.Fprintf(&own, "192.0.2.1 %s%060d\n", id, i)
		}
		own.WriteString("192.0.2.2 comer\n")
		f, err := os.OpenFile(n.HostsPath(id), os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			_, err = f.WriteString(own.String())
		}
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	s.add(key("db", "eth0", "lab"), 3)
	s.add(key("comer", "eth0", "lab"), 4)
	for _, id := range []string{"web", "api"} {
		if hosts := s.hosts(id); !strings.Contains(hosts, "\n10.0.0.4        comer.lab\n") || !strings.Contains(hosts, "\n10.0.0.3        db db.lab\n") {
			t.Errorf("in %s comer is not listed as comer.lab alone, or db is not listed:\n%s", id, hosts[len(hosts)-400:])
		}
	}
	index, err := os.Stat(string(s.Dir) + "/index/ns/index")
	if err != nil || index.Size() > 600<<10 {
		t.Errorf("the index: %v, %d bytes", err, index.Size())
	}
}

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
	for _, v := range []*viewer{{container: ix.Containers["c0"]}, {network: "lab"}} {
		data, _ := etchosts.Render("etcfiles", nil, membersOf(ix).blocks(v))
		b := v.bounds(membersOf(ix).extents())
		if b.Bytes < spare.Bytes+2*int64(len(data)) || b.Lines < spare.Lines+2*bytes.Count(data, []byte("\n")) {
			t.Errorf("%d bytes, %d lines do not fit %+v", len(data), bytes.Count(data, []byte("\n")), b)
		}
	}
}
