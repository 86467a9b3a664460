package cluster

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUpgrade: the members of etcd are upgraded one by one, from 3.4 to 3.5 and 3.6, each on the data of before, while containers come and go on one host. One
// on another host learns of each of them, and never misses the one that stays. The small size replaces each member by one of its own series.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	type series struct{ directory, version string }
	last := series{"etcd", "3.6."}
	upgrades := []series{last, last}
	if *full {
		upgrades = []series{{"etcd3.4", "3.4."}, {"etcd3.5", "3.5."}, last}
	}
	var servers []string
	for _, s := range upgrades {
		path, err := filepath.Abs(filepath.Join(repository, "bin", s.directory, "etcd"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("an old server is missing: run `make etcd-series` first: %v", err)
		}
		servers = append(servers, path)
	}
	w, h1, h2 := pair(t, 3, func(w *world) { w.server = servers[0] })
	r := watch(h2.hosts("db"), "web", "10.231.1.2")
	turns := 0
	turn := func() {
		t.Helper()
		if turns > 0 {
			h1.del(fmt.Sprintf("c%d", turns), 3+turns%2)
		}
		turns++
		h1.add(fmt.Sprintf("c%d", turns), 3+turns%2)
		h2.sees("db", fmt.Sprintf("c%d db web", turns))
	}
	for i, s := range upgrades {
		for _, m := range w.members {
			if i > 0 {
				m.process.end(syscall.SIGTERM)
				turn()
				m.server = servers[i]
				m.start()
			}
			w.eventually(m.name+" is "+s.version, func() bool {
				turn()
				server, _ := m.version()
				return strings.HasPrefix(server, s.version)
			})
		}
		for _, m := range w.members { // only then does the next series start
			w.eventually(m.name+" has a cluster of "+s.version, func() bool {
				turn()
				_, cluster := m.version()
				return strings.HasPrefix(cluster, s.version)
			})
		}
	}
	h1.well()
	h2.well()
	r.done(w)
	t.Logf("%d containers came and went", turns)
}

// version returns the versions of a member and of what all members understand, empty if it does not answer.
func (m *member) version() (server, cluster string) {
	var v struct {
		Server  string `json:"etcdserver"`
		Cluster string `json:"etcdcluster"`
	}
	out, err := m.ns.command("wget", "-q", "-O", "-", "-T", "2", "-t", "1", m.client()+"/version").Output()
	if err != nil || json.Unmarshal(out, &v) != nil {
		return "", ""
	}
	return v.Server, v.Cluster
}
