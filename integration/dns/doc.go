// Package dns runs the configurations of DNS servers in conflists/dns, as they are, with a real dnsmasq and a real CoreDNS.
//
// It needs root, for namespaces, and Debian's dnsmasq-base and busybox-static.
package dns
