package inspect

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/parallel"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// NetnsState says what is known of the network namespace that a container was added with.
type NetnsState string

// The states of a network namespace.
const (
	NetnsAlive       NetnsState = "alive"        // it is at its path, with the recorded device and inode
	NetnsGone        NetnsState = "gone"         // its path leads nowhere or to another one
	NetnsEarlierBoot NetnsState = "earlier boot" // the record is of an earlier boot
	NetnsUnknown     NetnsState = "unknown"      // nerdctl wrote the record, or it was seen from another mount namespace
)

// Dead reports that a container in this state is certainly no more.
func (s NetnsState) Dead() bool { return s == NetnsGone || s == NetnsEarlierBoot }

// Inspected is one container as its record has it.
type Inspected struct {
	Namespace   string
	Record      *hostsstore.Record
	Attachments []hostsstore.Attachment // of a record that nerdctl wrote: what etcfiles makes of it
	State       NetnsState

	container *hostsstore.Container
}

// Ref returns NAMESPACE/ID.
func (i *Inspected) Ref() string { return i.Namespace + "/" + i.Record.ID }

// dead reports that the container is certainly no more: the next operation on its namespace removes it.
func (i *Inspected) dead() bool { return i.State.Dead() }

// On reports whether the container is on the network.
func (i *Inspected) On(network string) bool { return roster.OnNetwork(i.container, network) }

// Name returns what the container is called.
func (i *Inspected) Name() string { return roster.NameOf(i.Record) }

// NameKind says why a container has one of its names.
type NameKind string

// The kinds of names.
const (
	OwnName       NameKind = "name"      // the container's name
	Hostname      NameKind = "hostname"  // its hostname, where that is another
	QualifiedName NameKind = "qualified" // one of these with a network, a domain or a Kubernetes namespace behind it
	Alias         NameKind = "alias"
)

// Kind returns the kind of a name of the container.
func (i *Inspected) Kind(name string) NameKind {
	lower := strings.ToLower(name)
	for _, own := range []struct {
		name string
		kind NameKind
	}{{i.Record.Name, OwnName}, {i.Record.Hostname, Hostname}} {
		own.name = strings.ToLower(names.TrimDots(own.name))
		switch {
		case own.name == "":
		case lower == own.name:
			return own.kind
		case strings.HasPrefix(lower, own.name+"."), strings.HasPrefix(own.name, lower+"."):
			return QualifiedName
		}
	}
	return Alias
}

// Has reports whether an attachment of the container has the name, whatever its case.
func (i *Inspected) Has(name string) bool {
	return slices.ContainsFunc(i.Attachments, func(a hostsstore.Attachment) bool { return holdsName(roster.AllNames(&a), name) })
}

// thisBoot returns the identity of the running boot, "" if it is unknown.
func thisBoot() string {
	id, _ := hostsstore.BootID()
	return id
}

// Inspect reads the records of a namespace, or of all for "", by namespace and ID. It takes no lock and writes nothing, so an
// operation that runs may be seen half done. What cannot be read goes to Warnf with its path and is left out. The error
// is one of Existing, or fs.ErrPermission when the records are not for this user.
func (m *Inspector) Inspect(namespace string) ([]*Inspected, error) {
	namespaces, err := m.Existing(namespace)
	if err != nil {
		return nil, err
	}
	var out []*Inspected
	for _, name := range namespaces {
		list, err := m.inspect(m.Dir.Namespace(name))
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

func (m *Inspector) inspect(n *hostsstore.Namespace) ([]*Inspected, error) {
	ids, err := n.IDs()
	if err != nil {
		return nil, err
	}
	records, errs := n.ReadRecords(ids)
	states := statesOf(records, thisBoot(), hostsstore.MountNamespace())
	var out []*Inspected
	for i, r := range records {
		switch {
		case errors.Is(errs[i], fs.ErrPermission):
			return nil, errs[i]
		case errors.Is(errs[i], fs.ErrNotExist):
			if path, ok := n.Corrupt(ids[i]); ok {
				m.Warnf("%s: a corrupt record, put aside; container %s/%s is in no file until it is started anew", path, n.Name(), ids[i])
			}
			continue
		case errs[i] != nil:
			m.Warnf("container %s/%s is left out: %v", n.Name(), ids[i], errs[i])
			continue
		}
		out = append(out, inspectedOf(n.Name(), r, states[i]))
	}
	return out, nil
}

func inspectedOf(namespace string, r *hostsstore.Record, state NetnsState) *Inspected {
	c, _ := roster.ContainerOf(r) // what is wrong with a name was said when it came
	return &Inspected{Namespace: namespace, Record: r, Attachments: c.Attachments, State: state, container: c}
}

// statesOf returns the state of each record, "" where there is none.
func statesOf(records []*hostsstore.Record, boot string, mntns uint64) []NetnsState {
	states := make([]NetnsState, len(records))
	parallel.Do(len(records), func(i int) {
		if records[i] != nil {
			states[i] = stateOf(records[i], boot, mntns)
		}
	})
	return states
}

func stateOf(r *hostsstore.Record, boot string, mntns uint64) NetnsState {
	d := r.Etcfiles
	switch {
	case d == nil:
		return NetnsUnknown
	case d.BootID != boot:
		return NetnsEarlierBoot
	case d.Netns.Gone(mntns):
		return NetnsGone
	case d.Netns.Inode == 0 || d.Netns.MountNamespace != mntns || !hostsstore.Identify(d.Netns.Path).Same(d.Netns):
		return NetnsUnknown
	}
	return NetnsAlive
}

// indexOf returns what an index of the containers would hold.
func indexOf(list []*Inspected) *hostsstore.Index {
	ix := hostsstore.NewIndex("")
	for _, i := range list {
		ix.Containers[i.Record.ID] = i.container
	}
	return ix
}

// Departed returns the attachments that have gone from a namespace lately, oldest first, as far as the index knows.
func (m *Inspector) Departed(namespace string) []hostsstore.Departure {
	if ix := m.Dir.Namespace(namespace).ReadIndex(thisBoot()); ix != nil {
		return ix.Departed
	}
	return nil
}

func holdsName(list []string, name string) bool {
	return slices.ContainsFunc(list, func(n string) bool { return strings.EqualFold(n, name) })
}
