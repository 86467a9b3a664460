package conflist

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Reference plugins that may stand behind etcfiles: they change no address and no name.
var harmless = []string{"portmap", "firewall", "bandwidth", "tuning", "sbr", "vrf"}

// Reference plugins that make an interface.
var interfaces = []string{"bridge", "ptp", "macvlan", "ipvlan", "vlan", "host-device", "dummy", "tap", "loopback"}

// chain looks at the order of the plugins. It returns false where there is nothing more to look at.
func (l *look) chain() bool {
	list := l.list.get("plugins")
	switch {
	case list == nil && l.list.get("type") != nil:
		l.wrong(l.list, "plugins", "it is missing: this configures one plugin, and etcfiles works in a chain only: put it into a conflist")
		return false
	case list == nil:
		l.wrong(l.list, "plugins", "it is missing: want a list of plugins")
		return false
	case len(list.items) == 0:
		l.wrong(list, "plugins", "want a list with at least one plugin")
		return false
	}
	for i, item := range list.items {
		p := &plugin{node: item, key: fmt.Sprintf("plugins[%d]", i), position: i}
		var ok bool
		if p.name, ok = item.get("type").text(); !ok || p.name == "" {
			l.wrong(item, p.key+".type", "it is missing: want the name of a plugin's program")
			continue
		}
		p.ipam, _ = item.get("ipam").get("type").text()
		l.plugins = append(l.plugins, p)
		l.bridge(p)
	}
	l.ourPlace(list)
	return l.ours != nil
}

// ourPlace looks for etcfiles among the plugins.
func (l *look) ourPlace(list *node) {
	var ours []*plugin
	for _, p := range l.plugins {
		if p.name == pluginType {
			ours = append(ours, p)
		}
	}
	if len(ours) == 0 {
		l.wrong(list, "plugins", "there is no plugin of type %q: put it last", pluginType)
		return
	}
	l.ours = ours[0]
	for _, again := range ours[1:] {
		l.wrong(again.node, again.key, "%s stands in line %d already: take one out", pluginType, l.ours.line)
	}
	before := slices.ContainsFunc(l.plugins, func(p *plugin) bool { return p.position < l.ours.position && p.ipam != "" })
	switch {
	case l.ours.position == 0:
		l.wrong(l.ours.node, l.ours.key, "it is first, and gets no prevResult: put it after the plugins that make the interface and give the address")
	case !before:
		l.wrong(l.ours.node, l.ours.key, "no plugin before it has an ipam, so nothing gives the container an address that could be listed")
	}
	for _, p := range l.plugins {
		switch {
		case p.position <= l.ours.position || p.name == pluginType || slices.Contains(harmless, p.name):
		case givesAddresses(p.node):
			l.wrong(p.node, p.key, "%s gives addresses behind etcfiles, which does not see them: put etcfiles last", p.name)
		default:
			l.note(p.node, p.key, "%s stands behind etcfiles: if it changes addresses, put etcfiles last", p.name)
		}
	}
}

// bridge looks at what the bridge plugin takes when nothing is said.
func (l *look) bridge(p *plugin) {
	if name, _ := p.get("bridge").text(); p.name == "bridge" && name == "" {
		l.note(p.node, p.key+".bridge", "it is not given, so this is cni0, the bridge of every network that names none")
	}
}

// binaries looks for the programs.
func (l *look) binaries() {
	for _, p := range l.plugins {
		l.binary(p.get("type"), p.key+".type", p.name)
		if p.ipam != "" {
			l.binary(p.get("ipam").get("type"), p.key+".ipam.type", p.ipam)
		}
	}
}

func (l *look) binary(at *node, key, name string) {
	if strings.ContainsRune(name, '/') {
		l.wrong(at, key, "%q is no name of a program", name)
		return
	}
	for _, dir := range l.BinDirs {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		switch {
		case err != nil || info.IsDir():
		case unix.Access(path, unix.X_OK) != nil:
			l.wrong(at, key, "%s is not executable", path)
			return
		default:
			return
		}
	}
	l.wrong(at, key, "there is no program %q in %s: install it, or name its directory with --bin-dir", name, strings.Join(l.BinDirs, ":"))
}

// sameNetwork finds another file with the network: a runtime takes one of them.
func (l *look) sameNetwork() {
	if l.Network == "" || l.ConfDir == "" {
		return
	}
	self, _ := os.Stat(l.File)
	for _, path := range files(l.ConfDir) {
		if info, err := os.Stat(path); err == nil && !os.SameFile(info, self) && nameOf(path) == l.Network {
			l.wrong(l.list.get("name"), "name", "%s is a network %s too, and a runtime takes one of them: rename one", path, l.Network)
		}
	}
}

// files returns the configurations in a directory that libcni reads, sorted.
func files(dir string) []string {
	var list []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if slices.Contains([]string{".conf", ".conflist", ".json"}, filepath.Ext(e.Name())) {
			list = append(list, filepath.Join(dir, e.Name()))
		}
	}
	return list
}

// Find returns the file in a directory that has the network, "" if none has.
func Find(dir, network string) string {
	for _, path := range files(dir) {
		if nameOf(path) == network {
			return path
		}
	}
	return ""
}

// nameOf returns the name in a configuration, "" for what is none.
func nameOf(path string) string {
	name, _ := readNode(path).get("name").text()
	return name
}

// readNode returns what a file of JSON holds, a value without keys for what is none.
func readNode(path string) *node {
	if text, err := safefile.ReadLinked(path, maxConflist); err == nil {
		if n, err := decode(text); err == nil {
			return n
		}
	}
	return &node{}
}
