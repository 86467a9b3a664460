package faults

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

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// model says what must be in the data directory, and what may be while operations are under way.
type model struct {
	dataDir string
	stable  []fleet.Attachment // there all the time

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

func newModel(dataDir string, stable []fleet.Attachment) *model {
	m := &model{dataDir: dataDir, stable: stable, lines: map[lineKey]*span{}}
	for _, a := range stable {
		m.mayCome(a)
	}
	return m
}

func keyOf(a fleet.Attachment) lineKey { return lineKey{a.Namespace, a.Network, a.Line()} }

// mayCome says that from now on the attachment may be there.
func (m *model) mayCome(a fleet.Attachment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lines[keyOf(a)] == nil {
		m.lines[keyOf(a)] = &span{}
	}
	m.lines[keyOf(a)].holders++
}

// isGone says that from now on the attachment is not there.
func (m *model) isGone(a fleet.Attachment) {
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
		if a.Namespace == ns && a.ID == id {
			networks = append(networks, a.Network)
		}
	}
	have := fleet.Entries(string(b))
	for _, line := range m.always(ns, networks) {
		if !slices.Contains(have, line) {
			return fmt.Errorf("hosts of %s/%s has no %q:\n%s", ns, id, line, b)
		}
	}
	for _, line := range have {
		legal := slices.Contains(fleet.Localhost(), line)
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
	list := fleet.Localhost()
	for _, a := range m.stable {
		if a.Namespace == ns && slices.Contains(networks, a.Network) {
			list = append(list, a.Line())
		}
	}
	return list
}

// exact compares every file with who is attached, and finds files of others. The directories that are halfway may lack
// their files: the ADD that was to write them was killed, and its runtime knows nothing of a container.
func (m *model) exact(live []fleet.Attachment, halfway []string) error {
	want := map[string]string{}
	for _, a := range live {
		var container, network, own []string
		for _, b := range live {
			if b.Namespace != a.Namespace {
				continue
			}
			if b.Network == a.Network {
				network = append(network, b.Line())
			}
			if b.ID == a.ID {
				own = append(own, fmt.Sprint(b.Network, " ", b.IfName, " ", b.Addr))
			}
			if slices.ContainsFunc(live, func(c fleet.Attachment) bool {
				return c.Namespace == a.Namespace && c.ID == a.ID && c.Network == b.Network
			}) {
				container = append(container, b.Line())
			}
		}
		want[filepath.Join("etchosts", a.Namespace, a.ID, "hosts")] = text(slices.Concat(fleet.Localhost(), container))
		want[filepath.Join("etchosts", a.Namespace, a.ID, "meta.json")] = text(own)
		want[filepath.Join("containers", a.Namespace, a.ID, "resolv.conf")] = "nameserver 192.0.2.53\n"
		want[filepath.Join("containers", a.Namespace, a.ID, "hostname")] = a.ID + "\n"
		want[filepath.Join("networks", a.Namespace, a.Network, "hosts")] = text(network)
		want[filepath.Join("index", a.Namespace, "index")] = ""
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
			have[rel] = text(fleet.Entries(string(b)))
		case e.Name() == "meta.json":
			var list []fleet.Attachment
			list, err = fleet.Recorded(b)
			var own []string
			for _, a := range list {
				own = append(own, fmt.Sprint(a.Network, " ", a.IfName, " ", a.Addr))
			}
			have[rel] = text(own)
			if netns := filepath.Join(filepath.Dir(path), "netns"); netnsFile(netns) != "" {
				have[filepath.Join(filepath.Dir(rel), "netns")] = netnsFile(netns)
			}
		case e.Name() == "netns":
			if said := netnsFile(path); said != "" {
				have[rel] = said
			}
		case e.Name() == "index":
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

// recorded returns what the record of a container says; a container without one has no attachments.
func (m *model) recorded(ns, id string) ([]fleet.Attachment, error) {
	b, err := os.ReadFile(m.path("etchosts", ns, id, "meta.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return fleet.Recorded(b)
}
