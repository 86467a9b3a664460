// Package resolvconf makes a container's resolv.conf(5) out of what is configured and what the host has.
package resolvconf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
)

const (
	maxNameservers = 3   // MAXNS of resolv.h: libc reads no more
	maxLine        = 254 // bytes without the newline: musl ignores a longer line whole
)

// ErrRefused is the error for a value that was given explicitly and cannot be written.
var ErrRefused = errors.New("refused")

// DNS is what one source sets; an empty field is unset.
type DNS struct {
	From        string // which source, for Result.Origins
	Nameservers []string
	Search      []string
	Options     []string
	Domain      string // stands for Search where that is unset
}

// Sources are looked through in the order of the fields; each of nameservers, search list and options comes from the
// first source that sets it.
type Sources struct {
	Explicit            []DNS    // kept as given, bad values refused
	Previous            DNS      // of the plugins before: nameservers that cannot work in the container are dropped
	RootlessNameservers []string // of slirp4netns: stand in for the host's nameservers
	Host                []byte   // content of the host's file, nil for none
	HostPath            string   // of the host's file
	Fallback            []string // used when no usable nameserver is left
	IPv6                bool     // the container has a global IPv6 address
}

// Result is the content of a resolv.conf.
type Result struct {
	Nameservers, Search, Options []string
	Warnings                     []string
	Inherited                    bool // a field was left to the host, even if the host had nothing for it
	Origins                      []Origin
}

// Origin is where a value of a Result came from.
type Origin struct {
	Key   string // nameservers, search or options
	Value string
	From  string // a DNS.From, "host PATH", "rootlesskit" or "conflist fallbackNameservers"
}

const (
	fromRootless = "rootlesskit"
	fromFallback = "conflist fallbackNameservers"
)

// Resolve chooses the content. The error wraps ErrRefused and names the key and the value.
func Resolve(src Sources) (Result, error) {
	for _, explicit := range src.Explicit {
		if err := explicit.validate(); err != nil {
			return Result{}, err
		}
	}
	if err := validateNameservers("fallbackNameservers", src.Fallback); err != nil {
		return Result{}, err
	}
	var r Result
	host := parse(src.Host)
	host.From = "host " + src.HostPath
	explicit := make([]DNS, 0, len(src.Explicit)+1)
	for _, d := range src.Explicit {
		explicit = append(explicit, d.set())
	}
	previous := src.Previous.set()
	given := append(explicit, previous)
	r.nameservers(&src, explicit, previous, host)
	r.search(given, host)
	r.options(given, host)
	return r, nil
}

// first returns the first of the sources of which field is set, and false if it is set in none.
func first(sources []DNS, field func(DNS) []string) (DNS, bool) {
	i := slices.IndexFunc(sources, func(d DNS) bool { return len(field(d)) > 0 })
	if i < 0 {
		return DNS{}, false
	}
	return sources[i], true
}

func (r *Result) nameservers(src *Sources, explicit []DNS, previous, host DNS) {
	from := ""
	switch d, ok := first(explicit, func(d DNS) []string { return d.Nameservers }); {
	case ok:
		r.Nameservers, from = deduplicate(d.Nameservers), d.From
	case len(previous.Nameservers) > 0:
		r.Nameservers, from = reachable(previous.Nameservers, src.IPv6), previous.From
	default:
		r.Nameservers, from = reachable(slices.Concat(src.RootlessNameservers, host.Nameservers), src.IPv6), host.From
		r.Inherited = true
	}
	rootless := 0
	if r.Inherited {
		rootless = len(reachable(src.RootlessNameservers, src.IPv6))
	}
	if len(r.Nameservers) == 0 {
		r.Nameservers, from = deduplicate(src.Fallback), fromFallback
	}
	if len(r.Nameservers) == 0 {
		r.warn("no nameserver of the host can be reached from the container, so resolv.conf has none: set dns.nameservers or fallbackNameservers")
	}
	if len(r.Nameservers) > maxNameservers {
		r.warn("of %d nameservers the first %d are used: libc reads no more", len(r.Nameservers), maxNameservers)
		r.Nameservers = r.Nameservers[:maxNameservers]
	}
	rootless = min(rootless, len(r.Nameservers))
	r.originate("nameservers", r.Nameservers[:rootless], fromRootless)
	r.originate("nameservers", r.Nameservers[rootless:], from)
}

func (r *Result) originate(key string, values []string, from string) {
	for _, v := range values {
		r.Origins = append(r.Origins, Origin{key, v, from})
	}
}

func (r *Result) search(given []DNS, host DNS) {
	d, ok := first(given, DNS.searchList)
	if !ok {
		d, r.Inherited = host, true
	}
	width := len("search")
	for _, domain := range d.searchList() {
		domain = strings.TrimRight(domain, ".") // of ".." too nothing is left: musl 1.2.3 cannot take a "."
		if domain == "" || !word(domain) || slices.Contains(r.Search, domain) {
			continue
		}
		if width += 1 + len(domain); width > maxLine {
			r.warn("search domains from %.64q on are left out: the line would be longer than %d bytes", domain, maxLine)
			break
		}
		r.Search = append(r.Search, domain)
	}
	r.originate("search", r.Search, d.From)
}

func (d DNS) searchList() []string {
	if len(d.Search) > 0 {
		return d.Search
	}
	if d.Domain != "" {
		return []string{d.Domain}
	}
	return nil
}

func (r *Result) options(given []DNS, host DNS) {
	d, ok := first(given, func(d DNS) []string { return d.Options })
	if !ok {
		d, r.Inherited = host, true
	}
	for _, option := range d.Options {
		if word(option) && fits("options", option) { // doubles stay: libc takes the last ndots of several
			r.Options = append(r.Options, option)
		}
	}
	r.originate("options", r.Options, d.From)
}

func (r *Result) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// set returns d without the empty values, so that a list of nothing else is unset.
func (d DNS) set() DNS {
	for _, list := range []*[]string{&d.Nameservers, &d.Search, &d.Options} {
		*list = slices.DeleteFunc(slices.Clone(*list), func(s string) bool { return s == "" })
	}
	return d
}

// fits reports whether libc reads a line of keyword and value.
func fits(keyword, value string) bool { return len(keyword)+1+len(value) <= maxLine }

// reachable keeps the inherited nameservers that work in a network namespace of its own.
func reachable(list []string, ipv6 bool) []string {
	var out []string
	for _, s := range list {
		addr, err := netip.ParseAddr(s)
		if err != nil || !word(addr.Zone()) || !fits("nameserver", addr.String()) { // a zone may be anything, newlines too
			continue
		}
		addr = addr.Unmap()
		if addr.IsLoopback() || addr.IsUnspecified() || addr.IsLinkLocalUnicast() || addr.IsMulticast() || (addr.Is6() && !ipv6) {
			continue
		}
		out = append(out, addr.String())
	}
	return deduplicate(out)
}

func deduplicate(list []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range list {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// word reports whether s can stand as one word of a line.
func word(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r == '#' || r == ';' || unicode.IsControl(r) || unicode.IsSpace(r)
	})
}

func (d DNS) validate() error {
	if err := validateNameservers("dns.nameservers", d.Nameservers); err != nil {
		return err
	}
	for _, field := range []struct {
		key  string
		list []string
	}{{"dns.domain", []string{d.Domain}}, {"dns.search", d.Search}, {"dns.options", d.Options}} {
		for _, s := range field.list {
			if !word(s) {
				return fmt.Errorf("%s: %q: %w: it holds a blank, a control character, '#' or ';'", field.key, s, ErrRefused)
			}
		}
	}
	for _, s := range d.Options {
		if !fits("options", s) {
			return fmt.Errorf("dns.options: %.20q…: %w: it is too long for a line of %d bytes", s, ErrRefused, maxLine)
		}
	}
	return nil
}

func validateNameservers(key string, list []string) error {
	for _, s := range list {
		if s == "" {
			continue
		}
		if addr, err := netip.ParseAddr(s); err != nil || !word(addr.Zone()) {
			return fmt.Errorf("%s: %q: %w: it is no IP address", key, s, ErrRefused)
		}
		if !fits("nameserver", s) {
			return fmt.Errorf("%s: %.20q…: %w: it is too long for a line of %d bytes", key, s, ErrRefused, maxLine)
		}
	}
	return nil
}

// Nameservers returns the nameservers in a resolv.conf(5), those that are addresses.
func Nameservers(data []byte) []string { return parse(data).Nameservers }

// Bytes renders the file: search, nameservers, options, each line with its keyword at column 0 and at most 254 bytes.
func (r Result) Bytes() []byte {
	var b strings.Builder
	if len(r.Search) > 0 {
		b.WriteString("search " + strings.Join(r.Search, " ") + "\n")
	}
	for _, s := range r.Nameservers {
		b.WriteString("nameserver " + s + "\n")
	}
	width := 0
	for _, option := range r.Options {
		if width > 0 && width+1+len(option) > maxLine {
			b.WriteByte('\n')
			width = 0
		}
		if width == 0 {
			b.WriteString("options")
			width = len("options")
		}
		b.WriteString(" " + option)
		width += 1 + len(option)
	}
	if width > 0 {
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
