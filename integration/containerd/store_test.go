package containerd

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Files of the store that are delivered into pods, see the README for their places.
func (p *pod) hosts() string { return p.read(dataDir + "/etchosts/k8s.io/" + p.id + "/hosts") }

func (p *pod) resolvConf() string {
	return p.read(dataDir + "/containers/k8s.io/" + p.id + "/resolv.conf")
}

func (p *pod) hostname() string { return p.read(dataDir + "/containers/k8s.io/" + p.id + "/hostname") }

// lookup returns the addresses of a name in a hosts file, as hosts(5) is read.
func lookup(hosts, name string) []string {
	var addresses []string
	for line := range strings.Lines(hosts) {
		line, _, _ = strings.Cut(line, "#")
		if fields := strings.Fields(line); len(fields) > 1 && slices.Contains(fields[1:], name) {
			addresses = append(addresses, fields[0])
		}
	}
	return addresses
}

// expectName fails the test unless the pod's hosts file has exactly the addresses for the name.
func (p *pod) expectName(name string, addresses ...string) {
	p.t.Helper()
	if got := lookup(p.hosts(), name); !slices.Equal(got, addresses) {
		p.t.Errorf("pod %s: %s has the addresses %v, want %v:\n%s", p.config.Metadata.Name, name, got, addresses, p.hosts())
	}
}

// storeFiles lists the files below a directory of the node.
func (n *node) files(dir string) []string {
	var out []string
	root := n.path(dir)
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			out = append(out, strings.TrimPrefix(path, root))
		}
		return nil
	})
	return out
}

// ofAContainer matches the rules and chains that bridge, portmap and firewall make for one container.
var ofAContainer = regexp.MustCompile(`10\.231\.10\.[0-9]+/32|-N CNI-(DN-)?[0-9a-f]+\b|id: `)

// leftovers lists what there is of containers on the node apart from containerd's own: files of the store, address leases,
// CNI's cache, network namespaces, interfaces and firewall rules.
func (n *node) leftovers() []string {
	n.t.Helper()
	var left []string
	for _, file := range n.files(dataDir) {
		left = append(left, "store: "+file)
	}
	for _, file := range n.files("/var/lib/cni/networks") {
		if !slices.Contains([]string{"lock", "last_reserved_ip.0"}, filepath.Base(file)) {
			left = append(left, "lease: "+file)
		}
	}
	for _, dir := range []string{"/var/lib/cni/results", "/run/netns", "/run/etcfiles"} {
		for _, file := range n.files(dir) {
			left = append(left, dir+file)
		}
	}
	for line := range strings.Lines(n.run("ip", "-o", "link", "show", "type", "veth")) {
		left = append(left, "link: "+line)
	}
	for _, program := range []string{"iptables", "ip6tables"} {
		for _, table := range []string{"filter", "nat"} {
			for line := range strings.Lines(n.run(program, "-t", table, "-S")) {
				if ofAContainer.MatchString(line) {
					left = append(left, program+": "+strings.TrimSpace(line))
				}
			}
		}
	}
	return left
}

func (n *node) expectNothingLeft() {
	n.t.Helper()
	if left := n.leftovers(); len(left) > 0 {
		n.t.Errorf("left over:\n%s", strings.Join(left, "\n"))
	}
}
