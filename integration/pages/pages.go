// Package pages holds the README, the pages of the programs and the shipped conflists to what they say: what is to be copied and pasted
// runs as it stands, links lead somewhere, lines are short, and the networks of the examples are nobody else's.
package pages

import (
	"path/filepath"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// repository is the root of the repository, as the tests of a package below integration see it.
const repository = "../.."

// paths returns the paths of the pages and of the other files that people copy from.
func paths() ([]string, error) {
	pages, err := page.Paths(repository)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range pages {
		found = append(found, filepath.Join(repository, name))
	}
	for _, name := range []string{"dnsmasq.conf", "Corefile"} {
		found = append(found, filepath.Join(repository, "conflists/dns", name))
	}
	return found, nil
}
