package blackbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fleet is a data directory and a network namespace for each of many containers.
type fleet struct {
	dataDir string
	netns   string // directory
	logFile string // of the configuration; "" for none
}

func newFleet(t *testing.T, ids ...string) fleet {
	t.Helper()
	dir := t.TempDir()
	f := fleet{dataDir: filepath.Join(dir, "data"), netns: filepath.Join(dir, "netns")}
	for _, id := range ids {
		path := filepath.Join(f.netns, id)
		t.Cleanup(func() {
			if err := dropNetns(path); err != nil {
				t.Error(err)
			}
		})
		if err := makeNetns(path, true); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// attachment is a container on a network. The address is without its prefix length, and empty while it is off.
type attachment struct{ id, ifName, network, addr string }

// call is a run of the plugin for the attachment. The lock is given time, for the tests are of exactness, not speed.
func (f fleet) call(command string, a attachment) (call, error) {
	c := call{command: command, id: a.id, netns: filepath.Join(f.netns, a.id), ifName: a.ifName}
	n := netconf{version: "1.0.0", network: a.network, dataDir: f.dataDir, extra: object{"lockTimeout": "50s"}}
	if f.logFile != "" {
		n.extra["logFile"] = f.logFile
	}
	var err error
	if a.addr != "" {
		n.result, err = bridgeResult(n.version, a.ifName, c.netns, []string{a.addr + "/16"})
	}
	c.stdin = n.bytes()
	return c, err
}

// run runs the plugin for the attachment, which must succeed.
func (f fleet) run(command string, a attachment) error {
	c, err := f.call(command, a)
	if err != nil {
		return err
	}
	_, err = c.succeed()
	return err
}

// check holds every file against exactly what the live attachments make of it.
func (f fleet) check(t *testing.T, live []attachment) {
	t.Helper()
	byID, byNetwork := map[string][]attachment{}, map[string][]attachment{}
	for _, a := range live {
		byID[a.id] = append(byID[a.id], a)
		byNetwork[a.network] = append(byNetwork[a.network], a)
	}
	for id, own := range byID {
		f.checkLines(t, id, slices.Concat(defaultLines, linesOf(peersOf(own, byNetwork))))
		f.checkRecord(t, id, own)
	}
	for network, members := range byNetwork {
		f.checkLines(t, "@"+network, linesOf(members))
	}
	f.checkNothingElse(t, byID, byNetwork)
}

var defaultLines = []string{
	hostsLine("127.0.0.1", "localhost", "localhost.localdomain"),
	hostsLine("::1", "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"),
}

// peersOf returns every attachment of the networks that a container is on, its own among them.
func peersOf(own []attachment, byNetwork map[string][]attachment) []attachment {
	var all []attachment
	seen := map[string]bool{}
	for _, a := range own {
		if !seen[a.network] {
			all = append(all, byNetwork[a.network]...)
		}
		seen[a.network] = true
	}
	return all
}

func linesOf(members []attachment) []string {
	var lines []string
	for _, a := range members {
		lines = append(lines, hostsLine(a.addr, a.id, a.id+"."+a.network))
	}
	return lines
}

func (f fleet) checkLines(t *testing.T, short string, want []string) {
	t.Helper()
	entries, err := placeOf(f.dataDir, short).entries()
	if err != nil {
		t.Error(err)
		return
	}
	if strings.HasPrefix(short, "@") { // whether it has localhost is open
		entries = slices.DeleteFunc(entries, func(e entry) bool { return slices.Contains(e.names, "localhost") })
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, liveLines(entries)); diff != "" {
		t.Errorf("hosts of %s (-want +got):\n%s", short, diff)
	}
}

// checkRecord compares the networks and addresses of meta.json.
func (f fleet) checkRecord(t *testing.T, id string, own []attachment) {
	t.Helper()
	var record struct {
		Namespace, ID string
		Networks      map[string]struct {
			IPs []struct{ Address string }
		}
	}
	b, err := os.ReadFile(placeOf(f.dataDir, id).meta())
	if err == nil {
		err = json.Unmarshal(b, &record)
	}
	if err != nil {
		t.Errorf("record of %s: %v", id, err)
		return
	}
	got, want := map[string]string{}, map[string]string{}
	for network, result := range record.Networks {
		for _, ip := range result.IPs {
			got[network+" "+ip.Address] = ""
		}
	}
	for _, a := range own {
		want[a.network+" "+a.addr+"/16"] = ""
	}
	if diff := cmp.Diff(want, got); diff != "" || record.ID != id || record.Namespace != "default" {
		t.Errorf("record of %s is of %s/%s (-want +got):\n%s", id, record.Namespace, record.ID, diff)
	}
}

// checkNothingElse finds files of containers and networks that have no attachment.
func (f fleet) checkNothingElse(t *testing.T, byID, byNetwork map[string][]attachment) {
	t.Helper()
	left, err := takeSnapshot(f.dataDir)
	if err != nil {
		t.Error(err)
	}
	for path := range left {
		rel, err := filepath.Rel(f.dataDir, path)
		if err != nil {
			t.Error(err)
		}
		part := strings.Split(rel, string(filepath.Separator))
		if len(part) < 4 || !slices.Contains([]string{"containers", "etchosts", "networks"}, part[0]) {
			continue // of the store itself
		}
		live := byID[part[2]]
		if part[0] == "networks" {
			live = byNetwork[part[2]]
		}
		if len(live) == 0 {
			t.Errorf("%s is left", rel)
		}
	}
}

func containerID(i int) string { return fmt.Sprintf("c%03d", i) }
