package request

import (
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/names"
)

// maxGiven is how many bytes of what was given are kept: a name that is longer than 253 is left out of every file, and the
// record, which says so, holds it several times.
const maxGiven = 256

// Shorten cuts what is too long to be a name.
func (r *Add) Shorten() {
	given := []*string{&r.Name, &r.Domainname, &r.Domain, &r.Kubernetes}
	if r.Otherwise != nil {
		otherwise := *r.Otherwise
		r.Otherwise = &otherwise
		given = append(given, &otherwise.Name)
	}
	for _, s := range given {
		*s = shortened(*s)
	}
	r.Aliases = slices.Clone(r.Aliases)
	for i := range r.Aliases {
		r.Aliases[i] = shortened(r.Aliases[i])
	}
	r.ExtraHosts = slices.Clone(r.ExtraHosts)
	for i := range r.ExtraHosts {
		r.ExtraHosts[i].Name = shortened(r.ExtraHosts[i].Name)
	}
	r.Origins = slices.Clone(r.Origins)
	for i := range r.Origins {
		r.Origins[i].Value = shortened(r.Origins[i].Value)
	}
}

func shortened(s string) string {
	if len(s) <= maxGiven {
		return s
	}
	if s = names.TrimDots(s); len(s) > maxGiven {
		s = strings.ToValidUTF8(s[:maxGiven], "")
	}
	return s
}
