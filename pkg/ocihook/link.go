package ocihook

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"

	"github.com/vishvananda/netlink"
	vns "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// freeNames returns so many of eth0, eth1, … as the network namespace does not have. What has one of those names there is
// somebody else's, and DEL would delete it.
func freeNames(ns *os.File, count int) ([]string, error) {
	links, err := netlink.NewHandleAt(vns.NsHandle(ns.Fd()), unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("look into network namespace %s: %w", ns.Name(), err)
	}
	defer links.Close()
	var out []string
	for i := 0; len(out) < count; i++ {
		name := "eth" + strconv.Itoa(i)
		_, err := links.LinkByName(name)
		switch {
		case errors.As(err, &netlink.LinkNotFoundError{}):
			out = append(out, name)
		case err != nil:
			return nil, fmt.Errorf("interface %s in network namespace %s: %w", name, ns.Name(), err)
		}
	}
	return out, nil
}

// madeByPlugins are the kinds of interfaces that end when they are deleted. One of another kind, which a plugin has moved
// in, is the host's.
var madeByPlugins = []string{"veth", "macvlan", "ipvlan"}

// removeInterface deletes an interface of a network namespace that a plugin has made. It is no error if there is none.
func removeInterface(path, name string) error {
	if path == "" {
		return nil
	}
	ns, _, err := openNetns(path)
	if err != nil {
		return err
	}
	defer ns.Close()
	links, err := netlink.NewHandleAt(vns.NsHandle(ns.Fd()), unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer links.Close()
	link, err := links.LinkByName(name)
	switch {
	case errors.As(err, &netlink.LinkNotFoundError{}):
		return nil
	case err != nil:
		return err
	case !slices.Contains(madeByPlugins, link.Type()):
		return fmt.Errorf("interface %s is a %s", name, link.Type())
	}
	return links.LinkDel(link)
}

// steadyBridges gives a hardware address to bridges that are without one after an ADD that failed. The plugin bridge (1.1.1
// to 1.9.1 at least) makes one, fails over the address of its first interface, say, and the kernel takes the bridge's
// hardware address away with that; the plugin's next ADD would fail over this, with a conflist that has been corrected.
// What cannot be done here is for that ADD to say.
func (r *record) steadyBridges() {
	for _, a := range r.Attachments {
		for _, conf := range a.Plugins {
			var p struct{ Type, Bridge string }
			if json.Unmarshal(conf, &p) != nil || p.Type != "bridge" {
				continue
			}
			link, err := netlink.LinkByName(cmp.Or(p.Bridge, "cni0"))
			if err != nil || link.Type() != "bridge" || slices.ContainsFunc(link.Attrs().HardwareAddr, func(b byte) bool { return b != 0 }) {
				continue
			}
			address := make(net.HardwareAddr, 6)
			_, _ = rand.Read(address)                  // which never fails (crypto/rand)
			address[0] = address[0]&^multicast | local // IEEE 802
			_ = netlink.LinkSetHardwareAddr(link, address)
		}
	}
}

const (
	multicast = 1
	local     = 2
)
