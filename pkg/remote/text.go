package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Read parses hosts(5) lines into the peers of a host, one for each address or, where comments say whose the lines are, as those that
// Write makes, one for each attachment. Lines of loopback are left out, as every machine has them. The error names the line, and no line
// of a text that has one counts.
func Read(text io.Reader) ([]Peer, error) {
	var peers []Peer
	at := map[key]int{} // in peers
	var id, ifName string
	data, err := io.ReadAll(io.LimitReader(text, maxText+1))
	if err == nil && len(data) > maxText {
		err = fmt.Errorf("more than %d bytes", maxText)
	}
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, ErrNothing
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			id, ifName = whose(comment)
			continue
		}
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		addr, list, err := parseLine(fields)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if addr.IsLoopback() {
			continue
		}
		k := key{id: id, ifName: ifName}
		if id == "" {
			k.address = addr
		}
		i, known := at[k]
		if !known {
			i = len(peers)
			at[k] = i
			peers = append(peers, Peer{ID: id, IfName: ifName})
		}
		p := &peers[i]
		if !slices.Contains(p.Addresses, addr) {
			p.Addresses = append(p.Addresses, addr)
		}
		for _, name := range list {
			if !slices.ContainsFunc(p.Names, func(n names.Name) bool { return strings.EqualFold(n.String(), name.String()) }) {
				p.Names = append(p.Names, name)
			}
		}
	}
	return peers, nil
}

// ErrNothing is the error of Read for a text without a line: who has no container says so by a comment, as Write does.
var ErrNothing = errors.New("there is not a single line")

// maxText is how much text is read, in bytes.
const maxText = 10 << 20

// whose parses a comment of Write; any other is of nobody.
func whose(comment string) (id, ifName string) {
	id, ifName, ok := strings.Cut(strings.TrimSpace(comment), "/")
	if !ok || names.CheckElement(id) != nil || hostsstore.CheckIfName(ifName) != nil {
		return "", ""
	}
	return id, ifName
}

func parseLine(fields []string) (netip.Addr, []names.Name, error) {
	addr, err := netip.ParseAddr(fields[0])
	if err != nil {
		return addr, nil, fmt.Errorf("%.64q is not an IP address", fields[0])
	}
	if addr = addr.Unmap(); addr.IsLoopback() {
		return addr, nil, nil
	}
	if err := hostsstore.CheckRemoteAddress(addr); err != nil {
		return addr, nil, err
	}
	if len(fields) == 1 {
		return addr, nil, errors.New("it has no name")
	}
	var list []names.Name
	for _, field := range fields[1:] {
		name, err := names.Parse(field)
		if err != nil {
			return addr, nil, err
		}
		list = append(list, name)
	}
	return addr, list, nil
}

// Write writes the attachments on a network that others may know as hosts(5) lines, each with a comment before it that says whose they
// are. The first line is a comment too.
func Write(w io.Writer, network string, list []*roster.Placed) error {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# containers on network %s\n", network)
	for _, p := range list {
		m := roster.MemberOf(*p)
		text := (&roster.Viewer{Network: p.Attachment.Network}).Lines(&m)
		if text == "" {
			continue
		}
		if p.Attachment.IfName == "" {
			out.WriteString("#\n")
		} else {
			fmt.Fprintf(&out, "# %s/%s\n", p.Container.ID, p.Attachment.IfName)
		}
		out.WriteString(text)
	}
	_, err := out.WriteTo(w)
	return err
}
