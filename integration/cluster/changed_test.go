package cluster

import (
	"fmt"
	"syscall"
	"testing"
)

// again ends a service, and starts it with what the configuration is now.
func (h *host) again() {
	h.w.t.Helper()
	h.service.end(syscall.SIGTERM)
	h.serve()
}

// TestRenamed: a host that is given another name is believed under it when the lease of the old one has expired. No name is away meanwhile.
func TestRenamed(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1, func(w *world) { w.ttl = restarted })
	r := watch(h1.hosts("web"), "db", "10.231.2.2")
	h2.config["host"] = "h9"
	h2.again()
	w.eventually("h1 knows db from h9", func() bool {
		left := w.keys("/etcfiles/1/default/lab/h2/")
		return len(left) == 0 && fmt.Sprint(entries(h1.hosts("web"))["db"]) == "[10.231.2.2]"
	})
	h1.well()
	h2.well()
	r.done(w)
}

// TestAnotherSubnet: a host whose conflist has changed under the service says so itself, and not only others, which refuse what they were not told of.
func TestAnotherSubnet(t *testing.T) {
	t.Parallel()
	_, h1, h2 := pair(t, 1)
	h1.del("web", 2)
	h1.number, h1.ranges = 77, "10.231.77.0/24"
	h1.add("web", 3)
	h1.says("refused (outside, 1): host h1: a container of this host has 10.231.77.3, which is not in its ranges, and other hosts refuse it: start the service anew")
	h2.says("refused (outside, 1): host h1: it has 10.231.77.3, which is not in its ranges")
	h1.again()
	h2.sees("db", "db web")
	h1.well()
	h2.well()
}

// TestNetworkAddedAndRemoved: a network that the configuration has got and lost within one lease leaves nothing, here or in etcd.
func TestNetworkAddedAndRemoved(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1)
	w.etcdctl("put", "/etcfiles/1/default/more/h8/host", `{"machine":"m","ranges":["10.231.8.0/24"]}`)
	w.etcdctl("put", "/etcfiles/1/default/more/h8/far/eth0", `{"addresses":["10.231.8.2"],"names":["far"]}`)
	h2.config["networks"] = []any{h2.network, object{"network": "more", "ranges": []string{"10.231.2.0/24"}}}
	h2.again()
	file := h2.path("data/networks/default/more/hosts")
	w.eventually("far is known", func() bool { return names(file) == "far" })
	h2.well()
	delete(h2.config, "networks")
	h2.again()
	w.eventually("far is not known", func() bool { return names(file) == "" })
	w.eventually("h2 is out of the network", func() bool { return len(w.keys("/etcfiles/1/default/more/h2/")) == 0 })
	h2.well()
	h1.well()
}
