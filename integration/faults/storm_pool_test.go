package faults

import (
	"fmt"
	"sync"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// pool hands out the addresses of networks as an IPAM plugin does.
type pool struct {
	mu   sync.Mutex
	free map[[2]string][]string // namespace and network to addresses
}

// fill gives a network of a namespace its addresses: size of them for those who come and go.
func (p *pool) fill(ns, network string, number, size int) {
	for i := range size {
		key := [2]string{ns, network}
		p.free[key] = append(p.free[key], fmt.Sprintf("10.%d.1.%d", number, 1+i))
	}
}

func (p *pool) take(ns, network string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.free[[2]string{ns, network}]
	p.free[[2]string{ns, network}] = list[1:]
	return list[0]
}

// give puts the address at the front, so that the next container is handed what another has just left.
func (p *pool) give(a fleet.Attachment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := [2]string{a.Namespace, a.Network}
	p.free[key] = append([]string{a.Addr}, p.free[key]...)
}
