package cluster

import (
	"fmt"
	"maps"
	"strings"
	"syscall"
	"testing"
)

// TestShare: containers of one host are known in those of the others as long as they are there, and in the hosts files of the network; where the network
// is too large for hosts files, in the latter only.
func TestShare(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 3)
	h1, h2, h3 := w.hosts[0], w.hosts[1], w.hosts[2]
	h3.network["files"] = "network"
	h2.config["ttl"] = restarted
	h1.add("web", 2)
	h3.add("lonely", 2)
	for _, h := range w.hosts {
		h.serve()
	}
	h2.add("db", 2)
	h2.sees("db", "db lonely web")
	h1.sees("web", "db lonely web")
	if got := entries(h2.hosts("db"))["web.lab"]; fmt.Sprint(got) != "[10.231.1.2]" {
		t.Errorf("web.lab is %s", got)
	}
	w.eventually("the network's file of h3 has all", func() bool { return names(h3.networkHosts()) == "db lonely web" })
	h1.add("api", 3)
	h2.sees("db", "api db lonely web")
	h1.del("web", 2)
	h2.sees("db", "api db lonely")
	h3.sees("lonely", "lonely")
	for _, h := range w.hosts {
		h.well()
	}
	w.eventually("h1 says what it has published and read", func() bool {
		s, _ := h1.status()
		return s.Published == 1 && s.Networks[0].Hosts == 2 && s.Networks[0].Names == 2
	})
	if ls := h1.ns.run(h1.admin("ls")...); !strings.Contains(ls, "default/lab  h2    db      eth0       10.231.2.2  db db.lab") {
		t.Errorf("ls:\n%s", ls)
	}

	// A service that is started again goes on where the one before was: nothing is written, and no name is away.
	before := w.keys("/etcfiles/")
	r := watch(h1.hosts("api"), "db", "10.231.2.2")
	h2.service.end(syscall.SIGTERM)
	if err := h2.service.wait(); err != nil {
		t.Errorf("the service ends with %v", err)
	}
	h2.serve()
	h2.well()
	if after := w.keys("/etcfiles/"); !maps.Equal(before, after) {
		t.Errorf("written again: %v, before %v", after, before)
	}
	r.done(w)

	// A host that leaves is gone at once, and has forgotten the others. The service must not run.
	out, err := h2.ns.command(h2.admin("leave")...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "runs already: systemctl disable --now etcfiles-etcd") {
		t.Errorf("leave: %v: %s", err, out)
	}
	h2.service.end(syscall.SIGTERM)
	h2.ns.run(h2.admin("leave")...)
	h1.sees("api", "api lonely")
	h2.sees("db", "db")
	if left := w.keys("/etcfiles/1/default/lab/h2/"); len(left) > 0 {
		t.Errorf("left of h2: %v", left)
	}
	if _, code := h2.status(); code != 1 {
		t.Errorf("status without a service: exit code %d", code)
	}

	// A network that the configuration no longer has: its names are taken out, here and in etcd.
	h1.service.end(syscall.SIGTERM)
	h1.network["network"], h1.network["ranges"] = "other", []string{"10.231.1.0/24"}
	h1.serve()
	h1.sees("api", "api")
	w.eventually("h1 is out of the network", func() bool { return len(w.keys("/etcfiles/1/default/lab/h1/")) == 0 })
}

// TestAgentKilled: kill -9 of a service takes no name away, and what has changed meanwhile is made up for.
func TestAgentKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2, func(w *world) { w.ttl = restarted })
	h1, h2 := w.hosts[0], w.hosts[1]
	h1.add("web", 2)
	h1.add("old", 3)
	h2.add("db", 2)
	h1.serve()
	h2.serve()
	h2.sees("db", "db old web")
	h1.sees("web", "db old web")
	r := watch(h2.hosts("db"), "web", "10.231.1.2")
	before := w.keys("/etcfiles/1/default/lab/h2/")
	for i := range 3 {
		h2.service.kill()
		h1.del("old", 3)
		h1.add("new", 4)
		h2.serve()
		h2.sees("db", "db new web")
		h1.service.kill()
		h1.del("new", 4)
		h1.add("old", 3)
		h1.serve()
		h2.sees("db", "db old web")
		if i == 0 && !strings.Contains(h2.service.log.String(), "the lease of before is taken over") {
			t.Errorf("the lease is not taken over:\n%s", h2.service.log)
		}
	}
	r.done(w)
	h2.well()
	if after := w.keys("/etcfiles/1/default/lab/h2/"); !maps.Equal(before, after) {
		t.Errorf("written again: %v, before %v", after, before)
	}
}

// TestDomain: names of a domain that is not the network's are shared where both hosts allow them. Where not, the host whose they are says so, and no other.
func TestDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2)
	h1, h2 := w.hosts[0], w.hosts[1]
	h1.extra = object{"domain": "corp.example"}
	h1.add("web", 2)
	h2.add("db", 2)
	h1.serve()
	h2.serve()
	h2.sees("db", "db web")
	h1.says(`fault: left out: container web: name "web.corp.example" does not end in .lab: set allowQualified on all hosts of the network if they are to share it`)
	h2.well()
	for _, h := range w.hosts {
		h.service.end(syscall.SIGTERM)
		h.network["allowQualified"] = true
		h.serve()
	}
	w.eventually("h2 knows the name in the domain", func() bool { return fmt.Sprint(entries(h2.hosts("db"))["web.corp.example"]) == "[10.231.1.2]" })
	h1.well()
	h2.well()
}
