package faults

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// shared is an alias of several containers.
const shared = "db"

// stable are the attachments that are there all the time, oldest first, each of a container of its own.
func stable() []fleet.Attachment {
	var list []fleet.Attachment
	for i := range 14 {
		a := fleet.On(fmt.Sprintf("c%d", i), "eth0", "lab", fmt.Sprintf("10.1.0.%d", i+1))
		if i == 2 || i == 5 {
			a.Alias = shared
		}
		list = append(list, a)
	}
	for i := range 6 {
		list = append(list, fleet.On(fmt.Sprintf("d%d", i), "eth0", "back", fmt.Sprintf("10.2.0.%d", i+1)))
	}
	return list
}

// other comes with the operation after the one that is disturbed.
var other = fleet.On("other", "eth0", "back", "10.2.0.108")

// operation is what is disturbed.
type operation struct {
	name   string
	verb   string
	putOff bool               // the comers have a DEL that was put off
	comers []fleet.Attachment // those who come by ADD and go by DEL or GC
	crowd  []fleet.Attachment // those who are there all the time besides the stable ones
}

// staying are the attachments that are there all the time, oldest first.
func (o operation) staying() []fleet.Attachment { return append(stable(), o.crowd...) }

func operations() []operation {
	comer := fleet.On("comer", "eth0", "lab", "10.1.0.109")
	sharer := comer
	sharer.Alias = shared
	second := fleet.On("c7", "eth1", "back", "10.2.0.109")
	first := fleet.On("comer", "eth0", "new", "10.3.0.101")
	several := []fleet.Attachment{
		sharer,
		{ID: "next", IfName: "eth0", Network: "lab", Addr: "10.1.0.110", Alias: shared},
		{ID: "c7", IfName: "eth1", Network: "lab", Addr: "10.1.0.111"},
		{ID: "c7", IfName: "eth2", Network: "lab", Addr: "10.1.0.112"},
	}
	return []operation{
		{name: "ADD", verb: "ADD", comers: []fleet.Attachment{comer}},
		{name: "ADD shared alias", verb: "ADD", comers: []fleet.Attachment{sharer}},
		{name: "ADD second network", verb: "ADD", comers: []fleet.Attachment{second}},
		{name: "ADD new network", verb: "ADD", comers: []fleet.Attachment{first}},
		{name: "DEL", verb: "DEL", comers: []fleet.Attachment{comer}},
		{name: "DEL shared alias", verb: "DEL", comers: []fleet.Attachment{sharer}},
		{name: "DEL second network", verb: "DEL", comers: []fleet.Attachment{second}},
		{name: "DEL last of a network", verb: "DEL", comers: []fleet.Attachment{first}},
		{name: "GC", verb: "GC", comers: several},
		{name: "DEL that was put off", verb: "DEL", putOff: true, comers: []fleet.Attachment{comer}},
	}
}

// each runs a test for every operation, as many at once as there are processors, and waits for their end.
func each(t *testing.T, test func(t *testing.T, from int, o operation)) {
	t.Run("of", func(t *testing.T) {
		for i, o := range operations() {
			t.Run(o.name, func(t *testing.T) {
				t.Parallel()
				test(t, i, o)
			})
		}
	})
}

// newFleet makes a fleet for attachments that come and go.
func newFleet(t *testing.T, dataDir string, all []fleet.Attachment) fleet.Fleet {
	t.Helper()
	var ids []string
	for _, a := range all {
		ids = append(ids, a.ID)
	}
	return fleet.New(t, binary, dataDir, ids...)
}

// newFleet makes a fleet with the stable attachments for the operation.
func (o operation) newFleet(t *testing.T, dataDir string) fleet.Fleet {
	t.Helper()
	f := newFleet(t, dataDir, slices.Concat(stable(), o.comers, []fleet.Attachment{other}))
	for _, a := range o.crowd { // nobody looks at what is in theirs
		if err := os.Symlink(f.NetnsOf(stable()[0].ID), f.NetnsOf(a.ID)); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range o.staying() {
		f.Do(t, "ADD", a)
	}
	return f
}

// prepare makes what the operation takes away.
func (o operation) prepare(t *testing.T, f fleet.Fleet) {
	t.Helper()
	if o.verb == "ADD" {
		return
	}
	for _, a := range o.comers {
		f.Do(t, "ADD", a)
	}
	if o.putOff {
		putOffDel(t, f, o.comers[0])
	}
}

// command returns the operation behind a prefix.
func (o operation) command(f fleet.Fleet, prefix ...string) *exec.Cmd {
	var extra plugin.Object
	a := o.comers[0]
	switch {
	case o.verb == "GC":
		valid := []any{}
		for _, s := range o.staying() {
			if s.Network == a.Network {
				valid = append(valid, plugin.Object{"containerID": s.ID, "ifname": s.IfName})
			}
		}
		extra = plugin.Object{"cni.dev/valid-attachments": valid}
	case o.putOff: // any operation will do
		a = fleet.On(other.ID, "none", "none", other.Addr)
	}
	c := f.Call(o.verb, a, extra)
	if o.verb == "DEL" && len(prefix) > 0 { // behind a tracer a look for processes takes too long to decide anything
		c.Netns = ""
	}
	c.Prefix, c.Env = prefix, []string{"GOMAXPROCS=2"}
	return c.Cmd(context.Background())
}

// after returns those who are attached when the operation is done.
func (o operation) after() []fleet.Attachment {
	if o.verb == "ADD" {
		return append(o.staying(), o.comers...)
	}
	return o.staying()
}

// goOn runs one of several operations after one that was disturbed and checks the files, then goes back to the stable
// attachments. Those of the comers who are left are attached still.
func (o operation) goOn(t *testing.T, f fleet.Fleet, left []fleet.Attachment, variant int) {
	t.Helper()
	switch variant % 3 {
	case 0: // another container's
		f.Do(t, "ADD", other)
		f.Check(t, slices.Concat(o.staying(), left, []fleet.Attachment{other}))
		f.Do(t, "DEL", other)
	case 1: // the same again
		if out := o.run(t, f); out.failed {
			t.Fatalf("again: %v\n%s%s", out.err, out.Stdout, out.Stderr)
		}
		f.Check(t, o.after())
	}
	for _, a := range o.comers {
		f.Do(t, "DEL", a)
	}
	f.Check(t, o.staying())
}
