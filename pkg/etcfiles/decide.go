package etcfiles

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// decide brings a container of which an attachment has gone to what those that stay ask for.
func (t *tx) decide(c *hostsstore.Container, r *hostsstore.Record) {
	hostname := r.Hostname
	decide.Names(r)
	if !decide.ExtraHosts(r) {
		t.m.Warnf("container %s: none of the networks that are left to it has a gateway: its names for %s are taken out", r.ID, request.HostGateway)
	}
	for ifName := range roster.Renamed(c.Attachments, r.Etcfiles.Attachments) {
		i, j := roster.At(c.Attachments, ifName), roster.At(r.Etcfiles.Attachments, ifName)
		if !t.unlisted(c, ifName) {
			old := c.Attachments[i]
			t.went = append(t.went, roster.Placed{Container: c, Attachment: &old})
			t.came = append(t.came, roster.Placed{Container: c, Attachment: &c.Attachments[i]})
		}
		have, want := &c.Attachments[i], &r.Etcfiles.Attachments[j]
		have.Names, have.Qualified, have.Own, have.World, have.Label = want.Names, want.Qualified, want.Own, want.World, want.Label
	}
	for i := range t.came { // the attachments of the container have been copied
		if p := &t.came[i]; p.Container == c {
			p.Attachment = &c.Attachments[roster.At(c.Attachments, p.Attachment.IfName)]
		}
	}
	entry, _ := roster.ContainerOf(r)
	c.ExtraHosts, c.Adopted = entry.ExtraHosts, entry.Adopted
	if err := t.decideFiles(r, hostname); err != nil {
		t.m.Warnf("container %s keeps its resolv.conf: %v", r.ID, err)
	}
}

// decideFiles notes what resolv.conf and hostname are to hold.
func (t *tx) decideFiles(r *hostsstore.Record, hostname string) error {
	t.rewrites = slices.DeleteFunc(t.rewrites, func(f *refreshment) bool { return f.record.ID == r.ID })
	f := &refreshment{record: r, path: t.ns.ResolvConfPath(r.ID), hostname: r.Hostname != hostname}
	defer func() {
		if f.stale || f.hostname {
			t.rewrites = append(t.rewrites, f)
		}
	}()
	src, known := decide.Sources(r)
	if !known || t.m.HostDNS == nil || r.Etcfiles.ResolvConf.Digest == "" {
		return nil
	}
	if t.host == nil {
		host, err := t.m.HostDNS()
		if err != nil {
			return err
		}
		t.host = &host
	}
	src.Host = *t.host
	src.Host.Missing = nil // then what the others want is all that is left
	planned, err := t.plan(f, src)
	if err != nil || !planned {
		f.stale = false
		return err
	}
	r.Etcfiles.ResolvConf.Inherited, r.Etcfiles.ResolvConf.Sources = f.dns.Inherited, nil
	if f.dns.Inherited {
		r.Etcfiles.ResolvConf.Sources = decide.Wish(src)
	}
	return nil
}

// unlisted reports whether this session has found an attachment that no peer lists yet.
func (t *tx) unlisted(c *hostsstore.Container, ifName string) bool {
	return slices.ContainsFunc(t.came, func(p roster.Placed) bool { return p.Container == c && p.Attachment.IfName == ifName })
}
