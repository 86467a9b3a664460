package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// FormerVersion is the format that WriteFormer writes: that of the version before this one.
const FormerVersion = 2

// WriteFormer writes the records of a namespace, under its lock, in the former format, and removes the index and the netns
// files, so that the version before goes on with the store. What only this format holds is lost: the content of resolv.conf, and what each
// attachment alone was given. Records that are not ours, or that cannot be read, stay as they are.
func (n *Namespace) WriteFormer() error {
	ids, err := n.IDs()
	if err != nil {
		return err
	}
	records, errs := n.ReadRecords(ids)
	if err := errors.Join(n.DropIndex(), n.removeAllParts()); err != nil {
		return err
	}
	// First, so that Modernize brings the namespace back, also after one that was killed here.
	if err := os.Chmod(n.ContainersDir(), formerMode); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for i, r := range records {
		if errs[i] != nil || r.Etcfiles == nil {
			continue
		}
		former := r.former()
		unfit, err := n.UnfitDirs(former)
		if err := errors.Join(err, n.FitDirs(unfit, former), n.writeRecord(former, true), n.removeBeside(r.ID)); err != nil {
			return err
		}
	}
	return nil
}

// formerMode is the mode of the directories of the former format.
const formerMode = 0o755

// former returns a record without what the former format does not know.
func (r *Record) former() *Record {
	out := r.merged()
	d := *out.Etcfiles
	d.Version = FormerVersion
	d.Netns.UserNamespace, d.Owner, d.Adopted, d.Left, d.ResolvConf.Text = 0, nil, nil, nil, ""
	d.Attachments = slices.Clone(d.Attachments)
	for i := range d.Attachments {
		a := &d.Attachments[i]
		a.Names = slices.Concat(a.Own, a.Names) // it has one list for peers and the container itself
		a.Result, a.DNS, a.Asked, a.Own, a.World = nil, nil, nil, nil, nil
	}
	out.Etcfiles = &d
	return out
}
