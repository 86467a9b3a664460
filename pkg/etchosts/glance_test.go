package etchosts

import (
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestGlanceIsCompare: what a glance tells is what taking the file apart tells, whatever has been done to the file and however the wanted
// lines come in blocks.
func TestGlanceIsCompare(t *testing.T) {
	tells, differs := 0, 0
	for seed := range int64(6000) {
		random := rand.New(rand.NewSource(seed))
		list := randomLines(random)
		text := spoilt(random, list)
		known := func(line string) bool { return slices.Contains(list, line) }
		w := Wish{
			Bounds: bounds, Known: known, Shared: sharedIn(list),
			Blocks: func(userNames []string) []string { return inBlocks(rand.New(rand.NewSource(seed)), list) },
		}
		d, ok := glance("m", w, []byte(text))
		if !ok {
			continue
		}
		f := &File{marker: "m"}
		want, err := f.compare(w, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, d, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d, wanted:\n%s\nfile:\n%s\n%s", seed, strings.Join(list, ""), text, diff)
		}
		tells++
		if !d.None() {
			differs++
		}
	}
	if tells < 1000 || differs < 300 {
		t.Errorf("it tells of %d files, and of %d that differ", tells, differs)
	}
}

// TestGlanceSeesOneByte: of thousands of lines one byte is wrong, wherever that is.
func TestGlanceSeesOneByte(t *testing.T) {
	var blocks []string
	for i := range 3000 {
		blocks = append(blocks, Format(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), []string{fmt.Sprintf("c%04d", i)}))
	}
	data, _ := Render("m", []byte("10.9.9.9 user\n"), blocks)
	w := Wish{
		Bounds: bounds, Known: func(line string) bool { return slices.Contains(blocks, line) },
		Blocks: func([]string) []string { return []string{strings.Join(blocks, "")} },
	}
	if d, ok := glance("m", w, data); !ok || !d.None() {
		t.Fatalf("%t: %+v", ok, d)
	}
	begin := strings.Index(string(data), blocks[0])
	for at := begin; at < len(data); at += 97 {
		if data[at] == '#' || data[at] == '\n' || data[at] == ' ' {
			continue
		}
		was := data[at]
		data[at] = 'x'
		if d, ok := glance("m", w, data); ok && d.None() {
			t.Fatalf("byte %d: nothing is found", at)
		}
		data[at] = was
	}
}

// FuzzGlance: a glance tells nothing else than taking the file apart.
func FuzzGlance(f *testing.F) {
	f.Add("# <m>\n" + webLine + dbLine + "# </m>\n")
	f.Add("1.2.3.4 web\n# <m>\n####\n" + webLine + "##</m>\n##<m>\n" + dbLine + "1.2.3.5 x\n# </m>\n")
	f.Fuzz(func(t *testing.T, text string) {
		w := Wish{Bounds: bounds, Known: written, Shared: sharedIn(wanted(nil)), Blocks: func([]string) []string { return []string{webLine + dbLine} }}
		d, ok := glance("m", w, []byte(text))
		if !ok {
			return
		}
		want, err := (&File{marker: "m"}).compare(w, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, d, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// randomLines returns up to 60 lines, of which few share a name.
func randomLines(random *rand.Rand) []string {
	var list []string
	for i := range 1 + random.Intn(60) {
		names := []string{fmt.Sprintf("only%d", i)}
		if random.Intn(8) == 0 {
			names = append(names, fmt.Sprintf("Shared%d", random.Intn(4)))
		}
		list = append(list, Format(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), names))
	}
	return list
}

// inBlocks puts lines into blocks, some of them empty.
func inBlocks(random *rand.Rand, list []string) []string {
	var blocks []string
	for len(list) > 0 {
		if random.Intn(4) == 0 {
			blocks = append(blocks, make([]string, random.Intn(3*mostOdd))...)
		}
		n := random.Intn(min(len(list), 20) + 1)
		blocks = append(blocks, strings.Join(list[:n], ""))
		list = list[n:]
	}
	return append(blocks, "")
}

// sharedIn returns what reports whether a line shares a name with another one of a list.
func sharedIn(list []string) func(line string) bool {
	return func(line string) (shared bool) {
		holders := map[string]int{}
		for _, l := range list {
			Names(l, func(_ netip.Addr, name string) { holders[strings.ToLower(name)]++ })
		}
		Names(line, func(_ netip.Addr, name string) { shared = shared || holders[strings.ToLower(name)] > 1 })
		return shared
	}
}

// spoilt returns a file with the lines and a few faults.
func spoilt(random *rand.Rand, list []string) string {
	lines := slices.Clone(list)
	at := func() int { return random.Intn(len(lines)) }
	for range random.Intn(4) {
		if len(lines) == 0 {
			break
		}
		switch random.Intn(8) {
		case 0, 1:
			lines = slices.Delete(lines, len(lines)-1, len(lines))
		case 2:
			n := at()
			lines = slices.Delete(lines, n, n+1)
		case 3, 4:
			lines = slices.Insert(lines, at(), fmt.Sprintf("10.1.0.%d        %s\n", random.Intn(9), []string{"extra", "shared1", "only3"}[random.Intn(3)]))
		case 5:
			lines = slices.Insert(lines, at(), lines[at()])
		case 6:
			i, j := at(), at()
			lines[i], lines[j] = lines[j], lines[i]
		case 7:
			lines[at()] = "#########\n"
		}
	}
	region := "# <m>\n"
	for _, line := range lines {
		switch random.Intn(12) {
		case 0:
			region += "########\n"
		case 1:
			region += "##</m>\n##<m>\n"
		case 2:
			region += []string{"\n", " \t\n", "# </m> \r\n10.2.0.1 user\n# <m>\n", "# <other>\n"}[random.Intn(4)]
		}
		region += line
	}
	text := region + "# </m>\n"
	if random.Intn(3) == 0 {
		text = "10.3.0.1 User # comment\n" + text + "10.3.0.2 user2"
	}
	if random.Intn(30) == 0 {
		text += "\n# <m>\n"
	}
	return text
}
