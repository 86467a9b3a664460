package ocimount

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// HostnamePath is where a container has its hostname(5) file.
const HostnamePath = "/etc/hostname"

// hostname returns what the container calls itself: what the bundle gives it or, in a pod, what the UTS namespace has that
// it joins and that this process is in.
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

// contradicts reports whether the store's file says another hostname than the container's. The CNI plugin is not told the
// hostname of a pod that has chosen one; the file that CRI has mounted is right then.
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
