package etcfiles

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// FuzzStore: whatever a file of the store holds, a power cut or another program may have left it there, containers come and
// go, and those whose files it is not are served.
func FuzzStore(f *testing.F) {
	const there = `{"Namespace":"ns","ID":"web","Networks":{"lab":{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.9/24"}]}},"Hostname":"web","Name":"web"`
	f.Add(uint8(0), []byte(there+`}`))
	f.Add(uint8(0), []byte(there+`,"ExtraHosts":{"x":"192.0.2.1","":"y"},"Etcfiles":null}`))
	f.Add(uint8(0), []byte(there+`,"Etcfiles":{"Version":1,"BootID":"old","Created":["hosts","../x"],"Attachments":[{"Network":"lab","IfName":"eth0"}]}}`))
	f.Add(uint8(0), []byte(`{"Namespace":"ns","ID":"web","Networks":{"lab":{"ips":[null]},"x":null},"Name":"web"}`))
	f.Add(uint8(0), []byte(there+`,"Etcfiles":{"Version":1,"BootID":"BOOT","Attachments":[{"Network":"../../x","IfName":"eth0","Names":["web"],"Addresses":["10.0.0.9"]}]}}`))
	f.Add(uint8(0), []byte(`{"Namespace":"ns","ID":"web","Networks":{"lab":{"ips":[null]}},"Etcfiles":{"BootID":"BOOT","Attachments":[{"Network":"lab","IfName":"eth0"},{"Network":"lab","IfName":"eth1"}]}}`))
	f.Add(uint8(1), []byte(there+`,"Etcfiles":{"Created":["hosts"]}}`))
	f.Add(uint8(2), []byte(`{"ID":"web","IfName":"eth0","Network":"lab","Keep":true}`))
	f.Add(uint8(3), []byte(`{"Created":["hosts","hostname"],"ResolvConf":{"Digest":"x"},"BootID":"old","Digests":{"hosts":"x"}}`))
	f.Add(uint8(4), []byte("etcfiles-index-1\tBOOT\t1\t1\nN\tlab\t1\t1\t1\t1\nend\n"))
	f.Add(uint8(5), []byte("\x00\x00\x00\x00\xff\xff\xff\xff\x20\x00\x00\x00"))
	f.Add(uint8(6), []byte("# <etcfiles>\n6.6.6.6 db\n# </etcfiles>\n6.6.6.6 comer"))
	boot, err := hostsstore.BootID()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		s := newStore(t)
		s.Warnf = func(string, ...any) {}
		s.add(key("web", "eth0", "lab"), 1)
		s.add(key("db", "eth0", "lab"), 2)
		files := []string{
			"etchosts/ns/web/meta.json", "etchosts/ns/web/.meta.json.leaving", "index/ns/pending/1-1", "kept/ns/comer",
			"index/ns/index", "index/ns/offsets", "etchosts/ns/web/hosts",
		}
		file := files[int(which)%len(files)]
		path := filepath.Join(string(s.Dir), file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), "BOOT", boot)), 0o600); err != nil {
			t.Fatal(err)
		}
		s.add(key("comer", "eth0", "lab"), 3)
		s.lists(file, "comer", "10.0.0.2        db db.lab\n", "10.0.0.3        comer comer.lab\n")
		s.forgetIndex()
		s.del(key("comer", "eth0", "lab"))
		s.del(key("web", "eth0", "lab"))
		s.add(key("next", "eth0", "lab"), 4)
		s.lists(file, "db", "10.0.0.2        db db.lab\n", "10.0.0.4        next next.lab\n")
	})
}

// lists wants lines in the hosts file of a container.
func (s *store) lists(spoilt, id string, lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		if hosts := s.hosts(id); strings.Count(hosts, "\n"+line) != 1 {
			s.t.Fatalf("%s is spoilt: %s has no single %q:\n%s", spoilt, id, line, hosts)
		}
	}
}
