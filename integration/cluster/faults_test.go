package cluster

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHostDies: the names of a host that has died go, also if a member of etcd dies with it; those of others stay.
func TestHostDies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3, 3)
	for i, h := range w.hosts {
		h.add(fmt.Sprintf("c%d", i+1), 2)
		h.serve()
	}
	h1, h2, h3 := w.hosts[0], w.hosts[1], w.hosts[2]
	h1.sees("c1", "c1 c2 c3")
	h3.sees("c3", "c1 c2 c3")
	r := watch(h1.hosts("c1"), "c2", "10.231.2.2")
	h3.service.kill()
	h1.sees("c1", "c1 c2")

	// It comes back, as after a reboot: what it knew of the others is of another boot, and it begins anew.
	h3.ns.run("sh", "-ec", `ip netns del c3; umount /proc/sys/kernel/random/boot_id; echo 00000000-0000-4000-8000-00000000ffff >"$1/boot-id"; mount --bind "$1/boot-id" /proc/sys/kernel/random/boot_id; rm -r "$1/run"`, "sh", h3.dir)
	h3.add("c4", 3)
	h3.sees("c4", "c4")
	h3.serve()
	h3.sees("c4", "c1 c2 c4")
	h1.sees("c1", "c1 c2 c4")

	leader := w.leader()
	leader.kill()
	h3.service.kill()
	h1.sees("c1", "c1 c2")
	r.done(w)
	leader.start()
	h2.well()
}

// TestCutOff: a host without a way to etcd keeps the names that it has, the others drop its names; when it is back both have exactly what is there,
// although etcd remembers nothing of the time between.
func TestCutOff(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1)
	r := watch(h2.hosts("db"), "web", "10.231.1.2")
	w.cut("h2", true)
	h1.sees("web", "web")
	h1.add("new", 3)
	h1.add("passing", 4)
	h1.del("passing", 4)
	h2.add("db2", 3)
	h2.sees("db2", "db db2 web")
	h2.says("fault: ")
	w.etcdctl("put", "x", "1")
	w.members[0].ns.run("sh", "-ec", `export ETCDCTL_ENDPOINTS=`+w.members[0].client()+`
		etcdctl compact --physical "$(etcdctl endpoint status -w json | sed 's/.*"revision":\([0-9]*\).*/\1/')"`)
	w.cut("h2", false)
	h2.sees("db", "db db2 new web")
	h1.sees("web", "db db2 new web")
	h1.well()
	h2.well()
	r.done(w)
}

// TestHold: a host that is to hold names for a time only drops them when etcd has been away for longer, and has them again when it is back.
func TestHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2)
	h1, h2 := w.hosts[0], w.hosts[1]
	h2.config["hold"] = "4s"
	h1.add("web", 2)
	h2.add("db", 2)
	h1.serve()
	h2.serve()
	h2.sees("db", "db web")
	h1.sees("web", "db web")
	w.members[0].kill()
	h2.sees("db", "db")
	h1.sees("web", "db web")
	w.eventually("h2 counts none of them", func() bool {
		s, code := h2.status()
		return code == 1 && s.Networks[0].Names == 0 && s.Networks[0].Hosts == 0
	})
	w.members[0].start()
	h2.sees("db", "db web")
	w.eventually("h2 counts them again", func() bool {
		s, code := h2.status()
		return code == 0 && s.Networks[0].Names == 1 && s.Networks[0].Hosts == 1
	})
}

// TestLeaveWithoutEtcd: a host that leaves while etcd is away forgets the others at once, and can take itself out when etcd is back.
func TestLeaveWithoutEtcd(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1)
	w.members[0].kill()
	h2.again() // what it has of others is there, and counted, all the same
	h2.says("network default/lab: 1 names of 1 hosts\nfault: ")
	h2.service.end(syscall.SIGTERM)
	cmd := h2.ns.command(h2.admin("leave")...)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(string(out), "etcd did not answer within 1.5s: the names of this host stay on the others for up to the ttl, or until it leaves again") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if got := names(h2.hosts("db")); got != "db" {
		t.Errorf("db sees %s", got)
	}
	w.members[0].start()
	w.ready()
	h2.ns.run(h2.admin("leave")...)
	if left := w.keys("/etcfiles/1/default/lab/h2/"); len(left) > 0 {
		t.Errorf("left of h2: %v", left)
	}
	h1.sees("web", "web")
}

// TestStoreFails: while the store takes nothing that is said all the time, and once in the log; when it does, all is there.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	_, h1, h2 := pair(t, 1)
	h2.ns.run("sh", "-ec", `mv "$1/remote" "$1/remote.x"; touch "$1/remote"`, "sh", h2.path("data"))
	h1.add("new", 3)
	h2.says("fault: network default/lab: the store: ")
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); { // several attempts
		if s, code := h2.status(); code == 0 {
			t.Fatalf("status is well: %+v", s)
		}
	}
	h2.ns.run("sh", "-ec", `rm "$1/remote"; mv "$1/remote.x" "$1/remote"`, "sh", h2.path("data"))
	h2.sees("db", "db new web")
	h2.well()
	log := h2.service.log.String()
	for words, want := range map[string]int{"warning: network default/lab: the store: ": 1, "network default/lab: well again": 1, "warning: the store: names of other hosts on network lab are left out": 1} {
		if count := strings.Count(log, words); count != want {
			t.Errorf("%q is there %d times:\n%s", words, count, log)
		}
	}
}

// TestOneSubnet: of two hosts that give out the same addresses one is believed, by all, and both are told. No file has a wrong address.
func TestOneSubnet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 3)
	h1, h2, h3 := w.hosts[0], w.hosts[1], w.hosts[2]
	h3.number, h3.ranges = 1, h1.ranges // what a copied conflist does
	h1.add("web", 2)
	h2.add("db", 2)
	h1.serve()
	h2.serve()
	h2.sees("db", "db web")
	h1.sees("web", "db web")
	r := watch(h1.hosts("web"), "web", "10.231.1.2")
	h3.add("api", 2)
	h3.add("more", 9)
	h3.serve()
	h3.says("refused (overlap, 1): host h3: the addresses 10.231.1.0/24 of this host overlap 10.231.1.0/24 of h1, which was first")
	h1.says("refused (overlap, 1): host h3: its addresses 10.231.1.0/24 overlap 10.231.1.0/24 of h1, which was first: give it a range of its own")
	h2.says("refused (overlap, 1): host h3")
	h2.sees("db", "db web")
	h1.sees("web", "db web")
	h3.sees("api", "api db more")
	r.done(w)

	// The conflist of h3 is put right. Its containers of before have addresses that are not its own any more.
	h3.service.end(syscall.SIGTERM)
	h3.del("api", 2)
	h3.del("more", 9)
	h3.number, h3.ranges = 3, "10.231.3.0/24"
	h3.add("api", 2)
	h3.serve()
	h2.sees("db", "api db web")
	h3.sees("api", "api db web")
	for _, h := range w.hosts {
		h.well()
	}
}

// refused starts a service that must end with the exit code 1 and say so.
func (h *host) refused(words string) {
	h.w.t.Helper()
	h.serve()
	select {
	case err := <-h.service.ended:
		h.service.ended <- err
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(h.service.log.String(), words) {
			h.w.t.Fatalf("%v:\n%s", err, h.service.log)
		}
	case <-time.After(patience):
		h.w.t.Fatalf("the service goes on:\n%s", h.service.log)
	}
}

// TestOneName: a second machine with the name of a host is refused, and so is a clone of the machine, which boots at another time. The first goes on.
func TestOneName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 3)
	h1, h2, h3 := w.hosts[0], w.hosts[1], w.hosts[2]
	h1.add("web", 2)
	h2.add("db", 2)
	h3.add("api", 2)
	h1.serve()
	h2.serve()
	h2.sees("db", "db web")
	before := w.keys("/etcfiles/")
	r := watch(h2.hosts("db"), "web", "10.231.1.2")
	h3.config["host"] = "h1"
	h3.refused("host h1 is published by another machine in default/lab: set host in the configuration of one of them")
	h3.ns.run("sh", "-ec", `umount /etc/machine-id; mount --bind "$1" /etc/machine-id`, "sh", h1.path("machine-id"))
	h3.refused("which is a clone: give one of them another machine-id and another host in the configuration")
	after := w.keys("/etcfiles/")
	for key, revision := range before {
		if after[key] != revision {
			t.Errorf("%s was written at %d, before at %d", key, after[key], revision)
		}
	}
	h2.sees("db", "db web")
	r.done(w)
	h1.well()
}

// twin gives a host the name, the machine-id and the boot of another.
func (h *host) twin(of *host) {
	h.w.t.Helper()
	h.config["host"], h.number, h.ranges = of.name, of.number, of.ranges
	h.ns.run("sh", "-ec", `
		umount /etc/machine-id /proc/sys/kernel/random/boot_id
		mount --bind "$1/machine-id" /etc/machine-id; mount --bind "$1/boot-id" /proc/sys/kernel/random/boot_id`, "sh", of.dir)
}

// twins returns two hosts with one identity, the first of which shares its container web.
func twins(t *testing.T) (w *world, first, second *host) {
	t.Helper()
	w = newWorld(t, 1, 2)
	first, second = w.hosts[0], w.hosts[1]
	first.add("web", 2)
	first.serve()
	first.well()
	second.twin(first)
	return w, first, second
}

// TestTwoServices: of two services with one name, one machine-id and one boot the second is refused, and changes nothing.
func TestTwoServices(t *testing.T) {
	t.Parallel()
	w, h1, h2 := twins(t)
	before := w.keys("/etcfiles/")
	h2.add("api", 9)
	h2.refused("host h1 is published in default/lab by another service with the machine-id and the boot of this one: end it, or set another host in the configuration of one of them")
	if after := w.keys("/etcfiles/"); !maps.Equal(before, after) {
		t.Errorf("written again: %v, before %v", after, before)
	}
	h1.well()
}

// TestSnapshot: two machines that were resumed from one snapshot have everything in common, also what the service has kept. Each takes back what the other has
// written, and both say so, until one of them has gone.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	_, h1, h2 := twins(t)
	h2.add("web", 2)
	h2.ns.run("cp", "-a", h1.path("run"), h2.path("run"))
	h2.serve()
	h2.add("api", 9)
	const words = "fault: keys: somebody else changes what this host has published, again and again: a machine that was resumed from the same snapshot"
	h1.says(words)
	h2.says(words)
	h2.service.kill()
	h1.well()
}

// TestMalformed: what somebody else puts into etcd hurts nobody, and is said.
func TestMalformed(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1)
	const of = "/etcfiles/1/default/lab/"
	for key, value := range map[string]string{
		of + "h1/bad/eth0":   "garbage",
		of + "h1/bad/eth0/x": "{}",
		of + "x":             "",
		of + "H/web/eth0":    "",
		of + "h9/web/eth0":   `{"addresses":["10.231.9.2"],"names":["web"]}`,
		of + "h8/host":       `{"machine":"m","ranges":["0.0.0.0/0"]}`,
		of + "h8/web/eth0":   `{"addresses":["10.231.1.2"],"names":["web"]}`,
		of + "h7/host":       `{"machine":"m","ranges":["10.231.7.0/24"]}`,
		of + "h7/a/eth0":     `{"addresses":["10.231.7.2","10.231.2.2","127.0.0.1","192.0.2.1"],"names":["a","localhost","example.com","b\n10.0.0.1 evil"]}`,
		of + "h7/long/averyveryverylonginterfacename": `{"addresses":["10.231.7.4"],"names":["long"]}`,
		of + "h7/../../etc/eth0":                      `{"addresses":["10.231.7.3"],"names":["up"]}`,
		"/etcfiles/1/default/lab2/":                   "",
	} {
		w.etcdctl("put", key, value)
	}
	h2.sees("db", "a db web")
	h1.sees("web", "a db web")
	for path, want := range map[string]string{h1.hosts("web"): "[10.231.7.2]", h2.hosts("db"): "[10.231.7.2]", h2.networkHosts(): "[10.231.7.2]"} {
		if got := fmt.Sprint(entries(path)["a"]); got != want {
			t.Errorf("%s: a is %s", path, got)
		}
	}
	for _, words := range []string{
		`(malformed, 1): host x: key "x": not a key of this layout`, `(malformed, 1): key "H/web/eth0": not a key of this layout: "H" is not one lower-case label`,
		"(record, 1): host h9: the host has attachments, and no record that can be read",
		"(outside, 1): host h8: its range 0.0.0.0/0 is not within the network", `(malformed, 5): host h7: key "h7/../../etc/eth0": not a key of this layout`,
		`(qualified, 1): host h7: container a: name "example.com" does not end in .lab: set allowQualified on all hosts of the network if they are to share it`,
	} {
		h2.says(words)
	}
	w.eventually("h1 has taken back what somebody put in its place", func() bool { return w.keys(of + "h1/bad/")[of+"h1/bad/eth0"] == 0 })
	w.etcdctl("del", "--prefix", of+"h1/web/") // nor can a name be taken away
	h2.sees("db", "a db web")
}

// TestTooLarge: a host that has as much as etcd takes of it hurts no other. What is too much is said, and what others have comes and goes as ever.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1)
	w.etcdctl("put", "/etcfiles/1/default/lab/h8/host", `{"machine":"m","ranges":["10.231.100.0/22"]}`)
	var list []string
	for i := range 58 {
		list = append(list, fmt.Sprintf(`"n%02d%s.lab"`, i, strings.Repeat("."+strings.Repeat("x", 59), 4)))
	}
	script := "export ETCDCTL_ENDPOINTS=" + w.members[0].client() + "\n"
	for i := range 62 {
		var addresses []string
		for j := range 16 {
			addresses = append(addresses, fmt.Sprintf(`"10.231.%d.%d"`, 100+i/16, i%16*16+j))
		}
		script += fmt.Sprintf("etcdctl put /etcfiles/1/default/lab/h8/c%d/eth0 '{\"addresses\":[%s],\"names\":[%s]}'\n", i, strings.Join(addresses, ","), strings.Join(list, ","))
	}
	write(t, filepath.Join(w.dir, "put"), script)
	w.members[0].ns.run("sh", "-e", filepath.Join(w.dir, "put"))
	h2.says("host h8: the names of the host take more than 10000 lines or 1048576 bytes: those of its youngest containers are left out")
	h1.add("new", 3)
	w.eventually("the network's file of h2 has what is new", func() bool { return names(h2.networkHosts()) == "db new web" })
	h2.sees("db", "db new web")
	h1.del("web", 2)
	h2.sees("db", "db new")
	w.etcdctl("del", "--prefix", "/etcfiles/1/default/lab/h8/")
	h2.sees("db", "db new")
	h2.well()
}
