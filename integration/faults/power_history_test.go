package faults

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

const noNetns = "/proc/self/ns/net" // that of the test: who has it is never found dead but by the boot ID

// history is a data directory with the changes that operations of one boot have made in it.
func history(t *testing.T, dataDir string) *recorder {
	t.Helper()
	if err := os.Mkdir(dataDir, 0o755); err != nil {
		t.Fatal(err)
	}
	d := newRecorder(dataDir)
	do := func(verb, id, ifName, network, addr string, extra plugin.Object) {
		d.run(t, call{verb, dataDir, noNetns, member("default", id, ifName, network, addr), extra})
	}
	long := func(word string, n int) plugin.Object { // ten names are a line
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("%s-%d-%s", word, i, strings.Repeat("x", 40)))
		}
		return plugin.Object{"capabilities": plugin.Object{"aliases": true}, "runtimeConfig": plugin.Object{"aliases": list}}
	}
	do("ADD", "a", "eth0", "lab", "10.1.0.1", nil)
	do("ADD", "b", "eth0", "lab", "10.1.0.2", long("b", 20))
	do("ADD", "a", "eth1", "back", "10.2.0.1", nil)
	do("ADD", "c", "eth0", "back", "10.2.0.2", nil)
	do("ADD", "d", "eth0", "lab", "10.1.0.3", long("d", 20))
	do("DEL", "a", "eth0", "lab", "10.1.0.1", nil)
	do("ADD", "e", "eth0", "lab", "10.1.0.4", long("e", 20))
	do("ADD", "f", "eth0", "lab", "10.1.0.5", long("f", 20))
	do("DEL", "b", "eth0", "lab", "10.1.0.2", nil)
	do("ADD", "a", "eth0", "lab", "10.1.0.6", nil)
	do("DEL", "d", "eth0", "lab", "10.1.0.3", plugin.Object{"keepFiles": true})
	do("ADD", "b", "eth0", "lab", "10.1.0.7", nil)
	putOff(t, dataDir, d)
	do("GC", "", "", "lab", "", plugin.Object{"cni.dev/valid-attachments": []any{
		plugin.Object{"containerID": "a", "ifname": "eth0"}, plugin.Object{"containerID": "b", "ifname": "eth0"},
	}})
	do("ADD", "d", "eth0", "lab", "10.1.0.8", long("d", 100))
	do("DEL", "c", "eth0", "back", "", nil)
	return d
}

// putOff leaves the removal of a container to the next operation: DEL cannot acquire the lock.
func putOff(t *testing.T, dataDir string, d *recorder) {
	t.Helper()
	defer fleet.Fleet{DataDir: dataDir}.Lock(t)()
	d.run(t, call{"DEL", dataDir, noNetns, member("default", "e", "eth0", "lab", "10.1.0.4"), plugin.Object{"lockTimeout": "1ms"}})
}
