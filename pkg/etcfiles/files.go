package etcfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// claims says, for the container's resolv.conf and hostname, what may be done to a file that is there.
type claims struct {
	resolvConf, hostname claim
	former               string   // digest of our own resolv.conf
	held                 []byte   // a resolv.conf that stays as it is
	unfit                []string // directories of the container's with another mode than they are to have
}

type claim int

const (
	absent claim = iota // to be made
	ours                // made by us earlier: may be brought up to date
	empty               // made by the engine as a place to mount: to be filled
	theirs              // the engine's or edited by the user: left alone
)

// claim looks at the three files before anything is written and notes in the record which of them are ours to remove.
func (t *tx) claim(id string, r *hostsstore.Record) (*claims, error) {
	d := r.Etcfiles
	if kept, ok := t.ns.Kept(id); ok {
		if kept.BootID != t.bootID && t.ix.Containers[id] == nil {
			if err := t.ns.RemoveDamaged(id, kept); err != nil {
				return nil, err
			}
		}
		d.Created = roster.Unique(append(d.Created, kept.Created...))
		if d.ResolvConf.Digest == "" {
			d.ResolvConf = kept.ResolvConf
		}
	}
	if _, corrupt := t.ns.Corrupt(id); corrupt { // whose its files were nobody knows any more, as in Sweep
		d.Created = hostsstore.ContainerFiles()
	}
	if i := slices.IndexFunc(t.dropped, func(c *hostsstore.Container) bool { return c.ID == id }); i >= 0 {
		d.Created = roster.Unique(append(d.Created, t.dropped[i].Created...))
	}
	cl := &claims{}
	var err error
	if cl.unfit, err = t.ns.UnfitDirs(r); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name, path string
		claim      *claim
	}{
		{hostsstore.HostsFile, t.ns.HostsPath(id), new(claim)},
		{hostsstore.ResolvConfFile, t.ns.ResolvConfPath(id), &cl.resolvConf},
		{hostsstore.HostnameFile, t.ns.HostnamePath(id), &cl.hostname},
	} {
		info, err := os.Lstat(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			*f.claim = absent
			d.Created = roster.Unique(append(d.Created, f.name))
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular():
			return nil, &fs.PathError{Op: "open", Path: f.path, Err: fmt.Errorf("%w: remove it", safefile.ErrNotRegular)}
		case slices.Contains(d.Created, f.name):
			*f.claim = ours
		case info.Size() == 0:
			*f.claim = empty
		default:
			*f.claim = theirs
		}
	}
	return cl, t.planResolvConf(id, r, cl)
}

// planResolvConf leaves a resolv.conf alone that somebody else has edited.
func (t *tx) planResolvConf(id string, r *hostsstore.Record, cl *claims) error {
	if cl.resolvConf != ours && cl.resolvConf != theirs {
		return nil
	}
	data, err := safefile.Read(t.ns.ResolvConfPath(id), hostsstore.MaxResolvConf)
	switch {
	case err != nil && cl.resolvConf == theirs: // the runtime may have what it likes there
		return nil
	case err != nil:
		return err
	}
	if cl.resolvConf == theirs || !r.Etcfiles.ResolvConf.Wrote(data) {
		cl.resolvConf, cl.held = theirs, data
	}
	cl.former = hostsstore.Digest(data)
	return nil
}

// prepare notes in the record what resolv.conf will hold and returns what writes it and hostname.
func (cl *claims) prepare(t *tx, a *addition, r *hostsstore.Record) func() error {
	resolvConf := a.dns.Bytes()
	src, known := decide.Sources(r)
	if !known {
		if src = a.DNS; cl.resolvConf == ours {
			cl.resolvConf = theirs // of what the others want nothing is known
		}
	}
	d := r.Etcfiles
	if cl.resolvConf != theirs {
		d.ResolvConf = hostsstore.ResolvConf{
			Digest: hostsstore.Digest(resolvConf), Text: string(resolvConf), Inherited: a.dns.Inherited,
		}
		if a.dns.Inherited {
			d.ResolvConf.Sources = decide.Wish(src)
		}
		if cl.former != d.ResolvConf.Digest {
			d.ResolvConf.Former = cl.former
		}
		decide.Origins(d.Attachments, a.dns)
	}
	if cl.held != nil {
		a.dns = resolvconf.Held(cl.held)
	}
	return func() error {
		err := errors.Join(
			t.ns.FitDirs(cl.unfit, r),
			t.put(cl.resolvConf, r, hostsstore.ResolvConfFile, resolvConf),
			t.put(cl.hostname, r, hostsstore.HostnameFile, []byte(r.Hostname+"\n")),
		)
		if err == nil && d.ResolvConf.Former != "" {
			d.ResolvConf.Former = ""
			err = t.write(r)
		}
		return err
	}
}

// restore makes those of a container's own files that it lacks, after an operation that was cut off before it made them, and ends what it began with
// their directories and resolv.conf.
func (t *tx) restore(r *hostsstore.Record) error {
	if r.Etcfiles == nil || t.ix.Containers[r.ID] == nil {
		return nil
	}
	unfit, err := t.ns.UnfitDirs(r)
	if err := errors.Join(err, t.ns.FitDirs(unfit, r)); err != nil {
		return err
	}
	had := &r.Etcfiles.ResolvConf
	begun := had.Former != "" && had.Text != "" && !slices.ContainsFunc(t.records, func(again *hostsstore.Record) bool { return again.ID == r.ID })
	for _, f := range []struct{ name, text string }{
		{hostsstore.ResolvConfFile, had.Text}, {hostsstore.HostnameFile, r.Hostname + "\n"},
	} {
		path := t.ns.OwnPath(r.ID, f.name)
		if f.text == "" || !slices.Contains(r.Etcfiles.Created, f.name) {
			continue
		}
		how := absent
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			how = theirs
			if t.thorough && f.name == hostsstore.HostnameFile {
				how = ours
			}
			if f.name == hostsstore.ResolvConfFile && begun {
				data, err := safefile.Read(path, hostsstore.MaxResolvConf)
				if err != nil {
					return err
				}
				if had.Wrote(data) {
					how = ours
				}
			}
		}
		if err := t.put(how, r, f.name, []byte(f.text)); err != nil {
			return err
		}
	}
	if !begun {
		return nil
	}
	had.Former = ""
	return t.write(r)
}

// put brings one of the container's own files to its content.
func (t *tx) put(c claim, r *hostsstore.Record, file string, data []byte) error {
	path := t.ns.OwnPath(r.ID, file)
	switch c {
	case theirs:
		return nil
	case absent:
		if err := t.ns.MakeOwnDir(filepath.Dir(path), r); err != nil {
			return err
		}
		if err := hostsstore.WriteFile(path, data); err != nil {
			return err
		}
		if label := t.fileLabel(); label != "" || r.Etcfiles.Owner != nil {
			t.give(r, path, label)
		}
		return nil
	}
	old, err := safefile.Read(path, int64(len(data))+1)
	if err != nil || string(old) != string(data) {
		err = errors.Join(err, safefile.Overwrite(path, data))
	}
	if err == nil && c == ours {
		t.give(r, path, "")
	}
	return err
}
