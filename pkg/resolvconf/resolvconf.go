// Package resolvconf makes a container's resolv.conf(5) out of what is configured and what the host has.
package resolvconf

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	maxNameservers = 3   // MAXNS of resolv.h: libc reads no more
	maxLine        = 254 // bytes without the newline: musl ignores a longer line whole
	maxWords       = 256 // search domains, and options: so that the file and the record stay small whatever the host's holds
)

// DNS is what one source sets; an empty field is unset.
type DNS struct {
	From        string // which source, for Result.Origins
	Nameservers []string
	Search      []string
	Options     []string
	Domain      string // stands for Search where that is unset
}

// Sources are looked through in the order of the fields; each of nameservers, search list and options comes from the
// first source that has something for it which can be used in the container.
type Sources struct {
	Explicit            []DNS    // kept as given, bad values refused
	Complete            int      // so many of Explicit are all there is, as for a pod: what they leave unset is none; 0 for no such
	Previous            []DNS    // of the plugins before: nameservers that cannot work in the container are dropped
	RootlessNameservers []string // of slirp4netns: stand in for the host's nameservers
	Host                Host
	Fallback            []string // used when no usable nameserver is left
	IPv4, IPv6          bool     // the container has a global address of the family; if of neither, none is known
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

// Resolve chooses the content. The error is a ValueError.
func Resolve(src Sources) (Result, error) {
	for _, explicit := range src.Explicit {
		if err := explicit.validate(); err != nil {
			return Result{}, err
		}
	}
	if err := validateNameservers("fallbackNameservers", src.Fallback); err != nil {
		return Result{}, err
	}
	explicit := make([]DNS, 0, len(src.Explicit))
	for _, d := range src.Explicit {
		explicit = append(explicit, d.set())
	}
	previous := make([]DNS, 0, len(src.Previous))
	for _, d := range src.Previous {
		previous = append(previous, d.set())
	}
	host := parse(src.Host.Data)
	host.From = "host " + src.Host.Path
	if src.Complete > 0 {
		explicit, previous, host, src.RootlessNameservers = explicit[:src.Complete:src.Complete], nil, DNS{}, nil
	}
	var r Result
	r.nameservers(&src, explicit, previous, host)
	r.search(explicit, previous, host)
	r.options(explicit, previous, host)
	r.Inherited = r.Inherited && src.Complete == 0
	if missing := src.Host.Missing; missing != nil && (r.Inherited || !errors.Is(missing, fs.ErrNotExist)) {
		r.warn("the host has no DNS settings to go by: %v", missing)
	}
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

func (r *Result) nameservers(src *Sources, explicit, previous []DNS, host DNS) {
	have := families{src.IPv4, src.IPv6}
	d, ok := first(explicit, func(d DNS) []string { return d.Nameservers })
	r.Nameservers = deduplicate(d.Nameservers)
	for i := 0; !ok && len(r.Nameservers) == 0 && i < len(previous); i++ {
		d = previous[i]
		r.Nameservers = reachable(d.Nameservers, have)
	}
	rootless := 0
	if len(r.Nameservers) == 0 {
		d, r.Inherited = host, true
		r.Nameservers = reachable(slices.Concat(src.RootlessNameservers, d.Nameservers), have)
		rootless = len(reachable(src.RootlessNameservers, have))
	}
	if len(r.Nameservers) == 0 {
		d.From = fromFallback
		r.Nameservers = ofFamilies(src.Fallback, have)
	}
	if len(r.Nameservers) == 0 {
		r.warn("no nameserver is known that the container could reach, so resolv.conf has none: set dns.nameservers or fallbackNameservers")
	}
	if len(r.Nameservers) > maxNameservers {
		r.warn("of %d nameservers the first %d are used: libc reads no more", len(r.Nameservers), maxNameservers)
		r.Nameservers = r.Nameservers[:maxNameservers]
	}
	rootless = min(rootless, len(r.Nameservers))
	r.originate("nameservers", r.Nameservers[:rootless], fromRootless)
	r.originate("nameservers", r.Nameservers[rootless:], d.From)
}

func (r *Result) originate(key string, values []string, from string) {
	for _, v := range values {
		r.Origins = append(r.Origins, Origin{key, v, from})
	}
}

func (r *Result) options(explicit, previous []DNS, host DNS) {
	d, ok := first(slices.Concat(explicit, previous), DNS.optionList)
	if !ok {
		d, r.Inherited = host, true
	}
	r.Options = r.bounded("options", d.optionList())
	r.originate("options", r.Options, d.From)
}

// optionList returns the options that can be written. Doubles stay: libc takes the last ndots of several.
func (d DNS) optionList() []string {
	return slices.DeleteFunc(slices.Clone(d.Options), func(s string) bool { return !word(s) || !fits("options", s) })
}

// bounded keeps the first maxWords.
func (r *Result) bounded(what string, list []string) []string {
	if len(list) > maxWords {
		r.warn("of %d %s the first %d are used", len(list), what, maxWords)
		list = list[:maxWords]
	}
	return list
}

func (r *Result) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// Sets reports whether any field is set.
func (d DNS) Sets() bool {
	d = d.set()
	return len(d.Nameservers)+len(d.Search)+len(d.Options)+len(d.Domain) > 0
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
		key     string
		list    []string
		domains bool
	}{{"dns.domain", []string{d.Domain}, true}, {"dns.search", d.Search, true}, {"dns.options", d.Options, false}} {
		for _, s := range field.list {
			if !word(s) {
				return refuse(field.key, strconv.Quote(s), "it holds a blank, a control character, '#' or ';'")
			}
			if domain := strings.Trim(s, "."); field.domains && domain != "" {
				if err := checkDomain(domain); err != nil {
					return refuse(field.key, fmt.Sprintf("%.80q", s), "%w", err)
				}
			}
		}
	}
	for _, s := range d.Options {
		if !fits("options", s) {
			return tooLong("dns.options", s)
		}
	}
	return nil
}

// Bytes renders the file: search, nameservers, options, each line with its keyword at column 0 and at most 254 bytes, except for
// the line of a long search list that musl is not to read.
func (r Result) Bytes() []byte {
	var b strings.Builder
	b.WriteString(searchLines(r.Search))
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
