package faults

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// multitude are so many containers on both networks that the index has a part for each, and that an operation does not look at all of them.
func multitude() []fleet.Attachment {
	var list []fleet.Attachment
	for i := range 130 {
		list = append(list,
			fleet.On(fmt.Sprintf("l%d", i), "eth0", "lab", fmt.Sprintf("10.1.1.%d", i+1)),
			fleet.On(fmt.Sprintf("b%d", i), "eth0", "back", fmt.Sprintf("10.2.1.%d", i+1)),
		)
	}
	return list
}

// TestKilledAmongMany kills operations among many containers before their calls for records and the index, and before some for
// hosts files. The parts of the index become one with a container that is on both networks, and two when it leaves.
func TestKilledAmongMany(t *testing.T) {
	var a aim
	t.Run("of", func(t *testing.T) {
		for i, o := range operations() {
			if !slices.Contains([]string{"ADD second network", "DEL second network"}, o.name) {
				continue
			}
			o.crowd = multitude()
			t.Run(o.name, func(t *testing.T) {
				t.Parallel()
				f := o.newFleet(t, filepath.Join(tmpfs(t, "128m"), "data"))
				if parts, err := filepath.Glob(filepath.Join(f.DataDir, "index/default/part-*")); err != nil || len(parts) != 2 {
					t.Fatalf("the index has %d parts, %v", len(parts), err)
				}
				var index, others []straced.Point
				for _, p := range straced.Changes(o.calls(t, f, straced.Changing)) {
					if strings.Contains(p.Text, "/index/") || strings.Contains(p.Text, "meta.json") {
						index = append(index, p)
					} else {
						others = append(others, p)
					}
				}
				for n, p := range append(sample(index, 3, i), strided(others, 120, i)...) {
					a.at(t, func(try int) bool { return o.kill(t, f, p, n+try) })
					if t.Failed() {
						t.Fatalf("killed before %s: %s", p, p.Text)
					}
				}
			})
		}
	})
	a.check(t, fmt.Sprintf("kill -9 before a system call of ADD or DEL for the index, a record or a hosts file, among %d containers on two networks", len(stable())+len(multitude())),
		"no stable name was missing, every file exact after the next operation")
}
