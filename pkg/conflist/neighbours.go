package conflist

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// defaultBridge is the one of the bridge plugin.
const defaultBridge = "cni0"

// neighbour is another configuration in the directory.
type neighbour struct {
	*look
	path string
}

// neighbours looks at what the network has in common with the others of the directory.
func (l *look) neighbours() {
	if l.ConfDir == "" {
		return
	}
	self, _ := os.Stat(l.File)
	var before, behind *neighbour // that have an agent
	for _, path := range Files(l.ConfDir) {
		if info, err := os.Stat(path); err != nil || os.SameFile(info, self) || filepath.Base(path) == filepath.Base(l.File) {
			continue
		}
		n := neighbourAt(path)
		l.sameName(n)
		if n.Network != l.Network {
			l.sameLink(n)
		}
		switch {
		case agentOf(path, n.items()) == nil:
		case filepath.Base(path) < filepath.Base(l.File):
			before = n
		default:
			behind = cmp.Or(behind, n)
		}
	}
	if before == nil && behind != nil && l.ours != nil && agentOf(l.File, l.items()) == nil {
		l.wrong(l.list, "", "its name sorts before %s, and a runtime of Kubernetes takes the first: pods would no longer be on %s's network. "+
			"Name it %s", filepath.Base(behind.path), agentOf(behind.path, behind.items()).Name, behindOf(l.File, behind.path))
	}
}

// behindOf returns a name for a file that sorts behind another.
func behindOf(file, other string) string {
	name := "99-" + strings.TrimLeft(filepath.Base(file), "0123456789-")
	if name <= filepath.Base(other) {
		name = "zz-" + name
	}
	return name
}

// neighbourAt reads another configuration, as far as it can be; what is wrong with it is said where it is looked at itself.
func neighbourAt(path string) *neighbour {
	n := &neighbour{&look{Report: &Report{File: path}, list: readNode(path)}, path}
	n.read()
	return n
}

// read takes the name and the plugins of a configuration, those that libcni appends too.
func (n *neighbour) read() {
	n.Network, _ = n.list.get("name").text()
	if n.single() {
		n.plugin(n.list, "")
	}
	for i, item := range n.list.get("plugins").list() {
		n.plugin(item, fmt.Sprintf("plugins[%d]", i))
	}
	_, pieces := appended(n.path, n.list)
	for _, p := range pieces {
		n.plugin(p.node, "")
	}
}

// items returns the plugins as values.
func (l *look) items() []*node {
	var list []*node
	for _, p := range l.plugins {
		list = append(list, p.node)
	}
	return list
}

// sameName finds another file with the network: a runtime takes one of them.
func (l *look) sameName(n *neighbour) {
	if l.Network != "" && n.Network == l.Network && l.prefix == "" {
		l.wrong(cmp.Or(l.list.get("name"), l.list), "name", "%s is a network %s too, and a runtime takes one of them: rename one", n.path, l.Network)
	}
}

// sameLink finds a bridge or another link that both networks use, and addresses that both give: each has its own list of those that are taken.
func (l *look) sameLink(n *neighbour) {
	for _, p := range l.plugins {
		for _, other := range n.plugins {
			link, theirs := linkOf(p), linkOf(other)
			if link == nil || theirs == nil {
				continue
			}
			same := *link == *theirs
			if !same && (!link.routed || !theirs.routed) { // of two networks that never meet
				continue
			}
			if l.sameAddresses(p, other, n, same) || !same || link.kind != "bridge" {
				continue
			}
			l.note(cmp.Or(p.get("bridge"), p.node), p.at("bridge"), "network %s in %s has the bridge %s too: containers of both are on one segment", n.Network, n.path, link.name)
		}
	}
}

// sameAddresses finds ranges that two networks have in common, and says so; same is for networks on one link, where the subnet may be the same.
func (l *look) sameAddresses(p, other *plugin, n *neighbour, same bool) bool {
	found := false
	for i := range p.ranges {
		for j := range other.ranges {
			r, theirs := &p.ranges[i], &other.ranges[j]
			switch {
			case r.gives.Overlaps(theirs.gives):
				l.wrong(r.at, r.key, "%s overlaps with %s of network %s in %s: two containers would get one address. Give each network its own subnet", r, theirs, n.Network, n.path)
			case !same && r.subnet.Overlaps(theirs.subnet):
				l.wrong(r.at, r.key, "%s overlaps with %s of network %s in %s, and the host has one route only: give each network its own subnet", r, theirs, n.Network, n.path)
			default:
				continue
			}
			found = true
		}
	}
	return found
}

// link is what a plugin connects containers to.
type link struct {
	kind, name string
	routed     bool // by the host: a subnet is of one such network only
}

// linkOf returns what a reference plugin connects containers to, nil for what is not known.
func linkOf(p *plugin) *link {
	text := func(key string) string {
		s, _ := p.get(key).text()
		return s
	}
	switch p.name {
	case "bridge":
		name := cmp.Or(text("bridge"), defaultBridge)
		if vlan := p.get("vlan"); vlan != nil && string(vlan.raw) != "0" {
			return &link{kind: "bridge", name: name + "." + string(vlan.raw)}
		}
		return &link{kind: "bridge", name: name, routed: true}
	case "ptp":
		return &link{kind: "ptp", routed: true}
	case "macvlan", "ipvlan":
		return &link{kind: "master", name: text("master")}
	}
	return nil
}

// Files returns the paths of the configurations in a directory that libcni reads, sorted; none for a directory that cannot be read.
func Files(dir string) []string { return filesOf(dir, ".conf", ".conflist", ".json") }

// filesOf returns the files in a directory with one of the extensions, sorted, as libcni's ConfFiles does. That comes with all that starts plugins, and would
// make the plugin larger by a sixth.
func filesOf(dir string, extensions ...string) []string {
	var list []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !e.IsDir() && slices.Contains(extensions, filepath.Ext(e.Name())) {
			list = append(list, filepath.Join(dir, e.Name()))
		}
	}
	return list
}

// Find returns the file in a directory that has the network, "" if none has.
func Find(dir, network string) string {
	for _, path := range Files(dir) {
		if name, _ := readNode(path).get("name").text(); name == network {
			return path
		}
	}
	return ""
}

// Networks returns the names of the networks in a directory, in the order of its files.
func Networks(dir string) []string {
	var names []string
	for _, path := range Files(dir) {
		if name, _ := readNode(path).get("name").text(); name != "" {
			names = append(names, name)
		}
	}
	return names
}
