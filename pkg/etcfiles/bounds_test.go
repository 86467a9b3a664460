package etcfiles

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestManyOwnNames: names of the users' own that the index does not remember are respected nevertheless.
func TestManyOwnNames(t *testing.T) {
	s := newStore(t)
	n := s.Dir.Namespace("ns")
	for i, id := range []string{"web", "api"} { // more than is remembered of both
		s.add(key(id, "eth0", "lab"), byte(1+i))
		var own strings.Builder
		for i := range 6_000 {
			fmt.Fprintf(&own, "192.0.2.1 %s%060d\n", id, i)
		}
		own.WriteString("192.0.2.2 comer\n")
		f, err := os.OpenFile(n.HostsPath(id), os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			_, err = f.WriteString(own.String())
		}
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	s.add(key("db", "eth0", "lab"), 3)
	s.add(key("comer", "eth0", "lab"), 4)
	for _, id := range []string{"web", "api"} {
		if hosts := s.hosts(id); !strings.Contains(hosts, "\n10.0.0.4        comer.lab\n") || !strings.Contains(hosts, "\n10.0.0.3        db db.lab\n") {
			t.Errorf("in %s comer is not listed as comer.lab alone, or db is not listed:\n%s", id, hosts[len(hosts)-400:])
		}
	}
	index, err := os.Stat(string(s.Dir) + "/index/ns/index")
	if err != nil || index.Size() > 600<<10 {
		t.Errorf("the index: %v, %d bytes", err, index.Size())
	}
}
