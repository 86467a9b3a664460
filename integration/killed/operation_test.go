package killed

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"
)

// shared is an alias of several containers.
const shared = "db"

// stable are the attachments that are there all the time, oldest first, each of a container of its own.
func stable() []attachment {
	var list []attachment
	for i := range 14 {
		a := attachment{id: fmt.Sprintf("c%d", i), ifName: "eth0", network: "lab", addr: fmt.Sprintf("10.1.0.%d", i+1)}
		if i == 2 || i == 5 {
			a.alias = shared
		}
		list = append(list, a)
	}
	for i := range 6 {
		list = append(list, attachment{id: fmt.Sprintf("d%d", i), ifName: "eth0", network: "back", addr: fmt.Sprintf("10.2.0.%d", i+1)})
	}
	return list
}

// other comes with the operation after the one that is disturbed.
var other = attachment{id: "other", ifName: "eth0", network: "back", addr: "10.2.0.108"}

// operation is what is disturbed.
type operation struct {
	name   string
	verb   string
	putOff bool         // the comers have a DEL that was put off
	comers []attachment // those who come by ADD and go by DEL or GC
}

func operations() []operation {
	comer := attachment{id: "comer", ifName: "eth0", network: "lab", addr: "10.1.0.109"}
	sharer := comer
	sharer.alias = shared
	second := attachment{id: "c7", ifName: "eth1", network: "back", addr: "10.2.0.109"}
	first := attachment{id: "comer", ifName: "eth0", network: "new", addr: "10.3.0.101"}
	several := []attachment{
		sharer,
		{id: "next", ifName: "eth0", network: "lab", addr: "10.1.0.110", alias: shared},
		{id: "c7", ifName: "eth1", network: "lab", addr: "10.1.0.111"},
		{id: "c7", ifName: "eth2", network: "lab", addr: "10.1.0.112"},
	}
	return []operation{
		{name: "ADD", verb: "ADD", comers: []attachment{comer}},
		{name: "ADD shared alias", verb: "ADD", comers: []attachment{sharer}},
		{name: "ADD second network", verb: "ADD", comers: []attachment{second}},
		{name: "ADD new network", verb: "ADD", comers: []attachment{first}},
		{name: "DEL", verb: "DEL", comers: []attachment{comer}},
		{name: "DEL shared alias", verb: "DEL", comers: []attachment{sharer}},
		{name: "DEL second network", verb: "DEL", comers: []attachment{second}},
		{name: "DEL last of a network", verb: "DEL", comers: []attachment{first}},
		{name: "GC", verb: "GC", comers: several},
		{name: "DEL that was put off", verb: "DEL", putOff: true, comers: []attachment{comer}},
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

// newFleet makes a fleet with the stable attachments for the operation.
func (o operation) newFleet(t *testing.T, dataDir string) fleet {
	t.Helper()
	f := newFleet(t, dataDir, slices.Concat(stable(), o.comers, []attachment{other}))
	for _, a := range stable() {
		f.run(t, "ADD", a)
	}
	return f
}

// prepare makes what the operation takes away.
func (o operation) prepare(t *testing.T, f fleet) {
	t.Helper()
	if o.verb == "ADD" {
		return
	}
	for _, a := range o.comers {
		f.run(t, "ADD", a)
	}
	if o.putOff {
		f.putOff(t, o.comers[0])
	}
}

// command returns the operation behind a prefix.
func (o operation) command(t *testing.T, f fleet, prefix ...string) *exec.Cmd {
	t.Helper()
	var extra object
	a := o.comers[0]
	switch {
	case o.verb == "GC":
		valid := []any{}
		for _, s := range stable() {
			if s.network == a.network {
				valid = append(valid, object{"containerID": s.id, "ifname": s.ifName})
			}
		}
		extra = object{"cni.dev/valid-attachments": valid}
	case o.putOff: // any operation will do
		a = attachment{id: other.id, ifName: "none", network: "none", addr: other.addr}
	}
	cmd, err := f.command(o.verb, a, extra, prefix...)
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// after returns those who are attached when the operation is done.
func (o operation) after() []attachment {
	if o.verb == "ADD" {
		return append(stable(), o.comers...)
	}
	return stable()
}

// goOn runs one of several operations after one that was disturbed and checks the files, then goes back to the stable
// attachments. Those of the comers who are left are attached still.
func (o operation) goOn(t *testing.T, f fleet, left []attachment, variant int) {
	t.Helper()
	switch variant % 3 {
	case 0: // another container's
		f.run(t, "ADD", other)
		f.checkExact(t, slices.Concat(stable(), left, []attachment{other}))
		f.run(t, "DEL", other)
	case 1: // the same again
		if out, err := o.command(t, f).CombinedOutput(); err != nil {
			t.Fatalf("again: %v\n%s", err, out)
		}
		f.checkExact(t, o.after())
	}
	for _, a := range o.comers {
		f.run(t, "DEL", a)
	}
	f.checkExact(t, stable())
}
