package resolvconf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	maxDomain = 253 // bytes of a name of the DNS without its final dot, RFC 1035 section 2.3.4
	maxLabel  = 63
)

var (
	errEmptyLabel = errors.New("it has an empty label, between two dots")
	errAborts     = errors.New("after those before it, it is so long that programs with glibc would abort")
)

func longerThan(what string, most int) error {
	return fmt.Errorf("%s is longer than %d bytes", what, most)
}

// checkDomain returns why a search domain, without dots at its ends, is no name of the DNS. One such domain is enough, and musl
// looks up nothing at all.
func checkDomain(domain string) error {
	if len(domain) > maxDomain {
		return longerThan("it", maxDomain)
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" {
			return errEmptyLabel
		}
		if len(label) > maxLabel {
			return longerThan("a label", maxLabel)
		}
	}
	return nil
}

// searchList returns what a source has for the search list, nil if that is unset.
func (d DNS) searchList() []string {
	if len(d.Search) > 0 {
		return d.Search
	}
	if d.Domain != "" {
		return []string{d.Domain}
	}
	return nil
}

// What the state of glibc's resolver has room for, in resolv.h and resolv/resolv_conf.c.
const (
	stateDomains = 6   // MAXDNSRCH
	stateBytes   = 256 // of the array defdname, for the domains with a null byte each
	stateChecked = 56  // of the array dnsrch of pointers, which the check of what was cut off takes for that of defdname
)

// aborts reports whether programs with glibc (2.26 and later) abort at a search domain behind n others that take so many bytes
// of its state: if it is the first without room there, and they are short, glibc takes what it has itself cut off for a
// modification ("resolv_conf_matches (resp, conf)").
func aborts(n, bytes int, domain string) bool {
	return n < stateDomains && bytes+len(domain)+1 > stateBytes && bytes <= stateChecked
}

// domains returns the domains of the search list that can be written, each once, and a warning of those that cannot. Of "." and
// ".." nothing is left: musl 1.2.3 cannot take a ".".
func (d DNS) domains() (list []string, warning string) {
	var bad []string
	var why error
	seen, bytes := map[string]bool{}, 0
	for _, given := range d.searchList() {
		domain := strings.Trim(given, ".")
		if domain == "" || !word(domain) || seen[domain] {
			continue
		}
		seen[domain] = true
		err := checkDomain(domain)
		if err == nil && aborts(len(list), bytes, domain) {
			err = errAborts
		}
		if err != nil {
			if bad = append(bad, given); why == nil {
				why = err
			}
			continue
		}
		list, bytes = append(list, domain), bytes+len(domain)+1
	}
	if len(bad) > 0 {
		warning = fmt.Sprintf("search domain %.80q of %s is left out: %v", bad[0], d.From, why)
		if n := len(bad) - 1; n > 0 {
			warning += fmt.Sprintf(", and %d more", n)
		}
	}
	return list, warning
}

func (r *Result) search(explicit, previous []DNS, host DNS) {
	d, ok := first(explicit, DNS.searchList)
	var warning string
	if ok {
		r.Search, warning = d.domains() // which may be none, of ".": that is what was asked for
	} else {
		for i := 0; len(r.Search) == 0 && i < len(previous); i++ {
			d = previous[i]
			r.Search, warning = d.domains()
		}
		if len(r.Search) == 0 {
			d, r.Inherited = host, true
			r.Search, warning = d.domains()
		}
	}
	if warning != "" {
		r.warn("%s", warning)
	}
	r.Search = r.bounded("search domains", r.Search)
	r.originate("search", r.Search, d.From)
}

// searchLines renders the search list. One that is too long for a line of musl stands there twice: what fits, for musl, and the
// whole, which musl skips and which counts for glibc and Go, being the last.
func searchLines(domains []string) string {
	if len(domains) == 0 {
		return ""
	}
	whole := "search " + strings.Join(domains, " ")
	if len(whole) <= maxLine {
		return whole + "\n"
	}
	short := "search"
	for _, domain := range slices.DeleteFunc(slices.Clone(domains), func(s string) bool { return !fits("search", s) }) {
		if len(short)+1+len(domain) > maxLine {
			break
		}
		short += " " + domain
	}
	if short == "search" {
		return whole + "\n"
	}
	return short + "\n" + whole + "\n"
}
