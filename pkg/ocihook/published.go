package ocihook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// enter writes the record of a container that is to be attached, and refuses it if another one that lives has published one of its
// ports: the rules of both would be there, and the older ones win. Of two that come at once the second sees the first, since each
// enters under one lock of all that publish a port.
func (h *Hook) enter(ctx context.Context, r *record, dir string) (err error) {
	mine := r.published()
	if len(mine) == 0 {
		return r.write(dir)
	}
	claim, err := takeClaim(ctx, h.recordDir(portsPlace), lockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	if err := h.vacant(r.ContainerID, mine); err != nil {
		return err
	}
	return r.write(dir)
}

// vacant returns an error if a container that lives, other than the one of the ID, has published one of the ports.
func (h *Hook) vacant(id string, wanted []PortMapping) error {
	all, err := h.known()
	if err != nil {
		return err
	}
	var used map[netns]int
	for _, name := range all {
		if name == id {
			continue
		}
		r, err := readRecord(h.recordDir(name))
		if err != nil || r == nil {
			continue // nothing says that it has a port
		}
		clash, taken := clashing(wanted, r.published())
		if !taken {
			continue
		}
		if used == nil {
			used, _ = inUse() // who cannot be seen keeps nobody from starting
		}
		if pid := r.livesAs(used); pid != 0 {
			return fmt.Errorf("port %d/%s of the host is published by container %s (pid %d), for its port %d: end that first, or publish another port",
				clash.HostPort, clash.Protocol, name, pid, clash.ContainerPort)
		}
	}
	return nil
}

// clashing returns the first mapping of others that takes a port of one that is wanted.
func clashing(wanted, others []PortMapping) (PortMapping, bool) {
	i := slices.IndexFunc(others, func(other PortMapping) bool {
		return slices.ContainsFunc(wanted, func(p PortMapping) bool {
			return p.HostPort == other.HostPort && p.Protocol == other.Protocol && sameAddress(p.HostIP, other.HostIP)
		})
	})
	if i < 0 {
		return PortMapping{}, false
	}
	return others[i], true
}

// published returns the ports of the host that the record's container has.
func (r *record) published() []PortMapping {
	var out []PortMapping
	for i := range r.Attachments {
		b, err := json.Marshal(r.Attachments[i].CapabilityArgs[capabilityPorts])
		var ports []PortMapping
		if err != nil || json.Unmarshal(b, &ports) != nil {
			continue // nothing that parsePort has made
		}
		out = append(out, ports...)
	}
	return out
}
