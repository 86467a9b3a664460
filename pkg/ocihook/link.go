package ocihook

import (
	"errors"
	"fmt"
	"os"
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
