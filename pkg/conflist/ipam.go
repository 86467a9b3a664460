package conflist

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// IPAMError is the error for a conflist that does not say which addresses this machine gives out.
type IPAMError struct {
	File string
	Line int    // from 1
	Key  string // with the keys above it
	Why  string
}

func (e *IPAMError) Error() string { return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Key, e.Why) }

// hostLocal is the IPAM plugin whose configuration says which addresses it gives out,
// https://www.cni.dev/plugins/current/ipam/host-local/.
const hostLocal = "host-local"

// ipamRange is a range of host-local.
type ipamRange struct{ Subnet, RangeStart, RangeEnd string }

// Ranges returns the addresses that host-local gives out by the conflist, those of all plugins in it. The error is an *IPAMError where another IPAM plugin
// gives addresses out, or what host-local has cannot be understood.
func Ranges(path string) ([]cluster.Range, error) {
	text, err := safefile.ReadLinked(path, maxConflist)
	if err != nil {
		return nil, err
	}
	root, err := decode(text)
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		return nil, &IPAMError{path, syntax.line, "conflist", "it is not JSON: " + syntax.Error()}
	}
	if err != nil {
		return nil, err
	}
	var out []cluster.Range
	plugins := root.get("plugins")
	if plugins == nil {
		return nil, &IPAMError{path, root.line, "plugins", "it is missing: want a list of plugins"}
	}
	for i, plugin := range plugins.items {
		ipam := plugin.get("ipam")
		if ipam == nil {
			continue
		}
		key := fmt.Sprintf("plugins[%d].ipam", i)
		kind, _ := ipam.get("type").text()
		if kind != hostLocal {
			at := cmp.Or(ipam.get("type"), ipam)
			return nil, &IPAMError{path, at.line, key + ".type", fmt.Sprintf("%q does not say here which addresses this machine alone gives out", kind)}
		}
		ranges, err := hostLocalRanges(ipam)
		if err != nil {
			return nil, &IPAMError{path, ipam.line, key, err.Error()}
		}
		out = append(out, ranges...)
	}
	if len(out) == 0 {
		return nil, &IPAMError{path, plugins.line, "plugins", "no plugin has an ipam that says which addresses this machine gives out"}
	}
	return out, nil
}

// hostLocalRanges returns the ranges in a configuration of host-local, which may have one of its own beside the list.
func hostLocalRanges(ipam *node) ([]cluster.Range, error) {
	var have struct {
		ipamRange
		Ranges [][]ipamRange
	}
	if err := json.Unmarshal(ipam.raw, &have); err != nil {
		return nil, err
	}
	sets := have.Ranges
	if have.Subnet != "" {
		sets = append(sets, []ipamRange{have.ipamRange})
	}
	var out []cluster.Range
	for _, set := range sets {
		for _, r := range set {
			prefix, err := netip.ParsePrefix(r.Subnet)
			if err != nil {
				return nil, fmt.Errorf("subnet: %w", err)
			}
			whole := cluster.OfPrefix(prefix)
			first, last := whole.First, whole.Last
			for _, limit := range []struct {
				text string
				addr *netip.Addr
			}{{r.RangeStart, &first}, {r.RangeEnd, &last}} {
				if limit.text == "" {
					continue
				}
				if *limit.addr, err = netip.ParseAddr(limit.text); err != nil || !whole.Contains(*limit.addr) {
					return nil, fmt.Errorf("%q is not an address of %v", limit.text, prefix)
				}
			}
			between, err := cluster.Between(first, last)
			if err != nil {
				return nil, err
			}
			out = append(out, between)
		}
	}
	return out, nil
}
