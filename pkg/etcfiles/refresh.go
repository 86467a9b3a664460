package etcfiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Refreshed is a resolv.conf that Refresh has rewritten.
type Refreshed struct {
	Namespace string   `json:"namespace"`
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Path      string   `json:"path"`
	Old       []string `json:"old"` // nameservers
	New       []string `json:"new"`
}

// Refresh brings the resolv.conf of living containers to what the host's file holds now, in place: those of which a part was
// left to the host and that nobody has edited. Without a namespace it does so in all. read returns the host's file, and is
// called under the lock of each namespace: who waits for a lock has not read what is old by then. A file that is right already
// is not touched. While the host has no file, or none of its nameservers can be used, a container keeps what it has, with a
// warning. It goes on after an error, and returns all of them with what it has rewritten, or ErrNoStore or ErrNoNamespace.
func (m *Manager) Refresh(ctx context.Context, namespace string, read func() (resolvconf.Host, error)) ([]Refreshed, error) {
	namespaces, err := m.Existing(namespace)
	if err != nil {
		return nil, err
	}
	var done []Refreshed
	err = Each(ctx, namespaces, func(name string) error {
		list, err := m.refresh(ctx, name, read)
		done = append(done, list...)
		return err
	})
	return done, err
}

func (m *Manager) refresh(ctx context.Context, namespace string, read func() (resolvconf.Host, error)) ([]Refreshed, error) {
	var done []Refreshed
	err := m.update(ctx, namespace, scope{}, func(t *tx) error {
		host, err := read()
		if err != nil {
			return err
		}
		var list []*refreshment
		for _, id := range slices.Sorted(maps.Keys(t.ix.Containers)) {
			if c := t.ix.Containers[id]; c.Foreign || len(c.Attachments) == 0 { // who is on no network gets it with the next one
				continue
			}
			f, err := t.refreshed(id, host)
			switch {
			case obstructed(err), errors.Is(err, resolvconf.ErrRefused): // an earlier version took what is refused now
				t.m.Warnf("container %s keeps its resolv.conf: %v", id, err)
			case err != nil:
				return fmt.Errorf("container %s: %w", id, err)
			case f != nil:
				list = append(list, f)
			}
		}
		t.ownFiles = func() error {
			var errs []error
			for _, f := range list {
				ok, err := f.write(t)
				if ok && f.stale {
					done = append(done, Refreshed{namespace, f.record.ID, roster.NameOf(f.record), f.path, resolvconf.Nameservers(f.old), f.dns.Nameservers})
				}
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		}
		return nil
	})
	return done, err
}

// refreshment is a resolv.conf that is to be written anew.
type refreshment struct {
	record *hostsstore.Record
	path   string
	old    []byte
	dns    resolvconf.Result
	stale  bool // the file is to be written; else the record only

	hostname bool // the hostname file is to be written too
}

// refreshed notes in the record what the container's resolv.conf will hold with the host's file. It returns nil if nothing is to be done.
func (t *tx) refreshed(id string, host resolvconf.Host) (*refreshment, error) {
	r, err := t.pendingRecord(id)
	if err != nil {
		return nil, err
	}
	had := &r.Etcfiles.ResolvConf
	if !had.Inherited || had.Digest == "" {
		return nil, nil
	}
	if had.Sources == nil {
		t.m.Warnf("container %s was made by an earlier version: its resolv.conf is refreshed at its next start", id)
		return nil, nil
	}
	src, known := decide.Sources(r)
	if !known {
		src = decide.SourcesOf(had.Sources)
	}
	src.Host = host
	f := &refreshment{record: r, path: t.ns.ResolvConfPath(id)}
	planned, err := t.plan(f, src)
	if err != nil || !planned {
		return nil, err
	}
	if !slices.Contains(t.records, r) {
		t.records = append(t.records, r)
	}
	return f, nil
}

// plan notes in the record what the container's resolv.conf will hold. It returns false if nothing is to be done: the file is right,
// or somebody has edited it, or it has a nameserver that would be its last.
func (t *tx) plan(f *refreshment, src resolvconf.Sources) (bool, error) {
	r, id, host := f.record, f.record.ID, src.Host
	had := &r.Etcfiles.ResolvConf
	var err error
	f.old, err = safefile.Read(f.path, hostsstore.MaxResolvConf)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && !had.Wrote(f.old)) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if f.dns, err = resolvconf.Resolve(src); err != nil {
		return false, err
	}
	f.stale = !bytes.Equal(f.dns.Bytes(), f.old)
	if !f.stale && had.Former == "" {
		decide.Origins(r.Etcfiles.Attachments, f.dns)
		return false, nil
	}
	switch {
	case f.stale && f.dns.Inherited && host.Missing != nil:
		t.m.Warnf("container %s keeps its resolv.conf: %v", id, host.Missing)
		return false, nil
	case f.stale && len(f.dns.Nameservers) == 0 && len(resolvconf.Nameservers(f.old)) > 0:
		t.m.Warnf("container %s keeps its resolv.conf: %s has no nameserver that it could reach", id, host.Path)
		return false, nil
	}
	for _, w := range f.dns.Warnings {
		t.m.Warnf("container %s: %s", id, w)
	}
	had.Digest, had.Text, had.Former = hostsstore.Digest(f.dns.Bytes()), string(f.dns.Bytes()), hostsstore.Digest(f.old)
	decide.Origins(r.Etcfiles.Attachments, f.dns)
	r.Etcfiles.Version = hostsstore.FormatVersion
	return true, nil
}

// write brings the file to the record, and the record to the file. Until both are done the record knows what the file held
// before, so that one who is killed here leaves a file that does not pass for edited. A container that has made its file
// unusable harms itself only: then it returns false.
func (f *refreshment) write(t *tx) (bool, error) {
	if f.hostname && slices.Contains(f.record.Etcfiles.Created, hostsstore.HostnameFile) {
		err := safefile.Overwrite(t.ns.HostnamePath(f.record.ID), []byte(f.record.Hostname+"\n"))
		if obstructed(err) || errors.Is(err, os.ErrNotExist) {
			t.m.Warnf("container %s keeps its hostname file: %v", f.record.ID, err)
		} else if err != nil {
			return false, err
		}
	}
	if f.stale {
		switch err := safefile.Overwrite(f.path, f.dns.Bytes()); {
		case obstructed(err), errors.Is(err, os.ErrNotExist):
			t.m.Warnf("container %s keeps its resolv.conf: %v", f.record.ID, err)
			return false, nil
		case err != nil:
			return false, err
		}
		if slices.Contains(f.record.Etcfiles.Created, hostsstore.ResolvConfFile) {
			t.give(f.record, f.path, "")
		}
	}
	f.record.Etcfiles.ResolvConf.Former = ""
	return true, t.write(f.record)
}
