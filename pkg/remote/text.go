package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// Read parses hosts(5) lines into the peers of a host, one for each address or, where comments say whose the lines are, as those that
// Write makes, one for each attachment. Lines of loopback are left out, as every machine has them. The error names the line, and no line
// of a text that has one counts. A text without a line of another host is that of a host without a container only if it has a comment
// and no line at all: else the error is ErrNothing or ErrLoopback. What is too much for one host is an error too.
func Read(text io.Reader) ([]Peer, error) {
	data, err := io.ReadAll(io.LimitReader(text, maxText+1))
	if err == nil && len(data) > maxText {
		err = fmt.Errorf("more than %d bytes", maxText)
	}
	if err != nil {
		return nil, err
	}
	r := reader{at: map[key]int{}, has: map[member]bool{}}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	switch {
	case r.loopback && len(r.peers) == 0:
		return nil, ErrLoopback
	case !r.comment && len(r.peers) == 0:
		return nil, ErrNothing
	}
	h := Host{Peers: r.peers}
	return r.peers, h.fits()
}

// reader is what has been read of a text.
type reader struct {
	peers      []Peer
	at         map[key]int     // in peers
	has        map[member]bool // what they have
	id, ifName string          // whose the next lines are
	comment    bool            // there was one
	loopback   bool            // a line of loopback was left out
}

// member is an address or a name, in lower case, of a peer.
type member struct {
	peer    int
	address netip.Addr
	name    string
}

func (r *reader) line(line string) error {
	if comment, ok := strings.CutPrefix(line, "#"); ok {
		r.comment = true
		r.id, r.ifName = whose(comment)
		return nil
	}
	line, _, _ = strings.Cut(line, "#")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return nil
	}
	addr, list, err := parseLine(fields)
	if err != nil {
		return err
	}
	if addr.IsLoopback() {
		r.loopback = true
		return nil
	}
	k := key{id: r.id, ifName: r.ifName}
	if r.id == "" {
		k.address = addr
	}
	i, known := r.at[k]
	if !known {
		i = len(r.peers)
		r.at[k] = i
		r.peers = append(r.peers, Peer{ID: r.id, IfName: r.ifName})
	}
	p := &r.peers[i]
	if m := (member{peer: i, address: addr}); !r.has[m] {
		r.has[m] = true
		p.Addresses = append(p.Addresses, addr)
	}
	for _, name := range list {
		if m := (member{peer: i, name: strings.ToLower(name.String())}); !r.has[m] {
			r.has[m] = true
			p.Names = append(p.Names, name)
		}
	}
	return nil
}

var (
	// ErrNothing is the error of Read for a text without a line: who has no container says so by a comment, as Write does.
	ErrNothing = errors.New("there is not a single line")
	// ErrLoopback is the error of Read for a text with lines of loopback only, as the hosts file of a machine has them.
	ErrLoopback = errors.New("all its lines are of loopback, which is every host's own")
)

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
