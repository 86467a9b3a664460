package torture

import (
	"fmt"
	"sync"
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
func (p *pool) give(a attachment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := [2]string{a.ns, a.network}
	p.free[key] = append([]string{a.addr}, p.free[key]...)
}
