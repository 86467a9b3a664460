package conflist

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Reference plugins that may stand behind etcfiles: they change no address and no name.
var harmless = []string{"portmap", "firewall", "bandwidth", "tuning", "sbr", "vrf"}

// Reference plugins that make an interface, and give no address but by ipam.
var interfaces = []string{"bridge", "ptp", "macvlan", "ipvlan", "vlan", "host-device", "dummy", "tap", "loopback"}

// single reports whether the file configures one plugin instead of a list.
func (l *look) single() bool { return l.list.get("plugins") == nil && l.list.get("type") != nil }

// chain looks at the plugins and their order.
func (l *look) chain() {
	list := l.list.get("plugins")
	dir, pieces := appended(l.File, l.list)
	if l.prefix != "" { // libcni does not read it from a file
		pieces = nil
	}
	switch {
	case l.single():
		l.one()
		return
	case list == nil && len(pieces) == 0:
		l.wrong(l.list, l.prefix+"plugins", "it is missing: want a list of plugins")
		return
	case list != nil && len(list.items) == 0:
		l.wrong(list, l.prefix+"plugins", "want a list with at least one plugin")
		return
	}
	if ext := filepath.Ext(l.File); l.prefix == "" && slices.Contains(singleExtensions, ext) {
		l.wrong(l.list, "", "runtimes read lists of plugins from files whose names end with .conflist, not %s: rename it", ext)
	}
	for i, item := range list.list() {
		l.plugin(item, fmt.Sprintf("%splugins[%d]", l.prefix, i))
	}
	for _, p := range pieces {
		l.plugin(p.node, "")
	}
	if len(pieces) > 0 {
		l.note(pieces[0].node, "", "it is read from %s by runtimes with libcni 1.3 and newer, behind the plugins of %s", dir, l.File)
	}
	if list == nil {
		list = l.list
	}
	l.ourPlace(list)
}

// one looks at the configuration of one plugin.
func (l *look) one() {
	p := l.plugin(l.list, "")
	switch {
	case p == nil || l.delegated(p) || slices.Contains(delegating, p.name):
	default:
		l.wrong(l.list, "plugins", "%s", l.alone())
	}
}

// alone says what becomes of a configuration of one plugin.
func (l *look) alone() string {
	if a := agentOf(l.File, l.items()); a != nil {
		return fmt.Sprintf("it is missing: this configures one plugin, and %s: %s", a, a.Template)
	}
	return fmt.Sprintf("it is missing: this configures one plugin, and etcfiles works in a chain only: `etcfiles config --add %s` makes a conflist of it", l.File)
}

// newPlugin reads what kind of plugin a value is.
func newPlugin(item *node, key string) *plugin {
	p := &plugin{node: item, key: key}
	p.name, _ = item.get("type").text()
	p.ipam, _ = item.get("ipam").get("type").text()
	return p
}

// plugin looks at an element of the list, nil if that is none.
func (l *look) plugin(item *node, key string) *plugin {
	p := newPlugin(item, key)
	if p.name == "" {
		l.wrong(item, p.at("type"), "it is missing: want the name of a plugin's program")
		return nil
	}
	p.position = len(l.plugins)
	l.plugins = append(l.plugins, p)
	l.bridge(p)
	l.injected(p)
	p.ranges = l.ranges(p)
	return p
}

// at returns a key of the plugin with those above it.
func (p *plugin) at(key string) string {
	if p.key == "" {
		return key
	}
	return p.key + "." + key
}

// ourPlace looks for etcfiles among the plugins.
func (l *look) ourPlace(list *node) {
	var ours []*plugin
	delegated := false
	for _, p := range l.plugins {
		if p.name == pluginType {
			ours = append(ours, p)
		}
		delegated = l.delegated(p) || delegated
	}
	switch {
	case len(ours) > 0:
	case delegated || l.prefix != "": // whoever delegates to it says so
		return
	default:
		l.wrong(list, l.prefix+"plugins", "there is no plugin of type %q: put it last, as `etcfiles config --add %s` does", pluginType, l.File)
		return
	}
	l.ours = ours[0]
	for _, again := range ours[1:] {
		l.wrong(again.node, again.key, "%s stands in %s already: take one out", pluginType, l.place(l.ours, again))
	}
	l.addressGiver()
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

// place says where a plugin stands for somebody who looks at another.
func (l *look) place(p, from *plugin) string {
	switch {
	case p.file != from.file:
		return fmt.Sprintf("line %d of %s", p.line, l.File)
	case p.line == from.line:
		return p.key
	}
	return fmt.Sprintf("line %d", p.line)
}

// addressGiver looks for who gives the address that etcfiles is to list.
func (l *look) addressGiver() {
	var unknown *plugin
	for _, p := range l.plugins[:l.ours.position] {
		switch {
		case p.ipam != "" && p.name != pluginType:
			return
		case !slices.Contains(harmless, p.name) && !slices.Contains(interfaces, p.name) && p.name != pluginType:
			unknown = p
		}
	}
	switch {
	case l.ours.position == 0:
		l.wrong(l.ours.node, l.ours.key, "it is first, and gets no prevResult: put it after the plugins that make the interface and give the address")
	case unknown != nil:
		l.note(unknown.node, unknown.key, "%s has no ipam here: it has to give the address by itself, as the plugins of flannel, Cilium, kube-ovn and OVN-Kubernetes do", unknown.name)
	default:
		l.wrong(l.ours.node, l.ours.key, "no plugin before it has an ipam, so nothing gives the container an address that could be listed")
	}
}

// bridge looks at what the bridge plugin takes when nothing is said.
func (l *look) bridge(p *plugin) {
	if name, _ := p.get("bridge").text(); p.name == "bridge" && name == "" {
		l.note(p.node, p.at("bridge"), "it is not given, so this is %s, the bridge of every network that names none", defaultBridge)
	}
}

// injected looks at what libcni puts into the configuration of a plugin itself, and leaves there where it has nothing to put in.
func (l *look) injected(p *plugin) {
	say := l.note
	if p.name == pluginType {
		say = l.wrong
	}
	if n := p.get("runtimeConfig"); n != nil {
		say(n, p.at("runtimeConfig"), "libcni puts in here what the runtime gives for one container, by the capabilities; what the file has would be every container's: take it out")
	}
	if n := p.get("prevResult"); n != nil {
		say(n, p.at("prevResult"), "libcni puts the result of the plugins before in here: take it out")
	}
	if n := p.get("args"); n != nil && p.name == pluginType {
		l.note(n, p.at("args"), "etcfiles takes nothing from it: its own keys stand beside it")
	}
}

// binaries looks for the programs.
func (l *look) binaries() {
	for _, p := range l.plugins {
		l.binary(p.get("type"), p.at("type"), p.name)
		if p.ipam != "" {
			l.binary(p.get("ipam").get("type"), p.at("ipam.type"), p.ipam)
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
	l.wrong(at, key, "there is no program %q in %s: install it, or name its directory with %s", name, strings.Join(l.BinDirs, ":"), cmp.Or(l.BinKey, "--bin-dir"))
}
