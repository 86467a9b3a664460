package conflists

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const shipped = "../../conflists"

// needs says what a conflist needs that it does not bring itself.
var needs = map[string]struct {
	prepare      func(*host)
	capabilities [2]string // of the first and the second container
	families     int       // addresses of each container
}{
	"10-bridge.conflist":            {families: 1},
	"10-bridge-1.1.0.conflist":      {families: 1},
	"10-bridge-lean.conflist":       {families: 1},
	"10-bridge-lean-ports.conflist": {families: 1},
	"20-ptp.conflist":               {families: 1},
	"30-macvlan-dhcp.conflist":      {families: 1, prepare: lan},
	"40-dual-stack.conflist":        {families: 2},
	"60-routed.conflist":            {families: 1},
	"70-vxlan.conflist":             {families: 1},
	"50-static.conflist": {families: 1, capabilities: [2]string{
		`"ips":["10.231.50.2/24"]`, `"ips":["10.231.50.3/24"]`,
	}},
}

// TestShipped attaches two containers through each shipped conflist with the real plugins and cnitool: each has the
// other's addresses under its name, and nothing is left when they are gone.
// Only a DNS server gave names on a CNI network before: containernetworking/plugins#547.
func TestShipped(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shipped, "*.conflist"))
	if err != nil || len(files) != len(needs) {
		t.Fatalf("%d conflists are shipped and %d are tested: %v", len(files), len(needs), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { run(t, file) })
	}
}

func run(t *testing.T, file string) {
	need, ok := needs[filepath.Base(file)]
	if !ok {
		t.Fatalf("%s is shipped and not tested", file)
	}
	h := newHost(t)
	network := h.install(file)
	if need.prepare != nil {
		need.prepare(h)
	}
	names := [2]string{"web", "db"}
	var netns [2]string
	for i := range netns {
		netns[i] = newNetns(t, names[i])
		t.Cleanup(func() { _, _ = h.cni("del", network, netns[i], names[i], need.capabilities[i]) })
	}
	var addresses [2][]string
	for i := range netns {
		out, err := h.cni("add", network, netns[i], names[i], need.capabilities[i])
		if err != nil {
			t.Fatalf("cnitool add %s: %v\n%s", network, err, out)
		}
		addresses[i] = addressesOf(t, out)
		if len(addresses[i]) != need.families {
			t.Fatalf("%s has addresses %v, want %d", names[i], addresses[i], need.families)
		}
		// At once: a bridge without an address of its own changes its MAC with the next container, and its CHECK minds that.
		if out, err := h.cni("check", network, netns[i], names[i], need.capabilities[i]); err != nil {
			t.Errorf("cnitool check %s: %v\n%s", names[i], err, out)
		}
	}
	hosts := h.files("etchosts", "hosts")
	if len(hosts) != 2 {
		t.Fatalf("hosts files: %v", hosts)
	}
	for _, path := range append(hosts, h.files("networks", "hosts")...) {
		for i := range names {
			for _, address := range addresses[i] {
				expectEntry(t, path, address, names[i])
			}
		}
	}
	for _, name := range []string{"resolv.conf", "hostname"} {
		if got := h.files("containers", name); len(got) != 2 {
			t.Errorf("%s files: %v", name, got)
		}
	}
	for i := range netns {
		if out, err := h.cni("del", network, netns[i], names[i], need.capabilities[i]); err != nil {
			t.Fatalf("cnitool del %s: %v\n%s", network, err, out)
		}
		if i == 0 {
			data, _ := os.ReadFile(h.files("etchosts", "hosts")[0])
			if strings.Contains(string(data), names[0]) {
				t.Errorf("%s is gone and still listed:\n%s", names[0], data)
			}
		}
	}
	h.expectNothingLeft(addresses)
}

// install copies a conflist with the directories of this host and returns its network.
func (h *host) install(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	var list map[string]any
	if err := json.Unmarshal(data, &list); err != nil {
		h.t.Fatal(err)
	}
	plugins := list["plugins"].([]any)
	for _, p := range plugins {
		p := p.(map[string]any)
		if p["type"] == "etcfiles" {
			p["dataDir"] = h.dir + "/data"
		}
		if ipam, ok := p["ipam"].(map[string]any); ok {
			switch ipam["type"] {
			case "host-local":
				ipam["dataDir"] = h.dir + "/leases"
			case "dhcp":
				ipam["daemonSocketPath"] = h.dir + "/dhcp.sock"
			}
		}
	}
	if last := plugins[len(plugins)-1].(map[string]any); last["type"] != "etcfiles" {
		h.t.Fatalf("%s: etcfiles is not the last plugin", file)
	}
	data, err = json.Marshal(list)
	if err == nil {
		err = os.MkdirAll(h.dir+"/net.d", 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(h.dir, "net.d", filepath.Base(file)), data, 0o644)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return list["name"].(string)
}

// lan gives the host an interface eth0 to a network with a DHCP server in a network namespace of its own.
func lan(h *host) {
	server := newNetns(h.t, "dhcp")
	h.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "lan0", "netns", server)
	h.run("ip", "link", "set", "eth0", "up")
	in := func(args ...string) {
		h.t.Helper()
		other := *h
		other.netns = server
		other.run(args...)
	}
	in("ip", "addr", "add", "10.231.30.1/24", "dev", "lan0")
	in("ip", "link", "set", "lan0", "up")
	start(h.t, server, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=lan0",
		"--bind-interfaces", "--dhcp-range=10.231.30.50,10.231.30.99,255.255.255.0,1h", "--dhcp-authoritative", "--no-ping",
		"--dhcp-leasefile="+h.dir+"/dnsmasq.leases", "--pid-file="+h.dir+"/dnsmasq.pid", "--user=root")
	start(h.t, h.netns, filepath.Join(h.plugin, "dhcp"), "daemon", "-socketpath", h.dir+"/dhcp.sock",
		"-pidfile", h.dir+"/dhcp.pid", "-timeout", "20s")
	for range 100 {
		if _, err := os.Stat(h.dir + "/dhcp.sock"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.t.Fatal("the dhcp daemon does not listen")
}

func addressesOf(t *testing.T, result string) []string {
	t.Helper()
	var r struct {
		IPs []struct{ Address string }
	}
	if err := json.NewDecoder(strings.NewReader(result[strings.Index(result, "{"):])).Decode(&r); err != nil {
		t.Fatalf("result %q: %v", result, err)
	}
	var out []string
	for _, ip := range r.IPs {
		address, _, _ := strings.Cut(ip.Address, "/")
		out = append(out, address)
	}
	return out
}

// files lists the files with a name under a directory of the store.
func (h *host) files(dir, name string) []string {
	var out []string
	_ = filepath.WalkDir(filepath.Join(h.dir, "data", dir), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && (name == "" || d.Name() == name) {
			out = append(out, path)
		}
		return nil
	})
	return out
}

func expectEntry(t *testing.T, path, address, name string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		fields := strings.Fields(line)
		for _, f := range fields[min(1, len(fields)):] {
			if fields[0] == address && f == name {
				return
			}
		}
	}
	t.Errorf("%s has no entry %s for %s:\n%s", path, address, name, data)
}

func (h *host) expectNothingLeft(addresses [2][]string) {
	h.t.Helper()
	if left := h.files("", ""); len(left) > 0 {
		h.t.Errorf("files left in the data directory: %v", left)
	}
	leases, _ := filepath.Glob(h.dir + "/leases/*/*.*.*.*")
	leases6, _ := filepath.Glob(h.dir + "/leases/*/*:*:*")
	if left := append(leases, leases6...); len(left) > 0 {
		h.t.Errorf("address leases left: %v", left)
	}
	for _, list := range addresses {
		for _, address := range list {
			if rules := h.rules(address); len(rules) > 0 {
				h.t.Errorf("firewall rules left for %s:\n%s", address, strings.Join(rules, "\n"))
			}
		}
	}
	if links := h.run("ip", "-o", "link", "show", "type", "veth"); strings.Contains(links, "veth") {
		h.t.Errorf("links left: %s", links)
	}
}

// TestStaleRuleIsSeen shows that the search for rules finds one.
func TestStaleRuleIsSeen(t *testing.T) {
	h := newHost(t)
	h.run("iptables", "-A", "FORWARD", "-s", "10.231.10.7/32", "-j", "ACCEPT")
	if rules := h.rules("10.231.10.7"); len(rules) != 1 {
		t.Fatal(fmt.Sprint("rules found: ", rules))
	}
}
