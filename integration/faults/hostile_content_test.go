package faults

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// maxMemory bounds what an operation may have resident in these tests, in bytes.
const maxMemory = 32 << 20

// maxIndex bounds, in bytes, the index of four containers, which remembers 512 KiB of the names that all users together have
// written, each list once.
const maxIndex = 576 << 10

// repeat returns text over and over, size bytes in all.
func repeat(text string, size int) io.Reader {
	return io.LimitReader(&repeated{text: text}, int64(size))
}

type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		c := copy(b[n:], r.text[r.at:])
		n, r.at = n+c, (r.at+c)%len(r.text)
	}
	return n, nil
}

// distinct returns lines with ever new names, size bytes in all.
func distinct(size int) io.Reader { return io.LimitReader(&names{}, int64(size)) }

// longNames returns 1,900 names of 250 bytes, in capital letters: they are kept in small ones.
func longNames() io.Reader {
	var lines []io.Reader
	for n := range 1_900 {
		lines = append(lines, strings.NewReader("1.1.1.1 "+strconv.Itoa(n)), repeat("X", 244), strings.NewReader("\n"))
	}
	return io.MultiReader(lines...)
}

type names struct {
	next int
	rest []byte
}

func (n *names) Read(b []byte) (int, error) {
	for len(n.rest) < len(b) {
		if n.next%40 == 0 {
			n.rest = append(n.rest, "\n1.1.1.1"...)
		}
		n.rest = strconv.AppendInt(append(n.rest, ' '), int64(n.next), 36)
		n.next++
	}
	c := copy(b, n.rest)
	n.rest = append(n.rest[:0], n.rest[c:]...)
	return c, nil
}

const (
	begin, end = "# <etcfiles>\n", "# </etcfiles>\n"
	mebibyte   = 1 << 20
)

// forged are lines that a container might wish its peers to read.
const forged = "6.6.6.6         db bank.example\n"

// contents are what a container fills its hosts file with.
var contents = map[string]func() io.Reader{
	"nothing":                   func() io.Reader { return strings.NewReader("") },
	"NULs":                      func() io.Reader { return repeat("\x00", mebibyte) },
	"forged region":             func() io.Reader { return strings.NewReader(begin + forged + end) },
	"forged region, no newline": func() io.Reader { return strings.NewReader(begin + forged + strings.TrimSpace(end)) },
	"regions in a region":       func() io.Reader { return strings.NewReader(begin + begin + forged + end + forged + end) },
	"a million lines":           func() io.Reader { return repeat("6.6.6.6 a\n", 10*mebibyte) },
	"forged lines": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat(forged, mebibyte), strings.NewReader(end))
	},
	"a million forged lines": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat("1 a\n", 4*mebibyte), strings.NewReader(end))
	},
	"shortest forged lines": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat("a\n", mebibyte-100), strings.NewReader(end))
	},
	"a million comments": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat("#\n", 2*mebibyte), strings.NewReader(end))
	},
	"comments and blank lines": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat("#########\n\n", mebibyte-100), strings.NewReader(end))
	},
	"open region": func() io.Reader { return io.MultiReader(strings.NewReader(begin), repeat("6.6.6.6 a\n", mebibyte-100)) },
	"16 MiB of an open region": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat("6.6.6.6 a\n", 16*mebibyte-100))
	},
	"begin markers": func() io.Reader { return repeat(begin, mebibyte) },
	"end markers":   func() io.Reader { return repeat(end, mebibyte) },
	"own line many times": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat(db.Line()+"\n", mebibyte-100), strings.NewReader(end))
	},
	"one line of 100 MB":       func() io.Reader { return repeat("x", 100_000_000) },
	"long names within bounds": func() io.Reader { return longNames() },
	"one name of a mebibyte":   func() io.Reader { return io.MultiReader(strings.NewReader("6.6.6.6 "), repeat("x", mebibyte-100)) },
	"forged lines within bounds": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat("6.6.6.6 a\n", 160_000), strings.NewReader(end))
	},
	"markers within bounds": func() io.Reader { return repeat(begin, 16_000*len(begin)) },
	"names within bounds":   func() io.Reader { return distinct(110_000) },
	"comments up to the bound": func() io.Reader {
		return io.MultiReader(strings.NewReader(begin), repeat("#\n", 4*mebibyte), strings.NewReader(end))
	},
	"many names":                  func() io.Reader { return distinct(mebibyte - 1000) },
	"16 MiB of names":             func() io.Reader { return distinct(16*mebibyte - 1000) },
	"the index's words as a name": func() io.Reader { return strings.NewReader("6.6.6.6 end C\x85N\xff\u2028A x\x00y\tC\tdb\n") },
}

// fill writes into a hosts file as the container does: the inode stays.
func fill(t *testing.T, path string, content io.Reader) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err == nil {
		_, err = io.Copy(f, content)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestContent: whatever is in the file of a container, the others are served, and the memory is bounded.
func TestContent(t *testing.T) {
	f := newSiege(t, []fleet.Attachment{web, db, api}, comer)
	for name, content := range contents {
		t.Run(name, func(t *testing.T) {
			fill(t, f.Hosts(web), content())
			f.comeAndGo(t)
			f.recover(t)
		})
	}
	row(t, fmt.Sprintf("ADD, DEL, CHECK or GC while a container's hosts file holds one of %d contents: NULs, forged markers and lines, a million "+
		"lines, one of 100 MB, 16 MiB of names", len(contents)), f.bill.calls,
		"all succeeded, the files of the others were exact, no peer saw a forged name; "+f.bill.String())
}

// comeAndGo lets a container come and go, with a repair in between, while another is hostile.
func (f siege) comeAndGo(t *testing.T) {
	t.Helper()
	f.serve(t, "ADD", comer, web, db, api, comer)
	f.serve(t, "DEL", comer, web, db, api)
	f.forgetIndex(t)
	f.serve(t, "ADD", comer, web, db, api, comer)
	f.serve(t, "CHECK", comer, web, db, api, comer)
	f.serve(t, "GC", comer, web, db, api)
}

// serve runs an operation, which must succeed within bounds and leave every other file exact.
func (f siege) serve(t *testing.T, verb string, a fleet.Attachment, members ...fleet.Attachment) {
	t.Helper()
	o := f.run(t, verb, a)
	t.Logf("%-10s %6.1f MiB %8s %s", o.command, float64(o.Memory)/mebibyte, o.CPU.Round(1e5), strings.ReplaceAll(o.Stderr, f.DataDir, ""))
	o.mustSucceed(t)
	if o.Memory > maxMemory {
		t.Errorf("%s took %d MiB", o.command, o.Memory>>20)
	}
	if len(o.Stderr) > 1000 {
		t.Errorf("%s writes %d bytes of warnings", o.command, len(o.Stderr))
	}
	if info, err := os.Stat(filepath.Join(f.DataDir, "index/default/index")); err != nil || info.Size() > maxIndex {
		t.Errorf("after %s the index: %v, %d bytes", o.command, err, info.Size())
	}
	f.checkServed(t, members...)
}

// recover is what the hostile container may do: empty its file. The next operation serves it again.
func (f siege) recover(t *testing.T) {
	t.Helper()
	fill(t, f.Hosts(web), strings.NewReader(""))
	f.serve(t, "ADD", comer, web, db, api, comer)
	checkFile(t, f.Hosts(web), fleet.Localhost(), web, db, api, comer)
	f.serve(t, "DEL", comer, web, db, api)
	checkFile(t, f.Hosts(web), fleet.Localhost(), web, db, api)
}
