package names

import (
	"slices"
	"strings"
)

// Names by which engines let a container reach the host.
var ofHost = []string{"host.docker.internal", "host.containers.internal", "gateway.docker.internal"}

// reserved returns why no container may claim a name of loopback (localhost*, ip6-*, names under localhost) or of the host
// (host.docker.internal and the like), also with .localdomain behind it, whatever its case; "" if it may.
func reserved(s string) string {
	name := strings.ToLower(TrimDots(s))
	for _, domain := range []string{".localdomain", ".localdomain4", ".localdomain6"} {
		name = strings.TrimSuffix(name, domain)
	}
	switch {
	case strings.HasPrefix(name, "localhost"), strings.HasSuffix(name, ".localhost"):
		return "localhost and the names under it are the container itself"
	case strings.HasPrefix(name, "ip6-"):
		return "names that begin with ip6- are those of loopback and of multicast groups"
	case slices.Contains(ofHost, name):
		return "it is a name of the host"
	}
	return ""
}
