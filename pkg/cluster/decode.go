package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

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

// DecodePeer returns what an attachment's value says of it, and what of it is left out and why. The network's own names, and
// those without a dot, are believed; any other only if qualified is true: a host that may say "db" on a network is not to say what
// "example.com" is. The error is for a value of which nothing is left.
func DecodePeer(n Network, k Key, value []byte, qualified bool) (Peer, []string, error) {
	var v peerValue
	if err := decode(value, &v); err != nil {
		return Peer{}, nil, err
	}
	p := Peer{ID: k.ID, IfName: k.IfName}
	var left []string
	if len(v.Names) > MaxNames || len(v.Addresses) > MaxAddresses {
		left = append(left, fmt.Sprintf("what is beyond %d names and %d addresses", MaxNames, MaxAddresses))
	}
	seen := map[string]bool{}
	for _, s := range v.Names[:min(len(v.Names), MaxNames)] {
		name, err := names.Parse(s)
		switch lower := strings.ToLower(s); {
		case err != nil:
			left = append(left, err.Error())
		case !qualified && strings.Contains(s, ".") && !strings.HasSuffix(lower, "."+strings.ToLower(n.Name)):
			left = append(left, fmt.Sprintf("name %q does not end in .%s, and allowQualified is not set", s, n.Name))
		case seen[lower]:
		default:
			seen[lower] = true
			p.Names = append(p.Names, name)
		}
	}
	for _, s := range v.Addresses[:min(len(v.Addresses), MaxAddresses)] {
		addr, err := netip.ParseAddr(s)
		switch addr = addr.Unmap(); {
		case err != nil:
			left = append(left, fmt.Sprintf("%.80q is not an address", s))
		case addr.Zone() != "" || !addr.IsGlobalUnicast():
			left = append(left, fmt.Sprintf("%v is not an address of a host that others can reach", addr))
		case !slices.Contains(p.Addresses, addr):
			p.Addresses = append(p.Addresses, addr)
		}
	}
	if len(p.Names) == 0 || len(p.Addresses) == 0 {
		return Peer{}, nil, fmt.Errorf("%w: no usable name with a usable address%s", errValue, because(left))
	}
	return p, left, nil
}

func because(left []string) string {
	if len(left) == 0 {
		return ""
	}
	return ": " + left[0]
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
	return Record{v.Machine, v.Boot, ranges, v.Program}, nil
}

// DecodeRanges returns what the administrator grants to a host.
func DecodeRanges(value []byte) ([]Range, error) {
	var list []string
	if err := decode(value, &list); err != nil {
		return nil, err
	}
	return decodeRanges(list)
}

func decodeRanges(list []string) ([]Range, error) {
	if len(list) > MaxRanges {
		return nil, fmt.Errorf("%w: %d ranges, more than %d", errValue, len(list), MaxRanges)
	}
	ranges, err := ParseRanges(list)
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
