package killed

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var localhost = []string{
	line("127.0.0.1", "localhost", "localhost.localdomain"),
	line("::1", "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"),
}

// files returns which lines each hosts file has, given who is attached, oldest first.
func (f fleet) files(live []attachment) map[string][]string {
	out := map[string][]string{}
	for _, viewer := range live {
		var networks, own []string
		for _, a := range live {
			if a.id == viewer.id {
				networks, own = append(networks, a.network), append(own, a.names()...)
			}
		}
		container := slices.Clone(localhost)
		var network []string
		for _, a := range live {
			names := a.names()
			if a.network == viewer.network {
				network = append(network, line(a.addr, names...))
			}
			if a.id != viewer.id { // one's own names are one's own
				names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(own, n) })
			}
			if slices.Contains(networks, a.network) {
				container = append(container, line(a.addr, names...))
			}
		}
		out[filepath.Join(f.records(), viewer.id, "hosts")] = container
		out[filepath.Join(f.dataDir, "networks/default", viewer.network, "hosts")] = network
	}
	return out
}

// entries returns the lines that libc reads.
func entries(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	var out []string
	for l := range strings.Lines(string(b)) {
		if l, _, _ = strings.Cut(l, "#"); strings.TrimSpace(l) != "" {
			out = append(out, strings.TrimSuffix(l, "\n"))
		}
	}
	return out
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// sharing returns the lines that have the alias that several containers share.
func sharing(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(l string) bool { return !strings.HasSuffix(l, " "+shared) })
}

// checkExact compares every hosts file with who is attached, oldest first, and finds files of others.
func (f fleet) checkExact(t *testing.T, live []attachment) {
	t.Helper()
	want := f.files(live)
	for path, lines := range want {
		got := entries(t, path)
		if diff := cmp.Diff(sorted(lines), sorted(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		if diff := cmp.Diff(sharing(lines), sharing(got)); diff != "" {
			t.Errorf("%s: of those who share a name the oldest is to be the first (-want +got):\n%s", path, diff)
		}
	}
	for _, pattern := range []string{"etchosts/default/*/*", "networks/default/*/*", "containers/default/*/*"} {
		left, err := filepath.Glob(filepath.Join(f.dataDir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range left {
			if _, ok := want[path]; !ok && !f.belongs(path, want) {
				t.Errorf("%s is left", path)
			}
		}
	}
}

// belongs reports whether a file that is no hosts file is one of a container that has a hosts file.
func (f fleet) belongs(path string, hosts map[string][]string) bool {
	name := filepath.Base(path)
	if strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".new") { // half-written: it goes with the container
		name = strings.TrimSuffix(name[1:], ".new")
	}
	_, ok := hosts[filepath.Join(f.records(), filepath.Base(filepath.Dir(path)), "hosts")]
	return ok && slices.Contains([]string{"meta.json", "netns", "resolv.conf", "hostname"}, name)
}

// checkStable finds names that stay and are missing, and lines that nobody wrote, in the files of those who stay.
func (f fleet) checkStable(t *testing.T, stable, mayBe []attachment) {
	t.Helper()
	legal := f.files(slices.Concat(stable, mayBe))
	for path, lines := range f.files(stable) {
		got := entries(t, path)
		for _, l := range lines {
			if !slices.Contains(got, l) {
				t.Errorf("%s has no %q", path, l)
			}
		}
		for _, l := range got {
			if !slices.Contains(legal[path], l) {
				t.Errorf("%s has %q", path, l)
			}
		}
	}
}
