package roster

import (
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// TestPagesAreWhatEachLineIs: members for many viewers have the same lines for each as those for one, whatever names are shared, with
// pods, with several networks and addresses, and with names of the user's own lines.
func TestPagesAreWhatEachLineIs(t *testing.T) {
	for seed := range int64(20) {
		random := rand.New(rand.NewSource(seed))
		ix := randomIndex(random)
		one, many := MembersOf(ix, nil), MembersOf(ix, nil).ForMany()
		viewers := []*Viewer{{Network: "net0"}, {Network: "net1"}, {Container: &hostsstore.Container{ID: "alone"}}}
		for _, c := range ix.Containers {
			viewers = append(viewers, &Viewer{Container: c})
		}
		for _, v := range viewers {
			again := *v
			want, got := one.Blocks(v), many.Blocks(&again)
			if !slices.Equal(linesOf(want), linesOf(got)) {
				t.Fatalf("seed %d, viewer %+v:\nwant %q\ngot  %q", seed, v.Container, want, got)
			}
		}
	}
}

// TestPagesKnowTheirLines: members for many viewers know the same lines as those for one, and which of a viewer's lines has a name of
// another one.
func TestPagesKnowTheirLines(t *testing.T) {
	alone := 0
	for seed := range int64(8) {
		ix := randomIndex(rand.New(rand.NewSource(seed)))
		one, many := MembersOf(ix, nil), MembersOf(ix, nil).ForMany()
		all := map[string]bool{"10.9.9.9        nobody\n": true}
		for _, c := range ix.Containers {
			for _, line := range linesOf(one.Blocks(&Viewer{Container: c})) {
				all[line] = true
			}
		}
		for _, c := range ix.Containers {
			v := &Viewer{Container: c}
			knows, known, shared := one.Known(&Viewer{Container: c}, nil, nil), many.Known(v, nil, nil), many.Shared(v)
			for line := range all {
				if knows(line) != known(line) {
					t.Fatalf("seed %d, viewer %+v: knows %q: %t", seed, c, line, known(line))
				}
			}
			lines := linesOf(many.Blocks(&Viewer{Container: c}))
			for _, line := range lines {
				if shared == nil || shared(line) {
					continue
				}
				alone++
				if n := holdersOf(line, lines); n > 1 {
					t.Fatalf("seed %d, viewer %+v: of %d lines with a name of %q it is said to be the only one", seed, c, n, line)
				}
			}
		}
	}
	if alone < 100 {
		t.Errorf("%d lines are told to have names of their own", alone)
	}
}

func linesOf(blocks []string) []string {
	return slices.Collect(strings.Lines(strings.Join(blocks, "")))
}

// holdersOf returns how many lines have a name of one.
func holdersOf(line string, lines []string) int {
	n := 0
	for _, other := range lines {
		for _, name := range strings.Fields(strings.ToLower(line))[1:] {
			if slices.Contains(strings.Fields(strings.ToLower(other))[1:], name) {
				n++
				break
			}
		}
	}
	return n
}

// TestPagesAreFewBlocks: the file of one of many who share no name is a handful of blocks.
func TestPagesAreFewBlocks(t *testing.T) {
	ix := hostsstore.NewIndex("")
	for i := range 1000 {
		id := fmt.Sprintf("c%04d", i)
		ix.Containers[id] = &hostsstore.Container{ID: id, Attachments: []hostsstore.Attachment{{
			Network: "lab", Sequence: uint64(i), Names: []string{id, id + ".lab"},
			Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})},
		}}}
	}
	if blocks := MembersOf(ix, nil).ForMany().Blocks(&Viewer{Container: ix.Containers["c0500"]}); len(blocks) > 5 {
		t.Errorf("%d blocks", len(blocks))
	}
}

// randomIndex returns containers that share many names.
func randomIndex(random *rand.Rand) *hostsstore.Index {
	some := func(prefix string, kinds, most int) []string {
		var list []string
		for range random.Intn(most + 1) {
			name := fmt.Sprintf("%s%d", prefix, random.Intn(kinds))
			if random.Intn(3) == 0 {
				name = strings.ToUpper(name)
			}
			list = append(list, name)
		}
		return Unique(list)
	}
	ix := hostsstore.NewIndex("")
	for i := range 40 {
		id := fmt.Sprintf("c%02d", i)
		c := &hostsstore.Container{ID: id, UserNames: some("name", 30, 2)}
		slices.Sort(c.UserNames)
		for j := range c.UserNames {
			c.UserNames[j] = strings.ToLower(c.UserNames[j])
		}
		pod := random.Intn(3) == 0
		if pod {
			c.Kubernetes = fmt.Sprintf("k%d", random.Intn(2))
		}
		for j := range 1 + random.Intn(2) {
			a := hostsstore.Attachment{
				Network: fmt.Sprintf("net%d", random.Intn(2)), IfName: fmt.Sprintf("eth%d", j), Sequence: uint64(random.Intn(30)),
				Names: some("name", 30, 3), Own: some("own", 9, 1),
			}
			if pod {
				a.Qualified, a.World = some("q", 20, 2), some("w", 20, 1)
			}
			for k := range 1 + random.Intn(2) {
				a.Addresses = append(a.Addresses, netip.AddrFrom4([4]byte{10, byte(j), byte(k), byte(i)}))
			}
			c.Attachments = append(c.Attachments, a)
		}
		ix.Containers[id] = c
	}
	return ix
}
