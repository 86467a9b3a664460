package fleet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Entries returns the lines of a hosts file that libc reads.
func Entries(content string) []string {
	var out []string
	for l := range strings.Lines(content) {
		if l, _, _ = strings.Cut(l, "#"); strings.TrimSpace(l) != "" {
			out = append(out, strings.TrimSuffix(l, "\n"))
		}
	}
	return out
}

// Files returns which lines each hosts file has, given who is attached, oldest first.
func (f Fleet) Files(live []Attachment) map[string][]string {
	out := map[string][]string{}
	for _, viewer := range live {
		var networks, own []string
		for _, a := range live {
			if a.ID == viewer.ID {
				networks, own = append(networks, a.Network), append(own, a.Names()...)
			}
		}
		container := Localhost()
		var network []string
		for _, a := range live {
			names := a.Names()
			if a.Network == viewer.Network {
				network = append(network, Line(a.Addr, names...))
			}
			if a.ID != viewer.ID { // one's own names are one's own
				names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(own, n) })
			}
			if slices.Contains(networks, a.Network) {
				container = append(container, Line(a.Addr, names...))
			}
		}
		out[f.Hosts(viewer)] = container
		out[f.NetworkHosts(viewer)] = network
	}
	return out
}

// entriesOf returns the lines of the hosts file at a path that libc reads.
func entriesOf(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return Entries(string(b))
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// sharing returns the lines that have the alias.
func sharing(list []string, alias string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(l string) bool { return !strings.HasSuffix(l, " "+alias) })
}

// Check compares every hosts file and every record with who is attached in the default namespace, oldest first, and finds
// files of others.
func (f Fleet) Check(t *testing.T, live []Attachment) {
	t.Helper()
	want := f.Files(live)
	for path, lines := range want {
		got := entriesOf(t, path)
		if diff := cmp.Diff(sorted(lines), sorted(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		for _, a := range live {
			if a.Alias == "" {
				continue
			}
			if diff := cmp.Diff(sharing(lines, a.Alias), sharing(got, a.Alias)); diff != "" {
				t.Errorf("%s: of those who share a name the oldest is to be the first (-want +got):\n%s", path, diff)
			}
		}
	}
	f.checkRecords(t, live)
	for _, pattern := range []string{"etchosts/default/*/*", "networks/default/*/*", "containers/default/*/*"} {
		left, err := filepath.Glob(f.path(pattern))
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
func (f Fleet) belongs(path string, hosts map[string][]string) bool {
	name := filepath.Base(path)
	if strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".new") { // half-written: it goes with the container
		name = strings.TrimSuffix(name[1:], ".new")
	}
	_, ok := hosts[f.Hosts(Attachment{ID: filepath.Base(filepath.Dir(path))})]
	return ok && slices.Contains([]string{"meta.json", "netns", "resolv.conf", "hostname"}, name)
}

// record is what a container's meta.json says of its attachments, in nerdctl's way and in that of etcfiles.
type record struct {
	Namespace, ID string
	Networks      map[string]struct {
		IPs []struct{ Address string }
	}
	Etcfiles struct {
		Attachments []struct {
			Network, IfName string
			Addresses       []string
		}
	}
}

// Recorded returns what the text of a record says of the container's attachments, one for each address.
func Recorded(text []byte) ([]Attachment, error) {
	var r record
	err := json.Unmarshal(text, &r)
	return r.attachments(), err
}

func (r record) attachments() []Attachment {
	var list []Attachment
	for _, a := range r.Etcfiles.Attachments {
		for _, addr := range a.Addresses {
			list = append(list, Attachment{Namespace: r.Namespace, ID: r.ID, IfName: a.IfName, Network: a.Network, Addr: addr})
		}
	}
	return list
}

// checkRecords compares the records of the containers with their attachments in the default namespace.
func (f Fleet) checkRecords(t *testing.T, live []Attachment) {
	t.Helper()
	want := map[string][]string{}
	for _, a := range live {
		a.Namespace = "default"
		want[a.ID] = append(want[a.ID], a.String(), fmt.Sprintf("%s %s/16", a.Network, a.Addr))
	}
	for id := range want {
		var r record
		b, err := os.ReadFile(filepath.Join(filepath.Dir(f.Hosts(Attachment{ID: id})), "meta.json"))
		if err == nil {
			err = json.Unmarshal(b, &r)
		}
		if err != nil {
			t.Errorf("record of %s: %v", id, err)
			continue
		}
		var got []string
		for _, a := range r.attachments() {
			got = append(got, a.String())
		}
		for network, result := range r.Networks {
			for _, ip := range result.IPs {
				got = append(got, network+" "+ip.Address)
			}
		}
		if diff := cmp.Diff(sorted(want[id]), sorted(got)); diff != "" || r.ID != id {
			t.Errorf("record of %s is of %s/%s (-want +got):\n%s", id, r.Namespace, r.ID, diff)
		}
	}
}

// CheckStable finds names that stay and are missing, and lines that nobody wrote, in the files of those who stay.
func (f Fleet) CheckStable(t *testing.T, stable, mayBe []Attachment) {
	t.Helper()
	legal := f.Files(slices.Concat(stable, mayBe))
	for path, lines := range f.Files(stable) {
		got := entriesOf(t, path)
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
