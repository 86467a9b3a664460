package dns

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHostItself has the host ask dnsmasq for the names of containers, by systemd-resolved as the page says: it finds those that come, loses
// those that go, and goes on to find all others.
func TestHostItself(t *testing.T) {
	block := pageBlock(t, "the host", "integration/dns/resolved_test.go:TestHostItself")
	setting, commands := instructions(t, "dnsmasq.conf", "dnsmasq")
	m := newMachine(t)
	m.install(withSetting(t, setting))
	for _, command := range commands[:len(commands)-1] {
		m.run("sh", "-ec", command)
	}
	m.start(commands[len(commands)-1])
	m.startResolved()
	m.add("web")
	m.add("db")
	m.expect("web", "db", "10.231.10.3")

	hosts := m.read("/etc/hosts")
	out, err := m.command("bash", "-euo", "pipefail", "-c", "PATH=$PWD/bin/resolved/usr/bin:$PATH\n"+block).CombinedOutput()
	if want := "10.231.10.3     db.lab\n10.231.10.3     db.lab\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
	m.expectOnHost("web", "10.231.10.2")
	m.expectOnHost("outside.example", "192.0.2.80")
	m.expect("web", "outside.example", "192.0.2.80") // by dnsmasq, which asks systemd-resolved
	m.expectOnHost("nosuch.lab", "")
	m.del("db")
	m.expectOnHost("db.lab", "")
	m.add("cache")
	m.expectOnHost("cache", "10.231.10.4")
	if now := m.read("/etc/hosts"); now != hosts {
		t.Errorf("the hosts file of the host has changed:\n%s", now)
	}
}

// startResolved runs systemd-resolved as the one of the host, which asks the machine's nameserver.
func (m *machine) startResolved() {
	m.t.Helper()
	const unpacked = "bin/resolved"
	var program string
	for _, dir := range []string{"lib/systemd", "usr/lib/systemd"} { // Debian 12's, and later
		path := filepath.Join(m.root, unpacked, dir, "systemd-resolved")
		if _, err := os.Stat(path); err == nil {
			program = path
		}
	}
	if program == "" {
		m.t.Fatal("systemd-resolved is missing: run `make test`")
	}
	m.run("sh", "-ec", `
		umount /etc/resolv.conf
		mkdir -p /run/upper /run/work /run/dbus /run/systemd
		mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
		ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
		grep -q ^systemd-resolve: /etc/passwd || echo systemd-resolve:x:64322:64322::/:/bin/false >>/etc/passwd
		grep -q ^systemd-resolve: /etc/group || echo systemd-resolve:x:64322: >>/etc/group
		mkdir -p /etc/dbus-1/system.d /etc/systemd
		cp bin/resolved/usr/share/dbus-1/system.d/* /etc/dbus-1/system.d/
		rm -rf /etc/systemd/resolved.conf.d
		printf '[Resolve]\nDNS=127.0.0.1\nLLMNR=no\nMulticastDNS=no\n' >/etc/systemd/resolved.conf
		cp "$0"/nsswitch.conf /etc/`, m.dir)
	m.start("dbus-daemon --system --nofork --nopidfile --address=unix:path=/run/dbus/system_bus_socket")
	m.await("/run/dbus/system_bus_socket")
	m.start(program)
	m.await("/run/systemd/resolve/stub-resolv.conf")
	m.run("timeout", "10", "sh", "-c", "until busctl status org.freedesktop.resolve1 >/dev/null 2>&1; do sleep 0.05; done")
}

// await waits until the machine has a file.
func (m *machine) await(path string) {
	m.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(m.inRoot(path)); err == nil {
			return
		}
	}
	m.t.Fatalf("%s is not there after %v", path, patience)
}

// inRoot returns the path by which the tests see a file of the machine.
func (m *machine) inRoot(path string) string { return fmt.Sprintf("/proc/%d/root%s", m.holder, path) }

// read returns the text of a file of the machine.
func (m *machine) read(path string) string {
	m.t.Helper()
	text, err := os.ReadFile(m.inRoot(path))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// expectOnHost waits until the host itself has the address for the name, or none.
func (m *machine) expectOnHost(name, want string) {
	m.t.Helper()
	got := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		out, _ := m.command("getent", "hosts", name).Output() // a name that is absent is an error to it
		got, _, _ = strings.Cut(string(out), " ")
		if got == want {
			return
		}
	}
	m.t.Fatalf("after %v the host resolves %s to %q and not to %q", patience, name, got, want)
}
