package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// several is the page that is to be read by whoever begins.
const several = repository + "/plugins/etcd/etcfiles-etcd/README.md"

// machine is a machine on which somebody follows the page: a namespace with an /etc, an /opt and a /var/lib of its own. In place of packages, systemd and ssh there
// are programs of the test that do what the page is about.
type machine struct {
	*host
	other *machine
}

func newMachine(w *world, name string, number int) *machine {
	h := newHost(w, name, number)
	m := &machine{host: h}
	h.ns.run("sh", "-ec", `
		mkdir "$1/over"; mount -t tmpfs tmpfs "$1/over"
		for dir in etc opt usr; do
			mkdir -p "$1/over/$dir/upper" "$1/over/$dir/work"
			mount -t overlay overlay -o "lowerdir=/$dir,upperdir=$1/over/$dir/upper,workdir=$1/over/$dir/work" "/$dir"
		done
		mount -t tmpfs -o mode=755 tmpfs /var/lib
		mount --bind "$1/machine-id" /etc/machine-id
		rm -rf /etc/etcfiles /etc/etcd /etc/cni /etc/default/etcd; mkdir -p /etc/default "$1/etcfiles" /etc/etcfiles
		mount --bind "$1/etcfiles" /etc/etcfiles
		ip addr add "192.0.2.$2/24" dev lan0`, "sh", h.dir, fmt.Sprint(number))
	for name, script := range map[string]string{
		"apt": `for package; do case $package in
			*/etcfiles_*) mkdir -p /usr/share/doc/etcfiles/examples /opt/cni/bin; cp "$REPOSITORY"/conflists/*.conflist /usr/share/doc/etcfiles/examples/; cp -L "$PROGRAMS"/etcfiles "$PLUGINS"/bridge "$PLUGINS"/host-local "$PLUGINS"/portmap /opt/cni/bin/ ;;
			install | */etcfiles-etcd_* | etcd-server | etcd-client) ;;
			*) exit 1 ;;
			esac; done`,
		"systemctl": `case "$*" in
			"restart etcd") set -a; . /etc/default/etcd; ETCD_DATA_DIR=/var/lib/etcd ETCD_LOG_LEVEL=warn nohup etcd >/run/etcd.log 2>&1 & for _ in $(seq 300); do echo >/dev/tcp/192.0.2.1/2379 && exit; sleep 0.1; done 2>/dev/null; exit 1 ;;
			"enable --now etcfiles-etcd") exec notified /run/notify /run/etcfiles-etcd.log etcfiles-etcd run ;;
			*) exit 1 ;;
			esac`,
		"install": `test "$1 $2 $3" = "-D -o etcd" && { shift 3; set -- -D "$@"; }; exec /usr/bin/install "$@"`,
		"ssh":     `test "$*" = "h2 mkdir -p /etc/etcfiles"`,
		"scp":     `test "${!#}" = h2:/etc/etcfiles/ && exec cp "${@:1:$#-1}" "$OTHER/etcfiles/"`,
	} {
		path := h.path("shims", name)
		write(w.t, path, "#!/bin/bash\n"+script+"\n")
		if err := os.Chmod(path, 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	return m
}

// follow runs blocks of the page in one shell, as they stand but for what the page says to replace.
func (m *machine) follow(replace *strings.Replacer, blocks ...string) {
	m.w.t.Helper()
	script := "set -e\n"
	for _, name := range blocks {
		text, err := page.Find(several, name)
		if err != nil {
			m.w.t.Fatal(err)
		}
		script += replace.Replace(text) + "\n"
	}
	root, err := filepath.Abs(repository)
	if err != nil {
		m.w.t.Fatal(err)
	}
	cmd := m.ns.command("bash", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+m.path("shims")+":"+programs+":"+os.Getenv("PATH"), "REPOSITORY="+root, "PROGRAMS="+programs, "PLUGINS="+root+"/bin/cni")
	if m.other != nil {
		cmd.Env = append(cmd.Env, "OTHER="+m.other.dir)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		log, _ := m.ns.command("sh", "-c", "cat /run/*.log").CombinedOutput()
		m.w.t.Fatalf("%v: %v\n%s\n%s", blocks, err, out, log)
	}
}

// cni runs cnitool on the machine.
func (m *machine) cni(verb, network, id string) {
	m.w.t.Helper()
	cmd := m.ns.command("cnitool", verb, network, "/run/netns/"+id)
	cmd.Env = append(cmd.Env, "NETCONFPATH=/etc/cni/net.d", "CNI_PATH=/opt/cni/bin", fmt.Sprintf(`CAP_ARGS={"etcfiles":{"name":%q}}`, id))
	if out, err := cmd.CombinedOutput(); err != nil {
		m.w.t.Fatalf("%s %s: %v\n%s", verb, id, err, out)
	}
}

// start starts a container, in which a server says hello.
func (m *machine) start(network, id string) {
	m.w.t.Helper()
	m.ns.run("ip", "netns", "add", id)
	m.cni("add", network, id)
	m.ns.run("sh", "-ec", `mkdir -p "/run/www/$1"; echo "hello from $1" >"/run/www/$1/index.html"`, "sh", id)
	m.ns.start("ip", "netns", "exec", id, "busybox", "httpd", "-f", "-p", "80", "-h", "/run/www/"+id)
}

// fetches waits until a container gets a page from another by name, from its own hosts file and no other source.
func (m *machine) fetches(id, from string) {
	m.w.t.Helper()
	m.w.eventually(fmt.Sprintf("%s fetches a page from %s", id, from), func() bool {
		cmd := m.ns.command("ip", "netns", "exec", id, "sh", "-ec", `
			mount --bind "$(grep -l "[[:space:]]$1\$\|[[:space:]]$1 $1[.]" /var/lib/etcfiles/etchosts/default/*/hosts | xargs grep -l "[[:space:]]$2" | head -n 1)" /etc/hosts
			echo 'hosts: files' >/run/nsswitch; mount --bind /run/nsswitch /etc/nsswitch.conf
			exec wget -q -T 2 -t 1 --no-proxy -O - "http://$2/"`, "sh", id, from)
		out, err := cmd.CombinedOutput()
		return err == nil && string(out) == "hello from "+from+"\n"
	})
}

// TestPage: whoever follows the page from the beginning has two machines whose containers find and reach each other by name, over routes and over VXLAN.
func TestPage(t *testing.T) {
	t.Parallel()
	w := &world{t: t, dir: t.TempDir(), ttl: ttl.String()}
	w.wire = newNamespace(t, "ip link add lan type bridge\nip link set lan up")
	h1, h2 := newMachine(w, "h1", 1), newMachine(w, "h2", 2)
	h1.other = h2
	none := strings.NewReplacer()
	h1.follow(none, "install")
	h2.follow(none, "install")
	h2.ns.run("sed", "-i", "s/10.231.60.0/10.231.61.0/", "/etc/cni/net.d/60-routed.conflist")
	h1.follow(none, "certificates", "etcd", "start", "routes")
	mirror := strings.NewReplacer("10.231.61.0", "10.231.60.0", "10.231.60.0/24", "10.231.61.0/24", "192.0.2.2", "192.0.2.1", `"h1"`, `"h2"`, "/h1.", "/h2.", "local 192.0.2.1", "local 192.0.2.2")
	h2.follow(mirror, "start", "routes")

	h1.start("routed", "web")
	h2.start("routed", "db")
	h1.fetches("web", "db")
	h2.fetches("db", "web")
}

// TestVXLAN: the other way for packets that the page has, with the conflist for it.
func TestVXLAN(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 0)
	var machines []*machine
	for i, name := range []string{"h1", "h2"} {
		m := newMachine(w, name, i+1)
		machines = append(machines, m)
		mirror := strings.NewReplacer()
		if i == 1 {
			mirror = strings.NewReplacer("local 192.0.2.1", "local 192.0.2.2", "dst 192.0.2.2", "dst 192.0.2.1")
		}
		m.follow(strings.NewReplacer("60-routed", "70-vxlan"), "install")
		m.follow(mirror, "vxlan")
		if i == 1 {
			m.ns.run("sed", "-i", "s/10.231.129./10.231.130./g", "/etc/cni/net.d/70-vxlan.conflist")
		}
		write(t, m.path("etcfiles/etcd.json"), fmt.Sprintf(`{"endpoints":[%q],"insecure":true,"host":%q,"networks":[{"network":"flat","within":"10.231.128.0/20"}]}`, w.members[0].client(), name))
		m.service = m.ns.start("etcfiles-etcd", "run")
	}
	machines[0].start("flat", "web")
	machines[1].start("flat", "db")
	machines[0].fetches("web", "db")
	machines[1].fetches("db", "web")
}
