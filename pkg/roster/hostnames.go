package roster

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// Identity is what a container is called.
type Identity struct {
	Name       string
	Hostname   string
	Domainname string
}

// HostNames returns the names of a container on a network in the order of its hosts line, also those that cannot be
// looked up.
func HostNames(id Identity, network, domain, kubernetes string, aliases []string) []string {
	hostname, name := names.TrimDots(id.Hostname), names.TrimDots(id.Name)
	var list []string
	if id.Domainname != "" {
		list = append(list, names.Join(hostname, id.Domainname))
	}
	for _, n := range []string{hostname, name} {
		if n == "" {
			continue
		}
		list = append(list, n, n+"."+network)
		if kubernetes != "" && n == name {
			list = append(list, n+"."+kubernetes)
		}
	}
	if domain != "" {
		for _, n := range []string{hostname, name} {
			if n != "" {
				list = append(list, names.Join(n, domain))
			}
		}
	}
	return append(list, aliases...)
}

// ParseNames keeps the names that can be looked up, each once, and adds the others to refused.
func ParseNames(list []string, refused *[]hostsstore.Refusal) []string {
	return parse(list, names.Parse, refused)
}

// ParseGiven is ParseNames for extra hosts, which may have any name but those of the lines that every file begins with.
func ParseGiven(list []string, refused *[]hostsstore.Refusal) []string {
	return parse(list, func(n string) (names.Name, error) {
		if slices.Contains(loopbackNames, strings.ToLower(n)) {
			return names.Parse(n)
		}
		return names.ParseGiven(n)
	}, refused)
}

func parse(list []string, one func(string) (names.Name, error), refused *[]hostsstore.Refusal) []string {
	list = Unique(list)
	out := list[:0]
	for _, n := range list {
		name, err := one(n)
		if err != nil {
			*refused = append(*refused, refusal(n, err))
			continue
		}
		out = append(out, strings.Clone(name.String()))
	}
	return out
}

func refusal(name string, err error) hostsstore.Refusal {
	var unusable *names.UnusableError
	if errors.As(err, &unusable) {
		return hostsstore.Refusal{Name: name, Why: unusable.Reason}
	}
	return hostsstore.Refusal{Name: name, Why: err.Error()}
}

// NameOf returns what a container is called: its name, its hostname, or the beginning of its ID.
func NameOf(r *hostsstore.Record) string {
	return cmp.Or(names.TrimDots(r.Name), names.TrimDots(r.Hostname), names.ShortID(r.ID))
}
