package torture

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/containernetworking/plugins/pkg/ns"
	"github.com/vishvananda/netlink"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// makeNetns makes a network namespace with the name below a directory, for the time of the test.
func makeNetns(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	suite.Netns(t, path)
	return path
}

// assign gives the network namespace an address, as an IPAM plugin does, or takes it away.
func assign(netns, addr string, do func(netlink.Link, *netlink.Addr) error) error {
	return ns.WithNetNSPath(netns, func(ns.NetNS) error {
		link, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return do(link, &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(addr).To4(), Mask: net.CIDRMask(32, 32)}})
	})
}
