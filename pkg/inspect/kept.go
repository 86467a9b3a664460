package inspect

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// KeptFiles is what keepFiles has left of a container that no longer exists.
type KeptFiles struct {
	Namespace string
	hostsstore.Left
	Hostname string // that its hostname file holds, "" if it has none
}

// Kept lists what keepFiles has left in a namespace, or in all for "", by namespace and ID. It takes no lock and writes nothing. The errors
// are those of Inspect.
func (m *Inspector) Kept(namespace string) ([]KeptFiles, error) {
	namespaces, err := m.Existing(namespace)
	if err != nil {
		return nil, err
	}
	var out []KeptFiles
	for _, name := range namespaces {
		n := m.Dir.Namespace(name)
		list, err := n.Left()
		if err != nil {
			return nil, err
		}
		for _, left := range list {
			hostname, _ := safefile.Read(n.HostnamePath(left.ID), maxHostname) // its user may have put anything there
			out = append(out, KeptFiles{name, left, strings.TrimSpace(string(hostname))})
		}
	}
	return out, nil
}

// maxHostname is the most bytes that a hostname file has, see sethostname(2).
const maxHostname = 65

// PruneKept removes what keepFiles has left before a moment. It returns findings that say what it has removed, or with dryRun
// would remove. The errors are those of Inspect, and etcfiles.ErrLocked.
func (m *Inspector) PruneKept(ctx context.Context, namespace string, before time.Time, dryRun bool) ([]Finding, error) {
	list, err := m.Kept(namespace)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(k KeptFiles) bool { return !k.Since.Before(before) })
	removed := map[string][]string{} // by namespace
	if !dryRun {
		var namespaces []string
		for i := range list {
			namespaces = append(namespaces, list[i].Namespace)
		}
		err = etcfiles.Each(ctx, slices.Compact(namespaces), func(name string) (err error) { // the list is by namespace
			removed[name], err = m.RemoveLeft(ctx, name, before)
			return err
		})
	}
	var found []Finding
	for i := range list {
		k := &list[i]
		if dryRun || slices.Contains(removed[k.Namespace], k.ID) {
			found = append(found, Finding{
				Namespace: k.Namespace, ID: k.ID, Name: k.Hostname, Problem: Kept, Mended: !dryRun,
				What: "files that keepFiles has left at " + k.Since.UTC().Format(time.RFC3339),
			})
		}
	}
	return found, err
}
