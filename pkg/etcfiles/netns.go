package etcfiles

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/containernetworking/plugins/pkg/ns"
)

// loopbackHasIPv6 reports whether ::1 exists in the network namespace at path.
func loopbackHasIPv6(path string) bool {
	has := true
	err := ns.WithNetNSPath(path, func(ns.NetNS) error {
		for _, conf := range []string{"all", "lo"} {
			b, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + conf + "/disable_ipv6")
			if errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(b)) == "1" {
				has = false
			}
		}
		return nil
	})
	return err != nil || has
}
