package faults

import (
	"net"
	"runtime"
	"testing"

	"github.com/containernetworking/plugins/pkg/ns"
	"github.com/vishvananda/netlink"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// The first thread of this process never enters a network namespace, as another that assign uses does for a moment: the plugin
// would take this process for one of the container's.
func init() { runtime.LockOSThread() }

// makeNetns makes a network namespace at the path with interfaces eth0 and eth1, for the time of the test.
func makeNetns(t *testing.T, path string) {
	t.Helper()
	suite.Netns(t, path, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
}

// assign gives an interface in the network namespace an address, as an IPAM plugin does, or takes it away.
func assign(netns, ifName, addr string, do func(netlink.Link, *netlink.Addr) error) error {
	return ns.WithNetNSPath(netns, func(ns.NetNS) error {
		link, err := netlink.LinkByName(ifName)
		if err != nil {
			return err
		}
		return do(link, &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(addr).To4(), Mask: net.CIDRMask(32, 32)}})
	})
}
