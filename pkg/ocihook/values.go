package ocihook

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/names"
)

// CheckValue returns what is wrong with one value of an annotation, of the list where it is one. The error is a
// names.UnusableError for a name that the container starts with all the same, and that nobody can look up. What only a
// conflist can tell it leaves to Hook.CheckAnnotations.
func CheckValue(annotation, value string) error {
	check := map[string]func(string) error{
		AnnotationNetworks:   names.CheckElement,
		AnnotationName:       usableName,
		AnnotationHostname:   names.CheckHostname,
		AnnotationDomainname: names.CheckHostname, // the kernel has the same limit for it, see setdomainname(2)
		AnnotationAliases:    usableName,
		AnnotationExtraHosts: checkExtraHost,
		AnnotationIP:         checkAddress,
		AnnotationMAC:        checkMAC,
		AnnotationNetns:      checkPath,
		AnnotationDNS:        checkServer,
		AnnotationDNSSearch:  checkDomain,
		AnnotationDNSOptions: names.Check,
	}[annotation]
	if check == nil {
		return nil
	}
	return check(value)
}

func usableName(s string) error {
	_, err := names.Parse(s)
	return err
}

func notAddress(s string) error {
	return fmt.Errorf("%q is not an IP address, such as 10.4.10.77 or fd00::77", s)
}

func checkExtraHost(s string) error {
	name, address, _ := strings.Cut(s, ":")
	if name == "" || address == "" {
		return fmt.Errorf("%q: want name:ip or name:host-gateway", s)
	}
	if err := names.Check(name); err != nil || address == "host-gateway" {
		return err
	}
	if inner, ok := strings.CutPrefix(address, "["); ok && strings.HasSuffix(inner, "]") {
		address = strings.TrimSuffix(inner, "]")
	}
	if addr, err := netip.ParseAddr(address); err != nil || addr.Zone() != "" {
		return notAddress(address)
	}
	return nil
}

// ofNetwork returns what follows the network that a value may begin with.
func ofNetwork(s string) string {
	if _, value, ok := strings.Cut(s, "="); ok {
		return strings.TrimSpace(value)
	}
	return s
}

func checkAddress(s string) error {
	s = ofNetwork(s)
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		return nil
	}
	if _, err := netip.ParsePrefix(s); err != nil {
		return notAddress(s)
	}
	return nil
}

func checkMAC(s string) error {
	if mac, err := net.ParseMAC(ofNetwork(s)); err != nil || len(mac) != 6 {
		return fmt.Errorf("%q is not a hardware address, such as 02:00:00:00:00:07", ofNetwork(s))
	}
	return nil
}

func checkPath(s string) error {
	if !filepath.IsAbs(s) {
		return fmt.Errorf("%q is not an absolute path", s)
	}
	return nil
}

func checkServer(s string) error {
	if _, err := netip.ParseAddr(s); err != nil {
		return notAddress(s)
	}
	return nil
}

// checkDomain takes a search domain, or the dot that stands for none at all.
func checkDomain(s string) error {
	if err := names.Check(s); err != nil || s == "." {
		return err
	}
	for label := range strings.SplitSeq(names.TrimDots(s), ".") {
		if label == "" || len(label) > 63 {
			return fmt.Errorf("%q is not a domain: each of its labels has 1 to 63 bytes", s)
		}
	}
	return nil
}
