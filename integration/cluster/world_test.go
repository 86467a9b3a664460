package cluster

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// patience is how long something may take that must come to be.
	patience = 40 * time.Second
	// ttl is that of the leases: etcd takes no shorter one than two seconds.
	ttl = 3 * time.Second
	// restarted is that of a service whose successor is to find its lease alive, also on a busy machine.
	restarted = "10s"
)

// world is a bridge with members of etcd and hosts on it.
type world struct {
	t       *testing.T
	dir     string
	wire    *namespace
	members []*member
	hosts   []*host
	server  string     // program of the members
	tls     *authority // nil for none
	token   int        // of the cluster
	ttl     string     // of the hosts' leases
}

// newWorld makes a world with as many members, which run, and hosts h1, h2 and so on, on which no service runs yet.
func newWorld(t *testing.T, members, hosts int, options ...func(*world)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), server: "etcd", ttl: ttl.String()}
	for _, o := range options {
		o(w)
	}
	w.wire = newNamespace(t, "for bridge in lan side; do ip link add $bridge type bridge; ip link set $bridge up; done")
	for i := range members {
		w.members = append(w.members, newMember(w, i+1))
	}
	for _, m := range w.members {
		m.start()
	}
	for i := range hosts {
		w.hosts = append(w.hosts, newHost(w, fmt.Sprintf("h%d", i+1), i+1))
	}
	w.ready()
	return w
}

// ready waits until the members have a leader.
func (w *world) ready() {
	w.t.Helper()
	w.eventually("etcd has a leader", func() bool {
		return w.members[0].ns.command(w.ctl("get", "x")...).Run() == nil
	})
}

// plug connects a namespace to the bridge.
func (w *world) plug(n *namespace, name, address string) {
	w.t.Helper()
	// The other namespace is named by its process, which the PID namespace of the bridge does not know.
	add := exec.Command("nsenter", "--net=/proc/"+strconv.Itoa(w.wire.holder)+"/ns/net", "ip", "link", "add", name, "type", "veth", "peer", "name", "lan0", "netns", strconv.Itoa(n.holder))
	if out, err := add.CombinedOutput(); err != nil {
		w.t.Fatalf("%v: %v\n%s", add.Args, err, out)
	}
	w.wire.run("ip", "link", "set", name, "master", "lan", "up")
	n.run("sh", "-ec", "ip addr add "+address+"/24 dev lan0; ip link set lan0 up")
}

// cut takes a name off the bridge, or puts it on again.
func (w *world) cut(name string, off bool) {
	w.t.Helper()
	w.wire.run("ip", "link", "set", name, map[bool]string{true: "down", false: "up"}[off])
}

// move puts names on a bridge: "lan", or "side", whence nothing reaches the former.
func (w *world) move(bridge string, names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.wire.run("ip", "link", "set", name, "master", bridge)
	}
}

// eventually waits until something is so.
func (w *world) eventually(what string, is func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("after %v it is not so that %s", patience, what)
		}
	}
}

// member is one of etcd.
type member struct {
	w       *world
	ns      *namespace
	name    string
	address string
	dir     string
	server  string   // program
	extra   []string // arguments
	process *process
}

func newMember(w *world, i int) *member {
	m := &member{w: w, server: w.server, name: fmt.Sprintf("m%d", i), address: fmt.Sprintf("10.231.250.%d", 10+i)}
	m.dir = filepath.Join(w.dir, m.name)
	m.ns = newNamespace(w.t, "")
	w.plug(m.ns, m.name, m.address)
	return m
}

func (w *world) scheme() string {
	if w.tls != nil {
		return "https"
	}
	return "http"
}

// client is the URL for clients.
func (m *member) client() string { return m.w.scheme() + "://" + m.address + ":2379" }

func (m *member) start() {
	m.w.t.Helper()
	var all []string
	for _, o := range m.w.members {
		all = append(all, o.name+"=http://"+o.address+":2380")
	}
	args := []string{
		m.server, "--name", m.name, "--data-dir", m.dir, "--listen-peer-urls", "http://" + m.address + ":2380", "--initial-advertise-peer-urls", "http://" + m.address + ":2380",
		"--listen-client-urls", m.client() + "," + m.w.scheme() + "://127.0.0.1:2379", "--advertise-client-urls", m.client(),
		"--initial-cluster", strings.Join(all, ","), "--initial-cluster-token", fmt.Sprint("t", m.w.token), "--log-level", "warn",
		"--unsafe-no-fsync", // no test cuts the power
	}
	if m.w.tls != nil {
		args = append(args, "--client-cert-auth", "--trusted-ca-file", m.w.tls.file("ca.crt"), "--cert-file", m.w.tls.file("etcd.crt"), "--key-file", m.w.tls.file("etcd.key"))
	}
	m.process = m.ns.start(append(args, m.extra...)...)
}

// kill is kill -9.
func (m *member) kill() { m.process.kill() }

// ctl returns a command of etcdctl, as root.
func (w *world) ctl(args ...string) []string {
	var endpoints []string
	for _, m := range w.members {
		endpoints = append(endpoints, m.client())
	}
	out := []string{"etcdctl", "--endpoints", strings.Join(endpoints, ","), "--command-timeout", "10s"}
	if w.tls != nil {
		out = append(out, "--cacert", w.tls.file("ca.crt"), "--cert", w.tls.file("root.crt"), "--key", w.tls.file("root.key"))
	}
	return append(out, args...)
}

// etcdctl runs etcdctl at a member that lives.
func (w *world) etcdctl(args ...string) string {
	w.t.Helper()
	return w.members[0].ns.run(w.ctl(args...)...)
}

// leader returns the member that leads.
func (w *world) leader() *member {
	w.t.Helper()
	for _, m := range w.members {
		var status []struct {
			Status struct {
				Header struct {
					ID uint64 `json:"member_id"`
				}
				Leader uint64
			}
		}
		out, err := m.ns.command("etcdctl", "--endpoints", m.client(), "endpoint", "status", "-w", "json").Output()
		if err == nil && json.Unmarshal(out, &status) == nil && len(status) == 1 && status[0].Status.Leader == status[0].Status.Header.ID {
			return m
		}
	}
	w.t.Fatal("no member leads")
	return nil
}

// keys returns the keys of etcd with a prefix, and the revisions at which they were written last.
func (w *world) keys(prefix string) map[string]int64 {
	w.t.Helper()
	var answer struct {
		Kvs []struct {
			Key      []byte
			Revision int64 `json:"mod_revision"`
		}
	}
	if err := json.Unmarshal([]byte(w.etcdctl("get", "--prefix", prefix, "-w", "json")), &answer); err != nil {
		w.t.Fatal(err)
	}
	out := map[string]int64{}
	for _, kv := range answer.Kvs {
		out[string(kv.Key)] = kv.Revision
	}
	return out
}

// write writes a file of the world.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
