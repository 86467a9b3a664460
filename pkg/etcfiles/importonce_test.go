package etcfiles

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/remote"
)

// TestImportOnce: an import after which nobody does anything leaves each line in the network's hosts file once, whatever it changes.
func TestImportOnce(t *testing.T) {
	for _, local := range []int{0, 2} {
		for _, n := range []int{300, 1_000, 3_000} {
			t.Run(fmt.Sprintf("%d names, %d containers", n, local), func(t *testing.T) {
				s := newStore(t)
				for i := range local {
					s.add(key(fmt.Sprintf("c%d", i), "eth0", "lab"), byte(i+1))
				}
				for _, round := range []string{"a", "b", "c"} {
					var h remote.Host
					for i := range n {
						p := named(i, fmt.Sprintf("%s%d", round, i))
						p.Names = p.Names[2:]
						h.Peers = append(h.Peers, p)
					}
					s.imports(map[string]remote.Host{"h2": h})
					file, err := os.ReadFile(s.Dir.Namespace("ns").NetworkPath("lab"))
					if err != nil {
						t.Fatal(err)
					}
					if got := strings.Count("\n"+string(file), "\n10."); got != n+local {
						t.Errorf("%s: %d lines, want %d", round, got, n+local)
					}
				}
			})
		}
	}
}
