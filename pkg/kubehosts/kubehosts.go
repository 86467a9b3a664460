// Package kubehosts reads the hosts file that the kubelet keeps for a pod and mounts in its containers, for what nobody else
// knows: the FQDN of a pod with a subdomain, such as one of a StatefulSet, and the pod's hostAliases (k8s#67906).
//
// The pod's author has written the aliases, and containers may write the file: it is hostile input. Only a regular file of one
// name is read, only so much of it, and only what may stand in a hosts file is taken.
package kubehosts

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Bounds of what is read, in bytes, and of how many names are taken, each as often as it has a line.
const (
	maxFile  = 256 << 10
	maxNames = 1024
)

// aliasesHeading is the line after which the kubelet writes a pod's hostAliases (kubernetes, pkg/kubelet/kubelet_pods.go).
const aliasesHeading = "# Entries added by HostAliases."

// IsHosts reports whether a path is that of the kubelet's hosts file of a pod, <root>/pods/<UID>/etc-hosts.
func IsHosts(path string) bool {
	dir, file := filepath.Split(filepath.Clean(path))
	parts := strings.Split(strings.Trim(dir, "/"), "/")
	return filepath.IsAbs(path) && file == "etc-hosts" && len(parts) >= 3 && parts[len(parts)-2] == "pods"
}

// Line is an address with its names.
type Line struct {
	Address netip.Addr
	Names   []string
	Own     bool // the address is the pod's
}

// Read returns the lines that are to be taken from the file at path for a pod with the addresses, and what was left out and
// why. Of a pod's own address those count whose first name has a dot, of the aliases all.
func Read(path string, own []netip.Addr) (lines []Line, left []string, err error) {
	data, err := safefile.Read(path, maxFile+1)
	if err != nil {
		return nil, nil, err
	}
	text := string(data)
	if len(text) > maxFile {
		text = text[:strings.LastIndexByte(text[:maxFile], '\n')+1]
		left = append(left, fmt.Sprintf("what is behind the first %d bytes", maxFile))
	}
	lines, more := parse(text, own)
	return lines, append(left, more...), nil
}

// parse is Read of a text.
func parse(text string, own []netip.Addr) (lines []Line, left []string) {
	aliases, count := false, 0
	for text := range strings.Lines(text) {
		text = strings.TrimRight(text, "\r\n")
		if text == aliasesHeading {
			aliases = true
			continue
		}
		line, refused := parseLine(text)
		line.Own = slices.Contains(own, line.Address)
		if !aliases && (!line.Own || !dotted(line.Names)) {
			continue
		}
		left = append(left, refused...)
		if count += len(line.Names); count > maxNames {
			return lines, append(left, fmt.Sprintf("what is behind the first %d names", maxNames))
		}
		if len(line.Names) > 0 {
			lines = append(lines, line)
		}
	}
	return lines, left
}

// dotted reports whether the first of a line's names is a qualified one.
func dotted(list []string) bool { return len(list) > 0 && strings.Contains(list[0], ".") }

// parseLine returns what a line has, and the names that cannot be used.
func parseLine(text string) (line Line, refused []string) {
	etchosts.Names(text, func(addr netip.Addr, name string) {
		if addr.Zone() != "" {
			return
		}
		line.Address = addr.Unmap()
		name = strings.TrimRight(name, ".")
		parsed, err := names.Parse(name)
		switch {
		case err != nil:
			refused = append(refused, fmt.Sprintf("%.80q: %v", name, err))
		case !slices.Contains(line.Names, parsed.String()):
			line.Names = append(line.Names, strings.Clone(parsed.String()))
		}
	})
	return line, refused
}
