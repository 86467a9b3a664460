package ocimount

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// HostnamePath is where a container has its hostname(5) file.
const HostnamePath = "/etc/hostname"

// sharedHostname is what a container has for its hostname(5) file that shares a UTS namespace with the host or with a container: whoever reads it
// has the hostname of its own UTS namespace and a newline. The name that the store has for it is known to nobody else there.
const sharedHostname = "/proc/sys/kernel/hostname"

// hostname returns what the container calls itself: what the bundle gives it or else what its UTS namespace has, which this
// process is in. A container of a pod joins that, and one that has none of its own has that of the host.
func (b *bundle) hostname() (string, error) {
	if b.Hostname != "" {
		return b.Hostname, nil
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return "", fmt.Errorf("uname: %w", err)
	}
	return unix.ByteSliceToString(uts.Nodename[:]), nil
}

// contradicts reports whether the store's file says another hostname than the container's: that of a pod that has chosen one, which CNI is
// not told, or that of the container whose network namespace is joined, or one of a container that shares a UTS namespace.
func (b *bundle) contradicts(s source) (bool, error) {
	if s.target != HostnamePath {
		return false, nil
	}
	own, err := b.hostname()
	if err != nil {
		return false, err
	}
	stored, err := safefile.ReadHeld(s.file, 256)
	return strings.TrimSpace(string(stored)) != own, err
}
