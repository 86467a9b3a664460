package conflist

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/etcfiles/etcfiles/pkg/iprange"
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

// Ranges returns the addresses that host-local gives out by the conflist, those of all plugins in it. The error is an *IPAMError where another IPAM plugin
// gives addresses out, or what host-local has cannot be understood.
func Ranges(path string) ([]iprange.Range, error) {
	text, err := safefile.ReadLinked(path, maxConflist)
	if err != nil {
		return nil, err
	}
	l := &look{Report: &Report{File: path}}
	l.list, err = decode(text)
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		return nil, &IPAMError{path, syntax.line, "conflist", "it is not JSON: " + syntax.Error()}
	}
	if err != nil {
		return nil, err
	}
	var out []iprange.Range
	plugins := l.list.get("plugins")
	if plugins == nil {
		return nil, &IPAMError{path, l.list.line, "plugins", "it is missing: want a list of plugins"}
	}
	for i, item := range plugins.items {
		p := newPlugin(item, fmt.Sprintf("plugins[%d]", i))
		ipam := p.get("ipam")
		if ipam == nil {
			continue
		}
		if p.ipam != hostLocal {
			at := cmp.Or(ipam.get("type"), ipam)
			return nil, &IPAMError{path, at.line, p.at("ipam.type"), fmt.Sprintf("%q does not say here which addresses this machine alone gives out", p.ipam)}
		}
		for _, r := range l.ranges(p) {
			out = append(out, r.claim())
		}
		if len(l.Faults) > 0 {
			f := l.Faults[0]
			return nil, &IPAMError{path, f.Line, f.Key, f.Message}
		}
	}
	if len(out) == 0 {
		return nil, &IPAMError{path, plugins.line, "plugins", "no plugin has an ipam that says which addresses this machine gives out"}
	}
	return out, nil
}
