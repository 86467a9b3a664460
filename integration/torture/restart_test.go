package torture

import (
	"fmt"
)

// restart is what a runtime does first after a reboot.
type restart struct {
	name   string
	before []call // must not fail
	first  call   // the first ADD
}

func restarts() []restart {
	add := func(id, ifName, network, addr string) call {
		return call{verb: "ADD", attachment: attachment{"default", id, ifName, network, addr}, netns: noNetns}
	}
	del := func(id, ifName, network string) call {
		return call{verb: "DEL", attachment: attachment{"default", id, ifName, network, ""}}
	}
	gc := func(network string) call {
		return call{
			verb: "GC", attachment: attachment{ns: "default", network: network},
			extra: object{"cni.dev/valid-attachments": []any{}},
		}
	}
	list := []restart{
		{"a new container", nil, add("new", "eth0", "lab", "10.1.0.2")},
		{"a new container on another network", nil, add("new", "eth0", "back", "10.2.0.1")},
		{
			"DEL of the old ones, a new container",
			[]call{del("a", "eth0", "lab"), del("b", "eth0", "lab"), del("d", "eth0", "lab")},
			add("new", "eth0", "lab", "10.1.0.1"),
		},
		{"GC, a new container", []call{gc("lab"), gc("back")}, add("new", "eth0", "back", "10.2.0.9")},
	}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		list = append(list, restart{"container " + id + " again", nil, add(id, "eth0", "lab", "10.1.0.9")})
	}
	return append(list, restart{"DEL and ADD of container a", []call{del("a", "eth0", "lab")}, add("a", "eth0", "lab", "10.1.0.1")})
}

// goOn is what a runtime does after a reboot, with a check of every file. The first ADD may warn of damaged ones.
func (m machine) goOn(root string, r restart, o order, damaged bool) error {
	at := func(c call) call {
		c.dataDir = root
		return c
	}
	for _, c := range r.before {
		if reply, err := m.run(at(c)); err != nil || reply.code != 0 {
			return fmt.Errorf("%s %v: code %d: %s: %w", c.verb, c.attachment, reply.code, reply.msg, err)
		}
	}
	first := at(r.first)
	reply, err := m.run(first)
	if err != nil || reply.code != 0 || (reply.stderr != "" && !damaged) {
		return fmt.Errorf("%s %v: code %d: %s%s: %w", first.verb, first.attachment, reply.code, reply.msg, reply.stderr, err)
	}
	if err := checkAlone(root, o, first.attachment); err != nil {
		return err
	}
	second := first
	second.id, second.addr = "second", first.addr+"7"
	if err := m.succeed(second); err != nil {
		return err
	}
	if err := checkAlone(root, o, first.attachment, second.attachment); err != nil {
		return err
	}
	for _, c := range []call{first, second} {
		c.verb = "DEL"
		if err := m.succeed(c); err != nil {
			return err
		}
	}
	return checkAlone(root, o)
}
