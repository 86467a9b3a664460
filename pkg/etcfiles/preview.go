package etcfiles

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Preview is what a container would get.
type Preview struct {
	Hostname   string
	Names      []string // as its peers know it
	Hosts      string   // its hosts file while nobody else is there
	ResolvConf resolvconf.Result
}

// Preview tells what Add would write for the first container of a network. It looks at nothing in the data directory, and
// makes nothing. The errors are those of Add for a wrong request.
func (m *Manager) Preview(r *request.Add) (*Preview, error) {
	a, err := m.check(r)
	if err != nil {
		return nil, err
	}
	record, err := a.record(nil, "", 1)
	if err != nil {
		return nil, err
	}
	for _, w := range a.dns.Warnings {
		m.Warnf("%s", w)
	}
	m.leaveOut(record.Etcfiles.Attachments[0].Refused)
	c, _ := roster.ContainerOf(record)
	var head []byte
	head, c.UserNames = hostsfiles.Base(m.BaseHostsFile, m.Marker, &hostsstore.Base{}, m.Warnf)
	hosts, _ := etchosts.Render(m.Marker, head, roster.MembersOf(hostsstore.NewIndex(""), nil).Blocks(&roster.Viewer{Container: c}))
	return &Preview{
		Hostname: record.Hostname, Names: roster.Unique(slices.Concat(c.Attachments[0].Names, c.Attachments[0].Qualified)), Hosts: string(hosts), ResolvConf: a.dns,
	}, nil
}
