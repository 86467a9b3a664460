package etchosts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func openNew(t testing.TB, data []byte) (*File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, "etcfiles")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, path
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func never(string) bool { return false }

var bounds = Bounds{Bytes: 1 << 20, Lines: 1 << 14, Names: 1 << 18}

// entries returns the live lines in our regions.
func entries(text string) []entry {
	p, err := parse("etcfiles", text, bounds, never)
	if err != nil {
		panic(err)
	}
	return p.entries(0, len(p.live))
}

func texts(list []entry) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.text)
	}
	return out
}

// reconcile brings the file to the blocks and returns its content.
func reconcile(t testing.TB, f *File, path string, known func(string) bool, blocks ...string) string {
	t.Helper()
	if _, err := f.Refresh(); err != nil {
		t.Fatal(err)
	}
	layout, err := f.Reconcile(wish(known, blocks...))
	if err != nil {
		t.Fatal(err)
	}
	got := content(t, path)
	for _, r := range layout.Rooms {
		if room := got[r.Offset:r.end()]; len(listed(room)) > 0 || room[len(room)-1] != '\n' || r.Offset/PageSize != (r.end()-1)/PageSize {
			t.Errorf("no room at %v of\n%s", r, got)
		}
		if !inOurs(got, r.Offset) {
			t.Errorf("the room at %v is the user's: what is written there would be theirs for ever\n%s", r, got)
		}
	}
	return got
}

// inOurs reports whether the line at an offset stands between a begin and an end marker.
func inOurs(text string, at int64) (ours bool) {
	err := scan("etcfiles", text, bounds.Lines, func(s standing, off int64, _ string) { ours = ours || s == inRegion && off == at })
	return err == nil && ours
}

func wish(known func(string) bool, blocks ...string) Wish {
	return Wish{Bounds: bounds, Blocks: func([]string) []string { return blocks }, Known: known}
}

// TestHeal: broken markers are healed, our entries are exact, and every line of the user stands as it stood.
func TestHeal(t *testing.T) {
	web := "10.0.0.2        web web.lab\n"
	long := "192.0.2.5 " + strings.Repeat("x", 70_000) + "\n"
	for name, c := range map[string]struct {
		in   string
		user []string // lines of the user
	}{
		"empty":             {"", nil},
		"user only":         {"192.0.2.1 a\n\n  # note\r\n192.0.2.2 b\r\n", []string{"192.0.2.1 a\n\n  # note\r\n192.0.2.2 b\r\n"}},
		"no final newline":  {"192.0.2.1 a", []string{"192.0.2.1 a"}},
		"long line":         {long, []string{long}},
		"NULs":              {"192.0.2.1 a\x00b\n\x00\n", []string{"192.0.2.1 a\x00b\n\x00\n"}},
		"stale region":      {"192.0.2.1 a\n# <etcfiles>\n10.0.0.9 gone\n# </etcfiles>\n192.0.2.2 b\n", []string{"192.0.2.1 a\n", "192.0.2.2 b\n"}},
		"doubled region":    {"# <etcfiles>\n10.0.0.9 gone\n# </etcfiles>\n# <etcfiles>\n10.0.0.8 lost\n# </etcfiles>\n", nil},
		"unclosed":          {"# <etcfiles>\n" + localhost + "192.0.2.1 a\n", []string{"192.0.2.1 a\n"}},
		"begin twice":       {"# <etcfiles>\n192.0.2.1 a\n# <etcfiles>\n10.0.0.9 gone\n# </etcfiles>\n", []string{"192.0.2.1 a\n"}},
		"end twice":         {"# <etcfiles>\n10.0.0.9 gone\n# </etcfiles>\n192.0.2.1 a\n# </etcfiles>\n192.0.2.2 b\n", []string{"192.0.2.1 a\n", "192.0.2.2 b\n"}},
		"end first":         {"192.0.2.1 a\n# </etcfiles>\n# <etcfiles>\n192.0.2.2 b\n", []string{"192.0.2.1 a\n", "192.0.2.2 b\n"}},
		"CR at the markers": {"# <etcfiles>\r\n10.0.0.9 gone\r\n# </etcfiles>\r\n192.0.2.1 a\r\n", []string{"192.0.2.1 a\r\n"}},
		"other marker":      {"# <nerdctl>\n10.0.0.9 other\n# </nerdctl>\n", []string{"# <nerdctl>\n10.0.0.9 other\n# </nerdctl>\n"}},
		"marker in a line":  {"192.0.2.1 a # <etcfiles>\n", []string{"192.0.2.1 a # <etcfiles>\n"}},
		"begin without EOL": {"# <etcfiles>", nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, path := openNew(t, []byte(c.in))
			known := func(line string) bool { return line == localhost }
			got := reconcile(t, f, path, known, localhost, web)
			rest := got
			for _, line := range c.user {
				_, after, ok := strings.Cut(rest, line)
				if !ok {
					t.Fatalf("the user's %.80q is lost or out of order in\n%.2000s", line, got)
				}
				rest = after
			}
			if entries := texts(entries(got)); !slices.Equal(sorted(entries), sorted([]string{localhost, web})) {
				t.Errorf("entries %q in\n%.2000s", entries, got)
			}
			if strings.Contains(got, "gone") || strings.Contains(got, "lost") {
				t.Errorf("a stale name is left in\n%s", got)
			}
			if again := reconcile(t, f, path, known, localhost, web); again != got {
				t.Errorf("a second time changes\n%q to\n%q", got, again)
			}
		})
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// TestOldestFirst: of entries that share a name the wanted order is the order in the file, and a changed entry moves
// towards the end only.
func TestOldestFirst(t *testing.T) {
	data, _ := Render("etcfiles", nil, []string{localhost, "10.0.0.1        old x\n", "10.0.0.2        b db\n", "10.0.0.3        c\n"})
	f, path := openNew(t, data)
	got := reconcile(t, f, path, never, localhost, "10.0.0.2        b db\n", "10.0.0.4        d db\n", "10.0.0.3        c c2\n")
	if strings.Index(got, "10.0.0.2 ") > strings.Index(got, "10.0.0.4 ") {
		t.Errorf("the younger db stands first:\n%s", got)
	}
	if strings.Index(got, "c c2") < strings.Index(string(data), "10.0.0.3") {
		t.Errorf("c has moved towards the beginning:\n%s", got)
	}
}

// TestRoomIsUsedAgain: a file stops growing although peers come and go.
func TestRoomIsUsedAgain(t *testing.T) {
	list := peers(40)
	data, _ := Render("etcfiles", nil, append([]string{localhost}, list[:20]...))
	f, path := openNew(t, data)
	for round := range 50 {
		reconcile(t, f, path, never, append([]string{localhost}, list[round%20:20+round%20]...)...)
	}
	if n := len(content(t, path)); n > 3*len(data) {
		t.Errorf("the file has grown from %d to %d bytes", len(data), n)
	}
}

func TestRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	f, path := openNew(t, []byte("x\n"))
	_ = f
	if err := os.Symlink(path, dir+"/link"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{dir, dir + "/link", "/dev/null"} {
		if f, err := Open(bad, "etcfiles"); err == nil {
			f.Close()
			t.Errorf("%s is opened", bad)
		}
	}
}

// TestBlankLineInBrokenRegion: a line of ours contains a blank one, but a newline is not to be struck.
func TestBlankLineInBrokenRegion(t *testing.T) {
	f, path := openNew(t, []byte("# <etcfiles>\n"+localhost+"\n192.0.2.1 a\n"))
	got := reconcile(t, f, path, func(line string) bool { return strings.Contains(localhost, line) }, localhost)
	if !strings.Contains(got, "\n192.0.2.1 a\n") {
		t.Errorf("the user's line is lost in\n%s", got)
	}
}

// TestBlanks: only what libc takes for a blank parts names.
func TestBlanks(t *testing.T) {
	got, err := UserNames("etcfiles", "192.0.2.1\ta\vb\fc\u00a0d\u2003e \r\n", bounds)
	if want := []string{"a", "b", "c\u00a0d\u2003e"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("names %q, %v, want %q", got, err, want)
	}
}

// FuzzReconcile: whatever a file holds, afterwards exactly the wanted entries are live in our regions, no byte outside
// them has changed, and a second time changes nothing.
func FuzzReconcile(f *testing.F) {
	f.Add([]byte("192.0.2.1 a\n# <etcfiles>\n10.0.0.9 gone\n# </etcfiles>\n192.0.2.2 b"), uint8(3))
	f.Add([]byte("# <etcfiles>\n# <etcfiles>\r\n\n#\n##</etcfiles>\n# </etcfiles>\n# </etcfiles>"), uint8(200))
	f.Add([]byte("# <etcfiles>\n####\n#\n#####################################\n10.0.0.1        peer001 peer001.lab\n# </etcfiles>\n"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		file, path := openNew(t, data)
		want := append([]string{localhost}, peers(int(n))...)
		before := usersOwn(string(data))
		got := reconcile(t, file, path, never, want...)
		if entries := texts(entries(got)); !slices.Equal(sorted(entries), sorted(want)) {
			t.Fatalf("entries %q, want %q in\n%q", entries, want, got)
		}
		if after := usersOwn(got); !slices.Equal(before, after) {
			t.Fatalf("the user's lines %q became %q", before, after)
		}
		if again := reconcile(t, file, path, never, want...); again != got {
			t.Fatalf("a second time changes\n%q to\n%q", got, again)
		}
	})
}

// FuzzParse: whatever the bytes are, each line has one owner, our regions hold whole lines only, and what is said of them
// can be read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte("192.0.2.1 a\n# <etcfiles>\n10.0.0.9 gone\n#\n\n# </etcfiles>\n192.0.2.2 b"))
	f.Add([]byte("# <etcfiles>\n# <etcfiles>\r\n\x00\n##\n# </etcfiles> \n# </etcfiles>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		known := func(line string) bool { return len(line)%2 == 0 }
		p, err := parse("etcfiles", string(data), bounds, known)
		if err != nil {
			return // beyond the bounds
		}
		live, markers := p.entries(0, len(p.live)), slices.Sorted(slices.Values(slices.Concat(p.opens, p.closes)))
		var off int64
		if err := scan("etcfiles", string(data), len(data), func(s standing, at int64, line string) {
			if at != off || line == "" || string(data[at:at+int64(len(line))]) != line {
				t.Fatalf("no line %q at %d", line, at)
			}
			off += int64(len(line))
			if (s == inRegion || s == inBroken && known(line)) && !idle(line) {
				if len(live) == 0 || live[0].off != at || live[0].text != line {
					t.Fatalf("%q at %d is not seen", line, at)
				}
				live = live[1:]
			}
			if s == opener || s == closer {
				if !strings.HasPrefix(line, "# <") || len(markers) == 0 || markers[0] != at {
					t.Fatalf("marker %q at %d", line, at)
				}
				markers = markers[1:]
			}
		}); err != nil {
			t.Fatal(err)
		}
		if off != int64(len(data)) || len(live)+len(markers) > 0 {
			t.Fatalf("%d of %d bytes, %d lines and %d markers too many", off, len(data), len(live), len(markers))
		}
		end := int64(0)
		for _, s := range p.room {
			room := data[s.Offset : s.Offset+int64(s.Length)]
			if s.Offset < end || int(s.Offset%PageSize)+s.Length > PageSize || room[0] != '#' || room[s.Length-1] != '\n' {
				t.Fatalf("%q at %d is no room for an entry", room, s.Offset)
			}
			end = s.Offset + int64(s.Length)
		}
	})
}

// usersOwn returns the lines of a file that are not ours, without the comments that spoilt markers have become.
func usersOwn(text string) []string {
	var out []string
	if err := scan("etcfiles", text, len(text), func(s standing, _ int64, line string) {
		marker := strings.TrimPrefix(strings.TrimPrefix(strings.TrimRight(line, " \t\r\n"), "#"), "#")
		marker = strings.TrimPrefix(marker, " ")
		if s != inRegion && marker != "<etcfiles>" && marker != "</etcfiles>" {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}); err != nil {
		panic(err)
	}
	return out
}
