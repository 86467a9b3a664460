package etchosts

import (
	"fmt"
	"math/rand"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestModel makes random changes to a list of entries that share names, and compares the file with the list after each:
// the entries are those of the list, of two that share a name the older one stands first, the offsets are right, an
// entry never moves towards the beginning, and the user's lines stand as they stood.
func TestModel(t *testing.T) {
	for seed := range int64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { model(t, rand.New(rand.NewSource(seed))) })
	}
}

func model(t *testing.T, random *rand.Rand) {
	t.Helper()
	next := 0
	block := func(peer int) string {
		next++
		names := []string{fmt.Sprintf("peer%d", peer), fmt.Sprintf("db%d", random.Intn(4)), fmt.Sprintf("new%d", next)}
		if random.Intn(8) == 0 {
			names = append(names, longNames(random.Intn(300))...)
		}
		return Format(netip.AddrFrom4([4]byte{10, 0, byte(next >> 8), byte(next)}), names)
	}
	user := "192.0.2.1 printer\n\n# note\r\n"
	f, path := openNew(t, []byte(user))
	var list []string
	peer, age := []int{}, 0
	add := func() {
		peer = append(peer, age)
		list = append(list, block(age))
		age++
	}
	for range 60 {
		before := content(t, path)
		for range 1 + random.Intn(3) {
			switch i := random.Intn(len(list) + 1); {
			case i == len(list) || random.Intn(3) == 0:
				add()
			case random.Intn(2) == 0: // it goes
				list, peer = slices.Delete(list, i, i+1), slices.Delete(peer, i, i+1)
			default: // it changes
				list[i] = block(peer[i])
			}
		}
		if random.Intn(5) == 0 { // the user adds a line at the end
			line := fmt.Sprintf("192.0.2.9 user%d\n", len(user))
			user += line
			writeEnd(t, path, line)
		}
		want := append([]string{localhost}, list...)
		got := reconcile(t, f, path, never, want...)
		checkModel(t, before, got, want, peer, user)
		if t.Failed() {
			t.FailNow()
		}
	}
}

func checkModel(t *testing.T, before, got string, want []string, peer []int, user string) {
	t.Helper()
	if a, b := sorted(texts(entries(got))), sorted(lines(want)); !slices.Equal(a, b) {
		t.Errorf("entries %q, want %q", a, b)
	}
	if a, b := resolver(got), resolver(user+strings.Join(want, "")); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("a reader gets %v, want %v", a, b)
	}
	rest := got
	for line := range strings.Lines(user) {
		_, after, ok := strings.Cut("\n"+rest, "\n"+line)
		if !ok {
			t.Errorf("the user's %q is lost", line)
		}
		rest = after
	}
	for i, n := range peer {
		name := fmt.Sprintf(" peer%d ", n)
		was := strings.LastIndex(before, name)
		if now := strings.Index(got, name); was >= 0 && now < was {
			t.Errorf("%s has moved from %d to %d", strings.TrimSpace(want[i+1]), was, now)
		}
	}
}

func lines(blocks []string) []string { return slices.Collect(strings.Lines(strings.Join(blocks, ""))) }

// writeEnd adds to a file as a shell in the container does.
func writeEnd(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
