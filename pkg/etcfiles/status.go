package etcfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Status reports, as ErrUnavailable, why an Add on the network would fail in the namespace: the data directory cannot be
// written or locked, or is of a later format (ErrNewer too), or something else stands in the place of a hosts file, or the
// process that made the last Add end with ErrLocked holds the lock still (ErrLocked too). What the next operation mends is a
// warning. It changes nothing, takes no exclusive lock and does not wait for one.
func (m *Manager) Status(namespace, network string) error {
	ns := m.Dir.Namespace(namespace)
	if err := ns.CheckDirs(); err != nil {
		if cause := safefile.Unwritable(string(m.Dir), err); cause != nil {
			err = cause
		}
		return fmt.Errorf("%w: dataDir: %w", ErrUnavailable, err)
	}
	for _, dir := range []string{ns.RecordsDir(), ns.ContainersDir(), filepath.Dir(filepath.Dir(ns.NetworkPath("x"))), filepath.Dir(ns.IndexPath())} {
		if err := safefile.CheckWritable(dir); err != nil {
			cause := safefile.Unwritable(string(m.Dir), err)
			if cause == nil {
				cause = fmt.Errorf("%w; make it a directory that root can write", err)
			}
			return fmt.Errorf("%w: dataDir: %w", unavailable(err), cause)
		}
	}
	switch err := ns.Lockable(); {
	case errors.Is(err, ErrLocked):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: dataDir %s cannot be locked: %w; use a file system with flock(2)", ErrUnavailable, m.Dir, err)
	}
	bootID, err := hostsstore.BootID()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	ix := ns.ReadPart(bootID, "", false)
	if ix == nil || !ix.Recent(m.sinceBoot()) {
		if ix != nil && ns.LoadRest(ix) != nil {
			ix = nil
		}
		if err := newer(ns, ix, bootID); err != nil {
			return fmt.Errorf("%w: %w", unavailable(err), err)
		}
	}
	repair := ix == nil
	if repair {
		ix = hostsstore.NewIndex(bootID)
	}
	if network != "" {
		if err := safefile.CheckDir(filepath.Dir(ns.NetworkPath(network))); err != nil {
			return fmt.Errorf("%w: network %s: %w: remove it", ErrUnavailable, network, err)
		}
	}
	ns.Remotes(bootID, func(err error) { m.Warnf("%v", err) }).Has(network)
	return m.lookAtNetworks(ns, ix, func(name string) bool {
		return repair || name == network || slices.Contains(ix.Taken, name)
	})
}

// unavailable returns what an error means: with a full disk, or a store of a later format, running containers suffer too.
func unavailable(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, ErrNewer) {
		return ErrLimited
	}
	return ErrUnavailable
}

// Refuses returns, as ErrUnavailable, why Add would refuse every container with the settings of a request, whatever its result
// is. It looks at nothing else.
func Refuses(r *request.Add) error {
	err := r.Validate()
	if err == nil {
		_, err = r.Resolve()
	}
	if err != nil {
		return fmt.Errorf("%w: an ADD would be refused: %w", ErrUnavailable, err)
	}
	return nil
}

// newer returns ErrNewer if a record is of a later format. Only those are read that the index, if there is one, does not vouch for.
func newer(ns *hostsstore.Namespace, ix *hostsstore.Index, bootID string) error {
	leaving := ix == nil || ix.Interrupted
	if ix == nil {
		ix = hostsstore.NewIndex(bootID)
	}
	ids, err := ns.IDs()
	if err == nil {
		_, err = ns.Changes(ix, ids, leaving)
	}
	return err
}

// lookAtNetworks looks at the hosts files of the networks. One that cannot be used is ErrUnavailable if an Add needs it.
func (m *Manager) lookAtNetworks(ns *hostsstore.Namespace, ix *hostsstore.Index, needed func(network string) bool) error {
	networks, err := ns.Networks()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for _, network := range networks {
		f, err := etchosts.OpenIn(safefile.Anywhere, ns.NetworkPath(network), m.Marker) // as an Add does
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil && needed(network):
			return fmt.Errorf("%w: %w: remove it", ErrUnavailable, err)
		case err != nil:
			continue
		}
		if err := f.Within(roster.Spare().Bytes); err != nil && ns.LoadRest(ix) == nil {
			if err := f.Within(roster.BoundsOf(ix, ns.Remotes(ix.BootID, nil).Of, "", network).Bytes); err != nil {
				m.Warnf("network %s: the next operation makes its hosts file anew: %v", network, err)
			}
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	return nil
}
