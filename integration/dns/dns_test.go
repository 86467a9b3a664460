package dns

import (
	"os"
	"strings"
	"testing"
	"time"
)

// patience is how long an answer may take to become right.
const patience = 5 * time.Second

// TestServers asks each server from within a container for containers that come, go and come again under another address.
func TestServers(t *testing.T) {
	for _, server := range []struct {
		file        string
		page        string            // the marker of its block in the page
		needsBridge bool              // to start
		stray       map[string]string // answers for names that only the machine's nameserver has, though they look like those of containers
	}{
		{file: "dnsmasq.conf", page: "dnsmasq", stray: map[string]string{"stray": absent, "stray.lab": absent}},
		{file: "Corefile", page: "coredns", needsBridge: true, stray: map[string]string{"stray": "192.0.2.81", "stray.lab": "192.0.2.82"}},
	} {
		t.Run(server.file, func(t *testing.T) {
			t.Parallel()
			setting, commands := instructions(t, server.file, server.page)
			m := newMachine(t)
			m.install(withSetting(t, setting))
			if server.needsBridge {
				m.add("web")
			}
			for _, command := range commands[:len(commands)-1] {
				m.run("sh", "-ec", command)
			}
			alive := m.start(commands[len(commands)-1])
			if !server.needsBridge {
				m.add("web")
			}
			m.expect("web", "web", "10.231.10.2")
			m.expect("web", "outside.example", "192.0.2.80")
			for name, answer := range server.stray {
				m.expect("web", name, answer)
			}
			names := []string{"db", "db.lab", "db.shop"}
			expectAll := func(address string) {
				t.Helper()
				for _, name := range names {
					m.expect("web", name, address)
				}
			}

			expectAll(absent)
			m.add("db")
			expectAll("10.231.10.3")
			m.del("db")
			expectAll(absent)
			m.expect("web", "web", "10.231.10.2")
			m.add("cache") // in the room of db's line
			m.expect("web", "cache", "10.231.10.4")
			m.add("db")
			expectAll("10.231.10.5")

			for _, name := range []string{"db", "cache", "web"} {
				m.del(name)
			}
			m.add("web")
			m.expect("web", "web", "10.231.10.6")
			expectAll(absent)
			m.add("db")
			expectAll("10.231.10.7")
			if !alive() {
				t.Error("the server has ended")
			}
		})
	}
}

// instructions returns what the comment of a server's configuration says, the setting for the conflist, which starts with a quotation mark,
// and the commands of the page, which the comment has too, behind dollar signs; the last one is the server.
func instructions(t *testing.T, file, block string) (setting string, commands []string) {
	t.Helper()
	data := read(t, file)
	for line := range strings.Lines(data) {
		if quoted, ok := strings.CutPrefix(strings.TrimSpace(line), `#     "`); ok {
			setting = `"` + quoted
		}
	}
	if setting == "" {
		t.Fatalf("%s does not say what to set", file)
	}
	for line := range strings.Lines(pageBlock(t, block, "integration/dns/dns_test.go:TestServers")) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), "     # ")
		if !strings.Contains(data, "#     $ "+command+"\n") {
			t.Errorf("README.md has the command %q, and %s does not", command, file)
		}
		commands = append(commands, command)
	}
	return setting, commands
}

// pageBlock returns the block of the page that a test runs.
func pageBlock(t *testing.T, name, test string) string {
	t.Helper()
	_, text, marked := strings.Cut(read(t, "README.md"), "<!-- "+name+": run by "+test+" -->\n```sh\n")
	text, _, closed := strings.Cut(text, "\n```\n")
	if !marked || !closed {
		t.Fatalf("README.md has no block %q that %s runs", name, test)
	}
	return text + "\n"
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(servers + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// withSetting returns the conflist with the setting in its etcfiles plugin.
func withSetting(t *testing.T, setting string) string {
	t.Helper()
	data, err := os.ReadFile(conflist)
	if err != nil {
		t.Fatal(err)
	}
	const plugin = `"type": "etcfiles",`
	if strings.Count(string(data), plugin) != 1 {
		t.Fatalf("%s does not have exactly one %s", conflist, plugin)
	}
	return strings.Replace(string(data), plugin, plugin+setting+",", 1)
}

// absent is the answer for a name that does not exist.
const absent = "NXDOMAIN"

// expect waits until the container has the address for the name, and no other, or else the name does not exist.
func (m *machine) expect(container, name, want string) {
	m.t.Helper()
	var got string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = m.lookup(container, name); got == want {
			return
		}
	}
	m.t.Fatalf("after %v %s still resolves %s to %q and not to %q", patience, container, name, got, want)
}

// lookup returns the addresses that a container finds for the name, or why it finds none.
func (m *machine) lookup(container, name string) string {
	m.t.Helper()
	var addresses []string
	for line := range strings.Lines(m.inside(container, "getent", "ahostsv4", name)) {
		if address, isStream, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(strings.TrimSpace(isStream), "STREAM") {
			addresses = append(addresses, address)
		}
	}
	if len(addresses) > 0 {
		return strings.Join(addresses, " ")
	}
	answer := m.inside(container, "busybox", "nslookup", "-type=a", name)
	if strings.Contains(answer, "can't find "+name+": NXDOMAIN") {
		return absent
	}
	return answer
}
