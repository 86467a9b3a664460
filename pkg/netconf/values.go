package netconf

import (
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// Values returns an error for each value that only a request looks at, and that every ADD would be refused for. They are request.KeyErrors.
func (c *Conf) Values() []error {
	var errs []error
	for _, text := range c.ExtraHosts {
		if _, err := request.ParseExtraHost(text); err != nil {
			errs = append(errs, err)
		}
	}
	if err := names.Check(c.Domain); err != nil {
		errs = append(errs, request.Refuse("domain", "%w", err))
	}
	try := func(dns resolvconf.Sources) {
		if _, err := (&request.Add{DNS: dns}).Resolve(); err != nil {
			errs = append(errs, err)
		}
	}
	explicit := func(d resolvconf.DNS) { try(resolvconf.Sources{Explicit: []resolvconf.DNS{d}}) }
	for _, value := range c.DNSSettings.nameservers {
		explicit(resolvconf.DNS{Nameservers: []string{value}})
	}
	for _, value := range c.DNSSettings.search {
		explicit(resolvconf.DNS{Search: []string{value}})
	}
	for _, value := range c.DNSSettings.options {
		explicit(resolvconf.DNS{Options: []string{value}})
	}
	explicit(resolvconf.DNS{Domain: c.DNSSettings.domain})
	for _, value := range c.FallbackNameservers {
		try(resolvconf.Sources{Fallback: []string{value}})
	}
	return errs
}
