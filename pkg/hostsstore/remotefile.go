package hostsstore

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/names"
)

// RemotePeer is an attachment of a container on another host, as that host has published it.
type RemotePeer struct {
	Host        string
	ID          string // of the container there; "" where only its lines are known
	IfName      string // "" with the ID
	Revision    int64  // of two peers with one name the lower one stands first; 0 for the first of all
	NetworkOnly bool   // it is listed in the hosts file of the network, and in no container's
}

// RemoteLine is a hosts(5) line of a peer.
type RemoteLine struct {
	Peer    *RemotePeer
	Address netip.Addr
	Text    string // with its newline, at most 511 bytes
}

// Names calls yield with each name of the line, until it returns false.
func (l *RemoteLine) Names(yield func(name string) bool) {
	_, rest, _ := strings.Cut(strings.TrimSuffix(l.Text, "\n"), " ")
	for rest != "" {
		name, more, _ := strings.Cut(rest, " ")
		if name != "" && !yield(name) {
			return
		}
		rest = more
	}
}

// RemoteHost is what one other host has on a network: a file of the store.
type RemoteHost struct {
	Host     string
	Revision int64 // of whoever wrote it, when it last changed; 0 where there is none
	Lines    []*RemoteLine

	Faulty int           // lines that are left out
	Faults []RemoteFault // the first of them
}

// RemoteFault is a line that is left out.
type RemoteFault struct {
	Line int // from 1
	Why  string
}

// The form of a file of names of another host: the header, then hosts(5) lines. A comment says whose the lines are that follow:
// "# <ID>/<ifname> <revision>", with "-" for an attachment of which only the lines are known, and " network" behind it where they are
// for the hosts file of the network alone.
const (
	remoteHeader      = "# etcfiles-remote 1 "
	remoteUnknown     = "-"
	remoteNetworkOnly = "network"

	maxRemote       = 10 << 20 // bytes of a file
	maxRemoteLine   = 511      // bytes of a line, newline included: what musl reads
	maxRemoteFaults = 8        // that are remembered
	maxIfName       = 15       // IFNAMSIZ of the kernel, without the final NUL
)

var errRemoteForm = errors.New("not a file of names of another host, such as etcfiles import writes")

// encode returns the content of the file.
func (h *RemoteHost) encode(bootID string) []byte {
	size := len(remoteHeader) + len(bootID) + 32
	for _, l := range h.Lines {
		size += len(l.Text) + len(l.Peer.ID) + 32
	}
	b := append(make([]byte, 0, size), remoteHeader...)
	b = append(append(b, bootID...), ' ')
	b = append(strconv.AppendInt(b, h.Revision, 10), '\n')
	var last *RemotePeer
	for _, l := range h.Lines {
		if last == nil || l.Peer != last && *l.Peer != *last {
			b = l.Peer.encode(b)
		}
		last = l.Peer
		b = append(b, l.Text...)
	}
	return b
}

func (p *RemotePeer) encode(b []byte) []byte {
	b = append(b, "# "...)
	if p.ID == "" {
		b = append(b, remoteUnknown...)
	} else {
		b = append(append(append(b, p.ID...), '/'), p.IfName...)
	}
	b = strconv.AppendInt(append(b, ' '), p.Revision, 10)
	if p.NetworkOnly {
		b = append(append(b, ' '), remoteNetworkOnly...)
	}
	return append(b, '\n')
}

// decodeRemote parses what the file of a host holds. Lines that make no sense are left out. The error is ErrRemoteOfAnotherBoot for a
// file of another boot, whatever it holds.
func decodeRemote(host, text, bootID string) (RemoteHost, error) {
	h := RemoteHost{Host: host}
	header, rest, whole := strings.Cut(text, "\n")
	header, ok := strings.CutPrefix(header, remoteHeader)
	boot, revision, _ := strings.Cut(header, " ")
	if !ok || !whole || boot == "" {
		return h, errRemoteForm
	}
	if boot != bootID {
		return h, ErrRemoteOfAnotherBoot
	}
	var err error
	if h.Revision, err = strconv.ParseInt(revision, 10, 64); err != nil || h.Revision < 0 {
		return h, errRemoteForm
	}
	lines := strings.Count(rest, "\n") + 1
	peers := make([]RemotePeer, 0, strings.Count(rest, "\n#")+2) // never grown: lines point into it
	peers = append(peers, RemotePeer{Host: host})
	peer := &peers[0]
	all := make([]RemoteLine, 0, lines) // nor is this
	h.Lines = make([]*RemoteLine, 0, lines)
	number := 1
	for line := range strings.Lines(rest) {
		number++
		if line[0] == '#' {
			p, err := decodeRemotePeer(line)
			if err != nil {
				h.fault(number, err)
				peer = nil // whose lines follow is not known
				continue
			}
			p.Host = host
			peers = append(peers, p)
			peer = &peers[len(peers)-1]
			continue
		}
		addr, err := remoteAddress(line)
		switch {
		case err != nil:
			h.fault(number, err)
		case peer == nil:
			h.fault(number, errors.New("whose line it is cannot be read above"))
		default:
			all = append(all, RemoteLine{peer, addr, line})
			h.Lines = append(h.Lines, &all[len(all)-1])
		}
	}
	return h, nil
}

func (h *RemoteHost) fault(line int, why error) {
	if h.Faulty++; len(h.Faults) < maxRemoteFaults {
		h.Faults = append(h.Faults, RemoteFault{line, why.Error()})
	}
}

func decodeRemotePeer(line string) (p RemotePeer, err error) {
	text, ok := strings.CutPrefix(line, "# ")
	text, whole := strings.CutSuffix(text, "\n")
	who, rest, _ := strings.Cut(text, " ")
	revision, only, has := strings.Cut(rest, " ")
	p.Revision, err = strconv.ParseInt(revision, 10, 64)
	if p.NetworkOnly = has; !ok || !whole || err != nil || p.Revision < 0 || has && only != remoteNetworkOnly {
		return p, errors.New("a comment that says of nobody whose the next lines are")
	}
	if who == remoteUnknown {
		return p, nil
	}
	p.ID, p.IfName, _ = strings.Cut(who, "/")
	if err := names.CheckElement(p.ID); err != nil {
		return p, fmt.Errorf("container ID: %w", err)
	}
	return p, CheckIfName(p.IfName)
}

// CheckIfName returns an error for what cannot be the name of an interface in the file of another host.
func CheckIfName(s string) error {
	if s == "" || len(s) > maxIfName || strings.Contains(s, "/") {
		return fmt.Errorf("%.20q is not the name of an interface", s)
	}
	return names.Check(s)
}

// remoteAddress returns the address of a line of a file, and why the line cannot stand in a hosts file.
func remoteAddress(line string) (netip.Addr, error) {
	text, whole := strings.CutSuffix(line, "\n")
	switch {
	case !whole:
		return netip.Addr{}, errors.New("it is cut before its end")
	case len(line) > maxRemoteLine:
		return netip.Addr{}, fmt.Errorf("it is longer than %d bytes", maxRemoteLine)
	}
	first, rest, _ := strings.Cut(text, " ")
	addr, err := netip.ParseAddr(first)
	if err != nil {
		return addr, fmt.Errorf("%.64q is not an IP address", first)
	}
	var usual [64]byte
	if addr.Is6() && string(addr.AppendTo(usual[:0])) != first { // whoever looks for the address in the text would not see it
		return addr, fmt.Errorf("%.64q is the address %s in another form", first, addr)
	}
	if err := CheckRemoteAddress(addr); err != nil {
		return addr, err
	}
	some := false
	for rest != "" {
		name, more, _ := strings.Cut(rest, " ")
		if rest = more; name == "" {
			continue
		}
		if _, err := names.Parse(name); err != nil {
			return addr, err
		}
		some = true
	}
	if !some {
		return addr, errors.New("it has no name")
	}
	return addr, nil
}

// CheckRemoteAddress returns an error for an address that another host's container cannot have: a loopback, link-local, multicast,
// unspecified or IPv4-mapped one, or one with a zone.
func CheckRemoteAddress(addr netip.Addr) error {
	if addr.Zone() != "" || addr.Is4In6() || !addr.IsGlobalUnicast() {
		return fmt.Errorf("no container of another host can have the address %s", addr)
	}
	return nil
}
