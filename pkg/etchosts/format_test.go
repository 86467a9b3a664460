package etchosts

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		addr, names, want string
	}{
		{"10.4.10.15", "server server.lab", "10.4.10.15      server server.lab\n"},
		{"255.255.255.255", "a", "255.255.255.255 a\n"},
		{"fd00:1234:5678::1", "a", "fd00:1234:5678::1 a\n"},
		{"::1", "localhost", "::1             localhost\n"},
		{"10.0.0.1", "", ""},
	} {
		if got := Format(netip.MustParseAddr(c.addr), strings.Fields(c.names)); got != c.want {
			t.Errorf("Format(%s, %s) = %q, want %q", c.addr, c.names, got, c.want)
		}
	}
}

// TestFormatLongLines: musl reads lines of 511 bytes; a continuation repeats the address and no name.
func TestFormatLongLines(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("alias-%03d.example.com", i))
	}
	var got []string
	for line := range strings.Lines(Format(netip.MustParseAddr("10.0.0.1"), names)) {
		if len(line) > maxLine {
			t.Errorf("line of %d bytes", len(line))
		}
		if !strings.HasPrefix(line, "10.0.0.1        alias") {
			t.Errorf("line %q", line)
		}
		got = append(got, strings.Fields(line)[1:]...)
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Error(diff)
	}
}

// peers returns the lines of n peers.
func peers(n int) []string {
	out := make([]string, n)
	for i := range out {
		name := fmt.Sprintf("peer%03d", i)
		out[i] = Format(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), []string{name, name + ".lab"})
	}
	return out
}

const localhost = "127.0.0.1       localhost localhost.localdomain\n"

func TestRender(t *testing.T) {
	for name, c := range map[string]struct {
		head   string
		blocks []string
	}{
		"small": {"", append([]string{localhost}, peers(2)...)},
		"head":  {"192.0.2.1 printer\n# no newline at the end", append([]string{localhost, ""}, peers(1)...)},
		"pages": {"", append([]string{localhost}, peers(300)...)},
	} {
		t.Run(name, func(t *testing.T) {
			data, offsets := Render("etcfiles", []byte(c.head), c.blocks)
			golden := "testdata/render-" + name + ".golden"
			if *update {
				if err := os.WriteFile(golden, data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(data)); diff != "" {
				t.Error(diff)
			}
			for i, block := range c.blocks {
				if block != "" && !strings.HasPrefix(string(data[offsets[i]:]), block) {
					t.Errorf("block %d is not at %d", i, offsets[i])
				}
			}
			noEntryCrossesAPage(t, data)
		})
	}
}

// noEntryCrossesAPage: an append becomes visible page by page. The user's lines stand where they stand.
func noEntryCrossesAPage(t *testing.T, data []byte) {
	t.Helper()
	for _, e := range entries(string(data)) {
		if e.off/PageSize != (e.off+int64(len(e.text))-1)/PageSize {
			t.Errorf("line %q at %d crosses a page", e.text, e.off)
		}
	}
}
