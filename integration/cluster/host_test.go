package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
)

// object is a JSON object.
type object = map[string]any

// host is a machine with a store and a service.
type host struct {
	w       *world
	ns      *namespace
	name    string
	number  int
	dir     string
	service *process
	config  object // of the service
	network object // of its only network
	ranges  string // of its conflist
	extra   object // keys of the plugin in it
}

// newHost makes a host whose containers have addresses of 10.231.NUMBER.0/24.
func newHost(w *world, name string, number int) *host {
	h := &host{w: w, name: name, number: number, dir: filepath.Join(w.dir, name), ranges: fmt.Sprintf("10.231.%d.0/24", number)}
	write(w.t, h.path("machine-id"), fmt.Sprintf("%032x\n", number))
	write(w.t, h.path("boot-id"), fmt.Sprintf("00000000-0000-4000-8000-%012x\n", number))
	h.ns = newNamespace(w.t, `mount --bind "$1/machine-id" /etc/machine-id; mount --bind "$1/boot-id" /proc/sys/kernel/random/boot_id`, h.dir)
	w.plug(h.ns, name, fmt.Sprintf("10.231.250.%d", 100+number))
	h.network = object{"network": "lab", "within": "10.231.0.0/16"}
	h.config = object{"host": name, "ttl": w.ttl, "dataDir": h.path("data"), "confDir": h.path("net.d"), "insecure": true}
	return h
}

func (h *host) path(elem ...string) string { return filepath.Join(append([]string{h.dir}, elem...)...) }

// configure writes the configuration of the service and the conflist.
func (h *host) configure() {
	h.w.t.Helper()
	var endpoints []string
	for _, m := range h.w.members {
		endpoints = append(endpoints, m.client())
	}
	c := object{"endpoints": endpoints, "networks": []any{h.network}}
	maps.Copy(c, h.config)
	if h.w.tls != nil {
		delete(c, "insecure")
		maps.Copy(c, object{"ca": h.w.tls.file("ca.crt"), "cert": h.w.tls.file(h.name + ".crt"), "key": h.w.tls.file(h.name + ".key")})
	}
	text, err := json.Marshal(c)
	if err != nil {
		h.w.t.Fatal(err)
	}
	write(h.w.t, h.path("etcd.json"), string(text))
	write(h.w.t, h.path("net.d/lab.conflist"), fmt.Sprintf(`{"cniVersion":"1.0.0","name":"lab","plugins":[{"type":"bridge","ipam":{"type":"host-local","subnet":%q}},{"type":"etcfiles"}]}`, h.ranges))
}

// admin returns a command of etcfiles-etcd.
func (h *host) admin(args ...string) []string {
	return append([]string{"etcfiles-etcd", "--config", h.path("etcd.json"), "--run-dir", h.path("run")}, args...)
}

// serve starts the service.
func (h *host) serve() {
	h.w.t.Helper()
	h.configure()
	h.service = h.ns.start(h.admin("run")...)
}

// call calls the plugin for a container, whose number on this host is the last byte of its address.
func (h *host) call(command, id string, number int) {
	h.w.t.Helper()
	netns := "/run/netns/" + id
	result, err := plugin.Result("1.1.0", "eth0", netns, fmt.Sprintf("10.231.%d.%d/24", h.number, number))
	if err != nil {
		h.w.t.Fatal(err)
	}
	c := plugin.Call{
		Binary: filepath.Join(programs, "etcfiles"), Prefix: append([]string{"nsenter"}, h.ns.prefix()...), Command: command, ID: id, Netns: netns, IfName: "eth0",
		Stdin: plugin.Config{Version: "1.1.0", Network: "lab", DataDir: h.path("data"), Result: result, Extra: h.extra}.Bytes(),
	}
	if err := c.SucceedSilently(); err != nil {
		h.w.t.Fatal(err)
	}
}

// add starts a container.
func (h *host) add(id string, number int) {
	h.w.t.Helper()
	h.ns.run("ip", "netns", "add", id)
	h.call("ADD", id, number)
}

// del ends a container.
func (h *host) del(id string, number int) {
	h.w.t.Helper()
	h.call("DEL", id, number)
	h.ns.run("ip", "netns", "del", id)
}

// hosts returns the path of a container's hosts file.
func (h *host) hosts(id string) string { return h.path("data/etchosts/default", id, "hosts") }

// networkHosts returns the path of the network's.
func (h *host) networkHosts() string { return h.path("data/networks/default/lab/hosts") }

// entries returns the addresses of each name in a hosts file, but those of loopback.
func entries(path string) map[string][]string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return parse(string(text))
}

func parse(text string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) > 1 && !strings.HasPrefix(line, "127.") && !strings.HasPrefix(line, "::1") {
			for _, name := range f[1:] {
				out[name] = append(out[name], f[0])
			}
		}
	}
	return out
}

// names returns the short names in a hosts file, sorted.
func names(path string) string {
	var out []string
	for name := range entries(path) {
		if !strings.Contains(name, ".") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// sees waits until a container has exactly these short names in its hosts file.
func (h *host) sees(id, want string) {
	h.w.t.Helper()
	h.w.eventually(fmt.Sprintf("%s on %s sees %s", id, h.name, want), func() bool { return names(h.hosts(id)) == want })
}

// status returns what status says, and its exit code.
func (h *host) status() (*agent.Status, int) {
	h.w.t.Helper()
	cmd := h.ns.command(h.admin("status", "-o", "json")...)
	out, err := cmd.Output()
	var s agent.Status
	if err2 := json.Unmarshal(out, &s); err2 != nil {
		h.w.t.Fatalf("status: %v, %v\n%s", err, err2, out)
	}
	return &s, cmd.ProcessState.ExitCode()
}

// well waits until status has the exit code 0.
func (h *host) well() {
	h.w.t.Helper()
	h.w.eventually(h.name+" is well", func() bool {
		_, code := h.status()
		return code == 0
	})
}

// says waits until status has the exit code 1 and a refusal or fault with the words.
func (h *host) says(words string) {
	h.w.t.Helper()
	var last string
	h.w.eventually(fmt.Sprintf("status of %s says %q", h.name, words), func() bool {
		out, err := h.ns.command(h.admin("status")...).CombinedOutput()
		last = string(out)
		var exit *exec.ExitError
		return errors.As(err, &exit) && exit.ExitCode() == 1 && strings.Contains(last, words)
	})
}
