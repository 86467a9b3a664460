package ocihook

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// owner returns who is root of the container's user namespace, as the host of the hook numbers users: the bundle says it, or, of a user
// namespace that was there before, the container's process. It is false where there is no user namespace, root of it is root here, or nobody.
func (s *spec) owner(c *ocistate.Container) (uid, gid uint32, ok bool, err error) {
	i := slices.IndexFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.UserNamespace })
	if i < 0 {
		return 0, 0, false, nil
	}
	users, groups := s.Linux.UIDMappings, s.Linux.GIDMappings
	if s.Linux.Namespaces[i].Path != "" {
		if users, groups, err = processMappings(c.Pid); err != nil {
			return 0, 0, false, err
		}
	}
	uid, hasUser := rootIn(users)
	gid, hasGroup := rootIn(groups)
	return uid, gid, hasUser && hasGroup && (uid != 0 || gid != 0), nil
}

// rootIn returns who root is by the mappings.
func rootIn(mappings []specs.LinuxIDMapping) (uint32, bool) {
	i := slices.IndexFunc(mappings, func(m specs.LinuxIDMapping) bool {
		return m.ContainerID == 0 && m.Size > 0 && m.HostID != math.MaxUint32
	})
	if i < 0 {
		return 0, false
	}
	return mappings[i].HostID, true
}

// processMappings returns the mappings of the user namespace of a process, as this process numbers users; none if it is the own one.
func processMappings(pid int) (users, groups []specs.LinuxIDMapping, err error) {
	if pid <= 0 {
		return nil, nil, nil
	}
	var own, other unix.Stat_t
	if unix.Stat("/proc/self/ns/user", &own) == nil && unix.Stat(fmt.Sprintf("/proc/%d/ns/user", pid), &other) == nil && own.Ino == other.Ino {
		return nil, nil, nil
	}
	for file, mappings := range map[string]*[]specs.LinuxIDMapping{"uid_map": &users, "gid_map": &groups} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			return nil, nil, err
		}
		for line := range strings.Lines(string(text)) {
			var m specs.LinuxIDMapping
			if _, err := fmt.Sscan(line, &m.ContainerID, &m.HostID, &m.Size); err == nil {
				*mappings = append(*mappings, m)
			}
		}
	}
	return users, groups, nil
}
