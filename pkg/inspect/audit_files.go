package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// lookAtOwnFiles looks at resolv.conf, hostname and the netns file of the containers that are ours.
func (a *audit) lookAtOwnFiles() {
	var list []*hostsstore.Record
	for id := range a.want.Containers {
		if r := a.records[id]; r.Etcfiles != nil && a.again(Finding{ID: id}) {
			list = append(list, r)
		}
	}
	parallel.Do(len(list), func(i int) {
		a.lookAtResolvConf(list[i])
		a.lookAtHostname(list[i])
		if !a.ns.NetnsMatches(list[i]) {
			a.found(Finding{
				ID: list[i].ID, Path: a.ns.NetnsPath(list[i].ID), Problem: NetnsFileWrong,
				What: "it does not name the network namespace of the record", Do: doAudit,
			})
		}
		if !a.ns.InheritedMatches(list[i]) {
			a.found(Finding{
				ID: list[i].ID, Path: a.ns.InheritedPath(list[i].ID), Problem: InheritedWrong,
				What: "it does not say what the record does: whether the resolv.conf of the runtime is to stay", Do: doAudit,
			})
		}
	})
}

func (a *audit) lookAtResolvConf(r *hostsstore.Record) {
	f := Finding{ID: r.ID, Path: a.ns.ResolvConfPath(r.ID)}
	absent := doAudit
	if r.Etcfiles.ResolvConf.Text == "" || !slices.Contains(r.Etcfiles.Created, hostsstore.ResolvConfFile) {
		absent = "its content is not known: start the container anew"
	}
	data, ok := a.readOwn(&f, ResolvAbsent, absent)
	if ok && r.Etcfiles.ResolvConf.Digest != "" && !r.Etcfiles.ResolvConf.Wrote(data) {
		f.Problem, f.Note, f.What, f.Do = ResolvEdited, true, "it was edited after etcfiles wrote it, and stays as it is", ""
		a.found(f)
	}
}

func (a *audit) lookAtHostname(r *hostsstore.Record) {
	f := Finding{ID: r.ID, Path: a.ns.HostnamePath(r.ID)}
	absent, wrong := doAudit, doAudit
	if !slices.Contains(r.Etcfiles.Created, hostsstore.HostnameFile) {
		absent = "the runtime that made it has to make it again: start the container anew"
		wrong = "the runtime made it: start the container anew with one hostname for both"
	}
	data, ok := a.readOwn(&f, HostnameAbsent, absent)
	if ok && string(data) != r.Hostname+"\n" {
		f.Problem, f.What, f.Do = HostnameWrong, fmt.Sprintf("it holds %q, the hostname is %q", data, r.Hostname), wrong
		a.found(f)
	}
}

// readOwn reads one of a container's files, or notes why that cannot be.
func (a *audit) readOwn(f *Finding, absent Problem, doAbsent string) ([]byte, bool) {
	err := safefile.CheckDir(filepath.Dir(f.Path))
	var data []byte
	if err == nil {
		data, err = safefile.Read(f.Path, hostsstore.MaxResolvConf)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Problem, f.What, f.Do = absent, "it is not there", doAbsent
	case err != nil:
		f.Problem, f.What, f.Do = FileUnusable, reason(err, f.Path), "start the container anew, or make it a regular file"
	default:
		return data, true
	}
	a.found(*f)
	return nil, false
}

// lookAtLeftovers finds what is of nobody.
func (a *audit) lookAtLeftovers() {
	removed := a.ofRemovals()
	for _, e := range a.entries {
		f := Finding{ID: e.ID, Network: e.Network, Path: e.Path}
		switch e.Kind {
		case hostsstore.KindTemporary:
			f.Problem, f.What, f.Do = LeftTemporary, "it was left half-written by a process that is gone", doAudit
		case hostsstore.KindLeaving:
			f.Problem, f.What, f.Do = LeftRemoval, "the removal of the container was begun and not finished", doAudit
		case hostsstore.KindCorrupt:
			f.Problem, f.What = LeftCorrupt, "a record that could not be understood was put aside"
			f.Do = "DEL and ADD make the container anew; when it is gone: etcfiles prune"
		case hostsstore.KindDirectory:
			if !a.leftDirectory(&f, &e, removed) {
				continue
			}
		case hostsstore.KindNetwork:
			if len(a.members.Of(e.Network)) > 0 || a.remotes.Has(e.Network) || a.staleNetwork(e.Network) || theirsOnly(a.index, e.Network) {
				continue
			}
			f.Problem, f.What, f.Do = NetworkOrphan, "it is of a network that has no container", doRepair
		default:
			continue
		}
		a.found(f)
	}
	a.lookAtKept()
	for _, e := range a.of(hostsstore.KindPending) {
		p, _ := hostsstore.ReadPending(e.Path) // one that cannot be read is of nobody
		a.found(Finding{
			ID: p.ID, Network: p.Network, Path: e.Path, Problem: DelPending,
			What: "a DEL was put off, since it could not be done at once", Do: "the next operation does it, or: etcfiles prune",
		})
	}
}

// ofRemovals returns the containers that are leftovers for another reason.
func (a *audit) ofRemovals() map[string]bool {
	of := map[string]bool{}
	for _, e := range a.entries {
		if e.Kind == hostsstore.KindLeaving || e.Kind == hostsstore.KindCorrupt || e.Kind == hostsstore.KindRecord || e.Kind == hostsstore.KindKept {
			of[e.ID] = true
		}
	}
	return of
}

// leftDirectory completes the finding for a directory of a container or a network that is gone.
func (a *audit) leftDirectory(f *Finding, e *hostsstore.Entry, known map[string]bool) bool {
	f.Problem = LeftDirectory
	switch {
	case e.Network != "" && e.Path != filepath.Dir(a.ns.NetworkPath(e.Network)):
		f.What, f.Do = "an empty directory of other hosts' names", doAudit
		return e.Empty
	case e.Network != "":
		f.What, f.Do = "an empty directory of a network", doAudit
		return e.Empty && len(a.members.Of(e.Network)) == 0 && !a.remotes.Has(e.Network)
	case e.ID == "":
		return false
	case e.Empty:
		f.What, f.Do = "an empty directory of a container", doAudit
		return a.records[e.ID] == nil || a.records[e.ID].Etcfiles != nil
	case known[e.ID] || a.hasOthersFiles(e.ID) || a.leftByNerdctl(e.ID):
		return false
	}
	f.What = "files of a container that has no record"
	f.Do = "if no runtime uses them: etcfiles rm " + a.ns.Name() + "/" + e.ID
	return true
}

// hasOthersFiles reports whether a container's directories hold what etcfiles does not make: then a runtime knows of it.
func (a *audit) hasOthersFiles(id string) bool {
	return slices.ContainsFunc(a.entries, func(e hostsstore.Entry) bool {
		return e.ID == id && e.Kind == hostsstore.KindUnknown
	})
}

// lookAtKept finds notes of keepFiles that are of no use.
func (a *audit) lookAtKept() {
	for _, e := range a.of(hostsstore.KindKept) {
		f := Finding{ID: e.ID, Path: e.Path, Problem: LeftKept, Do: doAudit}
		kept, ok := a.ns.Kept(e.ID)
		switch {
		case a.records[e.ID] != nil:
			f.What = "a note of keepFiles about a container that is here"
		case !ok:
			f.What = "a note of keepFiles that cannot be read"
			f.Do = "etcfiles rm " + a.ns.Name() + "/" + e.ID
		case !slices.ContainsFunc(kept.Created, func(file string) bool {
			_, err := os.Lstat(a.ns.OwnPath(e.ID, file))
			return err == nil
		}):
			f.What = "a note of keepFiles whose files are gone"
		default:
			continue
		}
		a.found(f)
	}
}
