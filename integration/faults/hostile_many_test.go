package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// crowd is how many containers are hostile at once in TestMany.
const crowd = 16

// maxCrowdMemory bounds what an operation may have resident with all of them, in bytes.
const maxCrowdMemory = 192 << 20

// TestMany: many hostile containers at once cost time, each its share, and not memory without bound.
func TestMany(t *testing.T) {
	there := []fleet.Attachment{db, api}
	for i := range crowd {
		there = append(there, inLab(fmt.Sprintf("hostile%d", i), fmt.Sprintf("10.1.1.%d", i+1)))
	}
	f := newSiege(t, there, comer)
	for _, name := range []string{"long names within bounds", "forged lines within bounds", "comments up to the bound"} {
		content := contents[name]
		t.Run(name, func(t *testing.T) {
			for _, a := range there[2:] {
				fill(t, f.Hosts(a), content())
			}
			for _, verb := range []string{"ADD", "DEL"} {
				o := f.run(t, verb, comer)
				info, err := os.Stat(filepath.Join(f.DataDir, "index/default/index"))
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%-10s %6.1f MiB %8s, index %d KiB", o.command, float64(o.Memory)/mebibyte, o.CPU.Round(1e5), info.Size()>>10)
				o.mustSucceed(t)
				if o.Memory > maxCrowdMemory {
					t.Errorf("%s took %d MiB", o.command, o.Memory>>20)
				}
				members := there
				if verb == "ADD" {
					members = append(members[:len(members):len(members)], comer)
				}
				checkFile(t, f.NetworkHosts(web), nil, members...)
				for _, a := range []fleet.Attachment{db, api} {
					checkFile(t, f.Hosts(a), fleet.Localhost(), members...)
				}
			}
		})
	}
	row(t, fmt.Sprintf("ADD or DEL with %d such containers at once", crowd), f.bill.calls,
		"all succeeded, the files of the others were exact; "+f.bill.String())
}
