package etcfiles

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// addition is a request that has been found to be good.
type addition struct {
	*request.Add
	addresses []netip.Addr
	dns       resolvconf.Result
	netns     hostsstore.Netns
	owner     *hostsstore.Owner // of the files; nil for root, or where nobody knows
	noIPv6    bool
}

// Add lists an attachment in the files of every container on its network and writes the container's own three. It
// returns what resolv.conf holds. An attachment that has the same container and interface is replaced. After an error
// nothing of the attachment is left; the error is request.ErrInvalid, ErrLocked, ErrNewer or one of the file system.
func (m *Manager) Add(ctx context.Context, r *request.Add) (resolvconf.Result, error) {
	a, err := m.check(r)
	if err != nil {
		return resolvconf.Result{}, err
	}
	about := scope{network: r.Network, ids: []string{r.ContainerID}, pods: r.PodUID != ""}
	err = m.update(ctx, r.Namespace, about, func(t *tx) error { return t.add(a) })
	if noteErr := m.Dir.Namespace(r.Namespace).NoteHolder(err); noteErr != nil {
		m.Warnf("STATUS cannot know that the lock is held: %v", noteErr)
	}
	return a.dns, err
}

// check does all that can be done without the lock.
func (m *Manager) check(r *request.Add) (*addition, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	r.Shorten()
	a := &addition{Add: r}
	var err error
	if a.addresses, err = r.ListedAddresses(); err != nil {
		return nil, err
	}
	r.DNS.IPv4, r.DNS.IPv6 = slices.ContainsFunc(a.addresses, netip.Addr.Is4), slices.ContainsFunc(a.addresses, netip.Addr.Is6)
	if len(a.addresses) == 0 {
		m.Warnf("container %s has no address in prevResult: no peer has a line for it on network %s; "+
			"if it should have one, place etcfiles after the plugin that gives addresses", r.ContainerID, r.Network)
	}
	if a.dns, err = r.Resolve(); err != nil {
		return nil, err
	}
	for _, w := range r.Warnings {
		m.Warnf("%s", w)
	}
	a.netns, a.noIPv6 = hostsstore.LookInto(r.Netns)
	return a, nil
}

// add makes the record and says what commit is to do.
func (t *tx) add(a *addition) error {
	before, err := t.previous(a.ContainerID)
	if err != nil {
		return err
	}
	a.owner = t.ownerFor(a)
	r, err := a.record(before, t.bootID, t.ix.NextSequence)
	if err != nil {
		return err
	}
	t.ix.NextSequence++
	if err := a.decideDNS(r); err != nil {
		return err
	}
	for _, w := range a.dns.Warnings {
		t.m.Warnf("%s", w)
	}
	added := &r.Etcfiles.Attachments[len(r.Etcfiles.Attachments)-1]
	t.m.leaveOut(added.Refused)
	t.m.about(r.Name, added)
	files, err := t.claim(a.ContainerID, r)
	if err != nil {
		return err
	}
	if t.trusts { // who stands in its way is to be looked at all the same
		rivals := roster.Rivals(t.ix, a.ContainerID, a.PodUID, added)
		if err := t.look(rivals); err != nil {
			return err
		}
		t.prune(rivals)
	}
	if err := t.evict(a); err != nil {
		return err
	}
	t.replaceSandbox(a)
	t.place(a, r)
	t.rewrites = slices.DeleteFunc(t.rewrites, func(f *refreshment) bool { return f.record.ID == a.ContainerID })
	t.ownFiles = files.prepare(t, a, r)
	t.finish = func() error { return t.ns.ForgetKept(a.ContainerID) }
	t.undo = func() error { return t.withdraw(a, before) }
	return nil
}

// previous returns the record that the container has already, or nil. One that this session found dead gives way, but
// its files are taken over.
func (t *tx) previous(id string) (*hostsstore.Record, error) {
	if c := t.ix.Containers[id]; c != nil {
		return t.pendingRecord(id)
	}
	return nil, nil
}

// record returns the container's record with the attachment in it.
func (a *addition) record(before *hostsstore.Record, bootID string, sequence uint64) (*hostsstore.Record, error) {
	r := &hostsstore.Record{
		Namespace: a.Namespace, ID: a.ContainerID,
		ExtraHosts: map[string]string{}, Etcfiles: &hostsstore.Details{},
	}
	if before != nil {
		*r = *before
		r.ExtraHosts = maps.Clone(before.ExtraHosts)
		d := hostsstore.Details{}
		if before.Etcfiles != nil {
			d = *before.Etcfiles
			d.Attachments, d.ExtraHosts = slices.Clone(d.Attachments), slices.Clone(d.ExtraHosts)
		}
		r.Etcfiles = &d
	}
	d := r.Etcfiles
	if a.owner != nil || !d.Netns.Same(a.netns) {
		d.Owner = a.owner
	}
	d.Version, d.BootID, d.Netns, d.NoIPv6Loopback = hostsstore.FormatVersion, bootID, a.netns, a.noIPv6
	if a.Kubernetes != "" {
		d.KubernetesNamespace = a.Kubernetes
	}
	if a.PodUID != "" {
		d.PodUID = a.PodUID
	}
	decide.Adopt(r)
	decide.Leave(r, a.IfName)
	d.Attachments = append(d.Attachments, a.attachment(before, sequence))
	decide.Names(r)
	if !decide.ExtraHosts(r) {
		for _, x := range a.ExtraHosts {
			if x.HostGateway {
				return nil, &request.KeyError{
					Key: "extraHosts", Value: x.Name + ":" + request.HostGateway, Reason: fmt.Errorf("network %s has no gateway", a.Network),
				}
			}
		}
	}
	return r, request.CheckExtraHosts(a.ContainerID, len(d.ExtraHosts))
}

func (a *addition) attachment(before *hostsstore.Record, sequence uint64) hostsstore.Attachment {
	asked := &hostsstore.Asked{
		Name: a.Name, Hostname: a.Hostname, Domainname: a.Domainname, Otherwise: a.Otherwise, Domain: a.Domain,
		Aliases: a.Aliases, PodNames: a.PodNames, ClusterDNS: a.ClusterDNS,
	}
	for _, x := range a.ExtraHosts {
		asked.ExtraHosts = append(asked.ExtraHosts, hostsstore.AskedHost{Name: x.Name, Address: x.Address})
	}
	return hostsstore.Attachment{
		Network: a.Network, IfName: a.IfName, Sequence: sequence, Since: time.Now().UTC(), Addresses: a.addresses,
		Result: a.result(), DNS: decide.Wish(a.DNS), Asked: asked, Origins: a.origins(before),
	}
}

// decideDNS says what resolv.conf holds with what the container's other attachments want of it.
func (a *addition) decideDNS(r *hostsstore.Record) error {
	src, known := decide.Sources(r)
	if !known || len(r.Etcfiles.Attachments) == 1 {
		return nil
	}
	src.Host = a.DNS.Host
	dns, err := resolvconf.Resolve(src)
	if err == nil {
		a.dns = dns
	}
	return err
}

// result returns the result of the plugins before, in the form of CNI 1.0.0.
func (a *addition) result() *types100.Result {
	out := *a.Result
	out.CNIVersion = "1.0.0"
	return &out
}

// place puts the new record into the index and notes what comes and goes.
func (t *tx) place(a *addition, r *hostsstore.Record) {
	old := t.ix.Containers[a.ContainerID]
	var renamed map[string]bool
	unlisted := map[string]bool{} // interfaces that this session has found, and that no peer lists yet
	if old != nil {
		for _, p := range t.came {
			if p.Container == old {
				unlisted[p.Attachment.IfName] = true
			}
		}
		if old.Kubernetes != r.Etcfiles.KubernetesNamespace {
			for i := range old.Attachments { // all who see it may know it by other names now
				t.suspect = append(t.suspect, old.Attachments[i].Network)
			}
		}
		for i := range old.Attachments {
			if old.Attachments[i].IfName == a.IfName {
				t.went = append(t.went, roster.Placed{Container: old, Attachment: &old.Attachments[i]})
				t.ix.Depart(a.ContainerID, &old.Attachments[i], "replaced by network "+a.Network)
			}
		}
		renamed = roster.Renamed(old.Attachments, r.Etcfiles.Attachments)
		for i := range old.Attachments {
			if ifName := old.Attachments[i].IfName; ifName != a.IfName && renamed[ifName] && !unlisted[ifName] {
				t.went = append(t.went, roster.Placed{Container: old, Attachment: &old.Attachments[i]})
			}
		}
		t.came = slices.DeleteFunc(t.came, func(p roster.Placed) bool { return p.Container == old })
		delete(t.own, old)
	}
	c, _ := roster.ContainerOf(r)
	if old != nil {
		c.Hosts, c.UserNames = old.Hosts, old.UserNames
	}
	t.ix.Containers[c.ID] = c
	t.ix.Return(c.ID, a.Network)
	for i := range c.Attachments {
		if ifName := c.Attachments[i].IfName; ifName == a.IfName || unlisted[ifName] || renamed[ifName] {
			t.came = append(t.came, roster.Placed{Container: c, Attachment: &c.Attachments[i]})
		}
	}
	// A record of the same ID that was found dead is replaced, not removed.
	t.dropped = slices.DeleteFunc(t.dropped, func(d *hostsstore.Container) bool { return d.ID == c.ID })
	t.save(c, r)
}

// withdraw takes a failed addition back, as far as that is possible; what is left of it the next operation repairs, since
// the record no longer has it.
func (t *tx) withdraw(a *addition, before *hostsstore.Record) error {
	c := t.ix.Containers[a.ContainerID]
	if c == nil {
		return nil
	}
	if err := t.ns.TakeIndex(t.affected()); err != nil {
		return err
	}
	if before != nil {
		if err := t.ns.WriteRecord(before, t.durable(before)); err != nil {
			return err
		}
	} else if err := t.ns.BeginRemoval(c.ID); err != nil {
		return err
	}
	again := &tx{m: t.m, ns: t.ns}
	if err := again.load(); err != nil {
		return err
	}
	again.ix.Remember(t.ix.Departed)
	return again.commit()
}
