package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"
)

// model says what must be in the data directory, and what may be while operations are under way.
type model struct {
	dataDir string
	stable  []attachment // there all the time

	mu    sync.Mutex
	clock int64 // grows with every change of what may be there
	lines map[lineKey]*span
}

// lineKey is a line in the files of a network.
type lineKey struct{ ns, network, line string }

// span says when a line may be in the files.
type span struct {
	holders int   // attachments that may be there
	until   int64 // when the last one went
}

func newModel(dataDir string, stable []attachment) *model {
	m := &model{dataDir: dataDir, stable: stable, lines: map[lineKey]*span{}}
	for _, a := range stable {
		m.mayCome(a)
	}
	return m
}

func keyOf(a attachment) lineKey { return lineKey{a.ns, a.network, a.line()} }

// mayCome says that from now on the attachment may be there.
func (m *model) mayCome(a attachment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lines[keyOf(a)] == nil {
		m.lines[keyOf(a)] = &span{}
	}
	m.lines[keyOf(a)].holders++
}

// isGone says that from now on the attachment is not there.
func (m *model) isGone(a attachment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock++
	s := m.lines[keyOf(a)]
	s.holders--
	s.until = m.clock
}

func (m *model) now() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.clock
}

// possible tells whether a line may have been read at a time or later.
func (m *model) possible(k lineKey, since int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.lines[k]
	return s != nil && (s.holders > 0 || s.until > since)
}

func (m *model) path(parts ...string) string {
	return filepath.Join(append([]string{m.dataDir}, parts...)...)
}

// look reads the hosts file of a stable container while others come and go, and finds stable names that are missing and
// lines that nobody can have.
func (m *model) look(ns, id string) error {
	since := m.now()
	b, err := os.ReadFile(m.path("etchosts", ns, id, "hosts"))
	if err != nil {
		return err
	}
	var networks []string
	for _, a := range m.stable {
		if a.ns == ns && a.id == id {
			networks = append(networks, a.network)
		}
	}
	have := entries(string(b))
	for _, line := range m.always(ns, networks) {
		if !slices.Contains(have, line) {
			return fmt.Errorf("hosts of %s/%s has no %q:\n%s", ns, id, line, b)
		}
	}
	for _, line := range have {
		legal := slices.Contains(localhost, line)
		for _, network := range networks {
			legal = legal || m.possible(lineKey{ns, network, line}, since)
		}
		if !legal {
			return fmt.Errorf("hosts of %s/%s has %q:\n%s", ns, id, line, b)
		}
	}
	return nil
}

// always lists the lines that are in the file of a container on the networks at every instant.
func (m *model) always(ns string, networks []string) []string {
	list := slices.Clone(localhost)
	for _, a := range m.stable {
		if a.ns == ns && slices.Contains(networks, a.network) {
			list = append(list, a.line())
		}
	}
	return list
}

// exact compares every file with who is attached, and finds files of others. The directories that are halfway may lack
// their files: the ADD that was to write them was killed, and its runtime knows nothing of a container.
func (m *model) exact(live []attachment, halfway []string) error {
	want := map[string]string{}
	for _, a := range live {
		var container, network, own []string
		for _, b := range live {
			if b.ns != a.ns {
				continue
			}
			if b.network == a.network {
				network = append(network, b.line())
			}
			if b.id == a.id {
				own = append(own, fmt.Sprint(b.network, " ", b.ifName, " ", b.addr))
			}
			if slices.ContainsFunc(live, func(c attachment) bool { return c.ns == a.ns && c.id == a.id && c.network == b.network }) {
				container = append(container, b.line())
			}
		}
		want[filepath.Join("etchosts", a.ns, a.id, "hosts")] = text(slices.Concat(localhost, container))
		want[filepath.Join("etchosts", a.ns, a.id, "meta.json")] = text(own)
		want[filepath.Join("containers", a.ns, a.id, "resolv.conf")] = "nameserver 192.0.2.53\n"
		want[filepath.Join("containers", a.ns, a.id, "hostname")] = a.id + "\n"
		want[filepath.Join("networks", a.ns, a.network, "hosts")] = text(network)
		want[filepath.Join("index", a.ns, "index")] = ""
		want[filepath.Join("index", a.ns, "offsets")] = ""
	}
	have, err := m.files(want)
	if err != nil {
		return err
	}
	for path := range want {
		if _, ok := have[path]; !ok && slices.Contains(halfway, filepath.Dir(path)) {
			delete(want, path)
		}
	}
	if diff := cmp.Diff(want, have); diff != "" {
		return fmt.Errorf("the files differ (-want +have)\n%s", diff)
	}
	return nil
}

// text is lines in an order that does not depend on who came first.
func text(lines []string) string { return strings.Join(sorted(lines), "\n") }

// files reads the data directory. Half-written files beside those that are wanted are none.
func (m *model) files(want map[string]string) (map[string]string, error) {
	have := map[string]string{}
	err := filepath.WalkDir(m.dataDir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(m.dataDir, path)
		if err != nil {
			return err
		}
		if name, ok := strings.CutSuffix(e.Name(), ".new"); ok && name[0] == '.' {
			if _, ok := want[filepath.Join(filepath.Dir(rel), name[1:])]; ok {
				return nil
			}
		}
		b, err := os.ReadFile(path)
		switch {
		case err != nil:
		case e.Name() == "hosts":
			have[rel] = text(entries(string(b)))
		case e.Name() == "meta.json":
			var list []attachment
			list, err = attachments(b)
			var own []string
			for _, a := range list {
				own = append(own, fmt.Sprint(a.network, " ", a.ifName, " ", a.addr))
			}
			have[rel] = text(own)
			if netns := filepath.Join(filepath.Dir(path), "netns"); netnsFile(netns) != "" {
				have[filepath.Join(filepath.Dir(rel), "netns")] = netnsFile(netns)
			}
		case e.Name() == "netns":
			if said := netnsFile(path); said != "" {
				have[rel] = said
			}
		case e.Name() == "index" || e.Name() == "offsets":
			have[rel] = ""
		default:
			have[rel] = string(b)
		}
		return err
	})
	return have, err
}

// netnsFile returns what is wrong with a netns file: it is to be what the record beside it says, and absent if that says
// nothing.
func netnsFile(path string) string {
	var r struct {
		Etcfiles struct {
			Netns struct{ Device, Inode uint64 }
		}
	}
	record, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "meta.json"))
	_ = json.Unmarshal(record, &r)
	want := ""
	if r.Etcfiles.Netns.Inode != 0 {
		want = fmt.Sprintf("%d %d\n", r.Etcfiles.Netns.Device, r.Etcfiles.Netns.Inode)
	}
	switch said, err := os.ReadFile(path); {
	case string(said) == want && (err == nil) == (want != ""):
		return ""
	default:
		return fmt.Sprintf("it says %q (%v), the record %q", said, err, want)
	}
}

// attachments returns what a record says.
func attachments(record []byte) ([]attachment, error) {
	var r struct {
		Namespace, ID string
		Etcfiles      struct {
			Attachments []struct {
				Network, IfName string
				Addresses       []string
			}
		}
	}
	if err := json.Unmarshal(record, &r); err != nil {
		return nil, err
	}
	var list []attachment
	for _, a := range r.Etcfiles.Attachments {
		for _, addr := range a.Addresses {
			list = append(list, attachment{r.Namespace, r.ID, a.IfName, a.Network, addr})
		}
	}
	return list, nil
}

// recorded returns what the record of a container says; a container without one has no attachments.
func (m *model) recorded(ns, id string) ([]attachment, error) {
	b, err := os.ReadFile(m.path("etchosts", ns, id, "meta.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return attachments(b)
}
