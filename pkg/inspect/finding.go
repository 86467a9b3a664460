package inspect

import (
	"cmp"
	"slices"
)

// Problem is the kind of a Finding, one word for programs that read it.
type Problem string

// What Audit finds.
const (
	IndexAbsent    Problem = "index-absent"    // an operation was cut off
	IndexCorrupt   Problem = "index-corrupt"   // it does not parse
	IndexOldBoot   Problem = "index-old-boot"  // it was left by an earlier boot
	IndexDiffers   Problem = "index-differs"   // it says something else than the records or the files
	RecordCorrupt  Problem = "record-corrupt"  // a meta.json that cannot be understood
	RecordNewer    Problem = "record-newer"    // of a newer etcfiles
	RecordOldBoot  Problem = "record-old-boot" // of an earlier boot
	GoneNetns      Problem = "netns-gone"
	AddressTwice   Problem = "address-twice" // two containers have one address on a network; a note if on two
	HostsAbsent    Problem = "hosts-absent"
	HostsLacks     Problem = "hosts-lacks"   // a line is missing
	HostsExtra     Problem = "hosts-extra"   // a line of nobody
	HostsTwice     Problem = "hosts-twice"   // a line stands twice
	HostsOrder     Problem = "hosts-order"   // a line stands before an older one with the same name
	HostsMarkers   Problem = "hosts-markers" // a marker opens or closes nothing
	FileUnusable   Problem = "file-unusable" // unreadable, too large, immutable, or no regular file
	NetworkOrphan  Problem = "network-orphan"
	ResolvAbsent   Problem = "resolvconf-absent"
	ResolvEdited   Problem = "resolvconf-edited" // a note
	HostnameAbsent Problem = "hostname-absent"
	HostnameWrong  Problem = "hostname-differs"
	NetnsFileWrong Problem = "netns-file"
	InheritedWrong Problem = "inherited-file"
	ModeWrong      Problem = "mode" // permission bits, setuid, setgid or capabilities
	OwnerWrong     Problem = "owner"
	LeftTemporary  Problem = "left-temporary"  // half-written by a process that is gone
	LeftRemoval    Problem = "left-removal"    // a removal that was begun and not finished
	LeftCorrupt    Problem = "left-corrupt"    // a corrupt record that was put aside
	LeftDirectory  Problem = "left-directory"  // of a container without a record
	LeftKept       Problem = "left-kept"       // a note of keepFiles without its files
	Kept           Problem = "kept"            // files that keepFiles has left: of PruneKept, Audit does not mind them
	LeftNetworks   Problem = "left-networks"   // a container without a network in which no process lives any more
	DelPending     Problem = "del-pending"     // a DEL that was put off
	HostsUnmounted Problem = "hosts-unmounted" // a container that runs has another /etc/hosts; a note where others have theirs
	RemoteLeftOut  Problem = "remote-left-out" // what another host has cannot be read, or lines of it
	RemoteOldBoot  Problem = "remote-old-boot" // what another host had in an earlier boot
)

// Finding is something that Audit has found.
type Finding struct {
	Namespace string  `json:"namespace"`
	ID        string  `json:"id,omitempty"`   // of the container
	Name      string  `json:"name,omitempty"` // of the container
	Network   string  `json:"network,omitempty"`
	Path      string  `json:"path,omitempty"`
	Problem   Problem `json:"problem"`
	Note      bool    `json:"note,omitempty"`   // it is no fault
	Mended    bool    `json:"mended,omitempty"` // it is no more
	What      string  `json:"what"`
	Do        string  `json:"do,omitempty"` // what to do
}

// Where returns the path, or what else says where it was found.
func (f *Finding) Where() string {
	if f.Path != "" {
		return f.Path
	}
	where := f.Namespace
	if f.ID != "" {
		where += "/" + f.ID
	}
	if f.Name != "" && f.Name != f.ID {
		where += " " + f.Name
	}
	return where
}

// ofLines reports whether it is about lines of a hosts file.
func (f *Finding) ofLines() bool {
	return slices.Contains([]Problem{HostsLacks, HostsExtra, HostsTwice, HostsOrder, HostsMarkers}, f.Problem)
}

// sameFault reports whether both are about one fault, which may have grown or shrunk in between.
func (f Finding) sameFault(other Finding) bool {
	f.What, f.Do, other.What, other.Do = "", "", "", ""
	return f == other
}

func (f *Finding) compare(other *Finding) int {
	return cmp.Or(
		cmp.Compare(f.Namespace, other.Namespace), cmp.Compare(f.ID, other.ID), cmp.Compare(f.Network, other.Network),
		cmp.Compare(f.Path, other.Path), cmp.Compare(f.Problem, other.Problem), cmp.Compare(f.What, other.What),
	)
}

// Faulty reports whether one of the findings is a fault that is still there.
func Faulty(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return !f.Note && !f.Mended })
}
