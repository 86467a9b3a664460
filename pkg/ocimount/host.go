package ocimount

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// hostSources opens the host's own three files for a container in the host's network namespace that has none in the store, none if it is
// in another. A pod has those that the kubelet makes of them. The host's resolv.conf is right as it is: the container reaches its
// loopback nameservers (nerdctl#4651).
func (h *Hook) hostSources(state *specs.State, load func() (*bundle, error)) ([]source, error) {
	if !h.HostNetwork || len(sandboxIDs(state)) > 0 {
		return nil, nil
	}
	b, err := load()
	if err != nil {
		return nil, err
	}
	if !b.inHostNetwork() {
		return nil, nil
	}
	var found []source
	for _, path := range []string{HostsPath, resolvConfPath, HostnamePath} {
		f, err := os.OpenFile(path, unix.O_PATH, 0) // it may be a link, as to systemd-resolved's
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = mustBeRegular(f)
		}
		if err != nil {
			closeSources(append(found, source{file: f}))
			return nil, fmt.Errorf("%s of the host: %w", path, err)
		}
		found = append(found, source{target: path, path: path, file: f, ofHost: true})
	}
	return found, nil
}

// inHostNetwork tells whether the container has been given no network namespace, neither a new one nor one that was there: then it is in the
// one that its runtime is in.
func (b *bundle) inHostNetwork() bool {
	return !slices.ContainsFunc(b.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.NetworkNamespace })
}
