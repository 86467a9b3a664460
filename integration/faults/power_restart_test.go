package faults

import (
	"fmt"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// restart is what a runtime does first after a reboot.
type restart struct {
	name   string
	before []call // must not fail
	first  call   // the first ADD
}

func restarts() []restart {
	add := func(id, ifName, network, addr string) call {
		return call{verb: "ADD", Attachment: member("default", id, ifName, network, addr), netns: noNetns}
	}
	del := func(id, ifName, network string) call {
		return call{verb: "DEL", Attachment: member("default", id, ifName, network, "")}
	}
	gc := func(network string) call {
		return call{
			verb: "GC", Attachment: fleet.Attachment{Namespace: "default", Network: network},
			extra: plugin.Object{"cni.dev/valid-attachments": []any{}},
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
		if reply, err := m.run(at(c)); err != nil || reply.Error.Code != 0 {
			return fmt.Errorf("%s %v: code %d: %s: %w", c.verb, c.Attachment, reply.Error.Code, reply.Error.Msg, err)
		}
	}
	first := at(r.first)
	reply, err := m.run(first)
	if err != nil || reply.Error.Code != 0 || (reply.Stderr != "" && !damaged) {
		return fmt.Errorf("%s %v: code %d: %s%s: %w", first.verb, first.Attachment, reply.Error.Code, reply.Error.Msg, reply.Stderr, err)
	}
	if err := checkAlone(root, o, first.Attachment); err != nil {
		return err
	}
	second := first
	second.ID, second.Addr = "second", first.Addr+"7"
	if err := m.succeed(second); err != nil {
		return err
	}
	if err := checkAlone(root, o, first.Attachment, second.Attachment); err != nil {
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
