package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/iprange"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// Peer is an attachment of another host as far as it can be believed: it cannot hold a bad name, nor one name twice.
type Peer struct {
	ID, IfName string
	Addresses  []netip.Addr
	Names      []names.Name
}

// errValue is the error for a value that says nothing.
var errValue = errors.New("malformed value")

// Left is something of an attachment that is left out.
type Left struct {
	Why  Why // Malformed or Qualified
	What string
}

// DecodePeer returns what an attachment's value says of it, and what of it is left out. The network's own names, and
// those without a dot, are believed; any other only if qualified is true: a host that may say "db" on a network is not to say what
// "example.com" is. Of a value of which nothing is left nothing is returned but why.
func DecodePeer(n Network, k Key, value []byte, qualified bool) (*Peer, []Left) {
	var v peerValue
	if err := decode(value, &v); err != nil {
		return nil, []Left{{Malformed, err.Error()}}
	}
	p := &Peer{ID: k.ID, IfName: k.IfName}
	var left []Left
	if len(v.Names) > MaxNames || len(v.Addresses) > MaxAddresses {
		left = append(left, Left{Malformed, fmt.Sprintf("what is beyond %d names and %d addresses", MaxNames, MaxAddresses)})
	}
	seen := map[string]bool{}
	for _, s := range v.Names[:min(len(v.Names), MaxNames)] {
		name, why := n.name(s, qualified)
		switch lower := strings.ToLower(s); {
		case why != nil:
			left = append(left, *why)
		case !seen[lower]:
			seen[lower] = true
			p.Names = append(p.Names, name)
		}
	}
	for _, s := range v.Addresses[:min(len(v.Addresses), MaxAddresses)] {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			left = append(left, Left{Malformed, fmt.Sprintf("%.80q is not an address", s)})
			continue
		}
		addr, why := reachable(addr)
		switch {
		case why != nil:
			left = append(left, *why)
		case !slices.Contains(p.Addresses, addr):
			p.Addresses = append(p.Addresses, addr)
		}
	}
	if len(p.Names) == 0 || len(p.Addresses) == 0 {
		if len(left) == 0 {
			left = []Left{{Malformed, errValue.Error() + ": no name, or no address"}}
		}
		return nil, left
	}
	return p, left
}

// name returns a name that readers believe, or why they do not.
func (n Network) name(s string, qualified bool) (names.Name, *Left) {
	name, err := names.Parse(s)
	if err != nil {
		return name, &Left{Malformed, err.Error()}
	}
	if !qualified && strings.Contains(s, ".") && !strings.HasSuffix(strings.ToLower(s), "."+strings.ToLower(n.Name)) {
		return name, &Left{Qualified, fmt.Sprintf("name %q does not end in .%s: set allowQualified on all hosts of the network if they are to share it", s, n.Name)}
	}
	return name, nil
}

// reachable returns an address that readers believe, or why they do not.
func reachable(addr netip.Addr) (netip.Addr, *Left) {
	if addr = addr.Unmap(); addr.Zone() != "" || !addr.IsGlobalUnicast() {
		return addr, &Left{Malformed, fmt.Sprintf("%v is not an address of a host that others can reach", addr)}
	}
	return addr, nil
}

// DecodeRecord returns what a host says of itself.
func DecodeRecord(value []byte) (Record, error) {
	var v recordValue
	if err := decode(value, &v); err != nil {
		return Record{}, err
	}
	ranges, err := decodeRanges(v.Ranges)
	if err != nil {
		return Record{}, err
	}
	if v.Machine == "" {
		return Record{}, fmt.Errorf("%w: it names no machine", errValue)
	}
	return Record{v.Machine, v.Boot, v.Instance, ranges, v.Program}, nil
}

// DecodeRanges returns what the administrator grants to a host.
func DecodeRanges(value []byte) ([]iprange.Range, error) {
	var list []string
	if err := decode(value, &list); err != nil {
		return nil, err
	}
	return decodeRanges(list)
}

func decodeRanges(list []string) ([]iprange.Range, error) {
	if len(list) > MaxRanges {
		return nil, fmt.Errorf("%w: %d ranges, more than %d", errValue, len(list), MaxRanges)
	}
	ranges, err := iprange.ParseAll(list)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errValue, err)
	}
	return ranges, nil
}

// decode reads a small JSON value. encoding/json bounds its depth.
func decode(value []byte, into any) error {
	if len(value) > MaxValue {
		return fmt.Errorf("%w: %d bytes, more than %d", errValue, len(value), MaxValue)
	}
	if err := json.Unmarshal(value, into); err != nil {
		return fmt.Errorf("%w: %w", errValue, err)
	}
	return nil
}
