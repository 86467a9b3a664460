package etcfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// DefaultMarker is the word in the marker lines where nobody has said another.
const DefaultMarker etchosts.Marker = "etcfiles"

// maxMarked is how much of a hosts file is searched for markers, in bytes.
const maxMarked = 4 << 20

// ForNamespace returns the manager with the marker that the hosts files of a namespace have, if FindMarker asks for it. With
// another one a repair would take every line between the markers for the user's, and write all of them a second time.
func (m *Manager) ForNamespace(n *hostsstore.Namespace) (*Manager, error) {
	if !m.FindMarker {
		return m, nil
	}
	have, err := m.markersOf(n)
	if err != nil {
		return nil, err
	}
	found := *m
	switch {
	case slices.Contains(have, m.Marker) || (m.Marker != "" && len(have) == 0):
	case m.Marker != "":
		return nil, fmt.Errorf("its hosts files have the marker %s, not %s: leave --marker out or say --marker %[1]s", have[0], m.Marker)
	case len(have) > 1:
		return nil, fmt.Errorf("its hosts files have the markers %s and %s: name the conflist's with --marker", have[0], have[1])
	case len(have) == 1:
		found.Marker = have[0]
	default:
		found.Marker = DefaultMarker
	}
	return &found, nil
}

// markersOf returns the words in marker lines, sorted: of the networks' hosts files, which no container can write, or if
// they have none those of the containers.
func (m *Manager) markersOf(n *hostsstore.Namespace) ([]etchosts.Marker, error) {
	networks, err := n.Networks()
	if err != nil {
		return nil, err
	}
	ids, err := n.IDs()
	if err != nil {
		return nil, err
	}
	have := map[etchosts.Marker]struct{}{}
	read := func(path string) error {
		data, err := safefile.Read(path, maxMarked)
		if errors.Is(err, fs.ErrNotExist) || obstructed(err) {
			return nil
		}
		for line := range strings.Lines(string(data)) {
			if word, ok := etchosts.MarkerOf(line); ok {
				have[word] = struct{}{}
			}
		}
		return err
	}
	for _, network := range networks {
		err = errors.Join(err, read(n.NetworkPath(network)))
	}
	if len(have) == 0 {
		for _, id := range ids {
			err = errors.Join(err, read(n.HostsPath(id)))
		}
	}
	return slices.Sorted(maps.Keys(have)), err
}
