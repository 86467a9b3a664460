package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// pair makes two hosts that know each other's container, web on h1 and db on h2.
func pair(t *testing.T, members int, options ...func(*world)) (w *world, h1, h2 *host) {
	t.Helper()
	w = newWorld(t, members, 2, options...)
	h1, h2 = w.hosts[0], w.hosts[1]
	h1.add("web", 2)
	h2.add("db", 2)
	h1.serve()
	h2.serve()
	h1.sees("web", "db web")
	h2.sees("db", "db web")
	return w, h1, h2
}

// TestMembersKilled: without a leader, and then without a quorum, nothing changes but that nothing new is heard. What came and went meanwhile is
// never seen.
func TestMembersKilled(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 3)
	r := watch(h2.hosts("db"), "web", "10.231.1.2")
	gone := w.leader()
	gone.kill()
	h1.add("y1", 3)
	h1.sees("y1", "db web y1")
	h2.sees("db", "db web y1")
	gone.start()
	w.ready()

	w.members[0].kill()
	w.members[1].kill()
	h1.add("y2", 4)
	h1.sees("web", "db web y1 y2") // on its own host at once
	h1.add("y3", 5)
	h1.del("y3", 5)
	h2.says("fault: ")
	time.Sleep(2 * ttl) // long enough for every lease
	h1.sees("y2", "db web y1 y2")
	h2.sees("db", "db web y1")
	h2.says("fault: ")
	w.members[0].start()
	w.members[1].start()
	h2.sees("db", "db web y1 y2")
	h1.well()
	h2.well()
	r.done(w)
}

// TestWiped: an etcd that has lost everything gets it back by itself, and nobody is deaf: neither after all three members were lost, nor after a single one
// that was replaced so quickly that no client has noticed.
func TestWiped(t *testing.T) {
	t.Parallel()
	for _, members := range []int{3, 1} {
		t.Run(map[int]string{3: "three", 1: "one"}[members], func(t *testing.T) {
			t.Parallel()
			w, h1, h2 := pair(t, members)
			for range 20 { // the revisions of before are not soon there again
				w.etcdctl("put", "x", "y")
			}
			r := watch(h2.hosts("db"), "web", "10.231.1.2")
			for _, m := range w.members {
				m.kill()
			}
			w.token++
			for _, m := range w.members {
				if err := os.RemoveAll(m.dir); err != nil {
					t.Fatal(err)
				}
				m.start()
			}
			h1.add("new", 3)
			h2.sees("db", "db new web")
			h2.add("db2", 3)
			h1.sees("web", "db db2 new web")
			h1.well()
			h2.well()
			time.Sleep(2 * ttl) // what is kept for a while is there by then
			r.done(w)
			h2.sees("db2", "db db2 new web")
		})
	}
}

// TestRestored: an etcd that is put back to an earlier state is brought to the present one.
func TestRestored(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1)
	m := w.members[0]
	h1.add("was", 3)
	h2.sees("db", "db was web")
	m.kill()
	m.backup()
	m.start()
	h1.del("was", 3)
	h2.sees("db", "db web")
	for i := range 5 {
		h1.add("new", 4+i)
		h2.sees("db", "db new web")
		if i < 4 {
			h1.del("new", 4+i)
			h2.sees("db", "db web")
		}
	}
	r := watch(h2.hosts("db"), "new", "10.231.1.8")
	m.kill()
	m.restore()
	m.start()
	h1.add("last", 20)
	h2.sees("db", "db last new web")
	r.done(w)
	h1.well()
	h2.well()
}

// TestOvertaken: an etcd that is put back to an earlier state, and has passed the revision that it was at before anybody asks, is brought to the present one too.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1, func(w *world) { w.ttl = "1h" }) // so that nobody asks by chance
	m := w.members[0]
	m.kill()
	m.backup()
	m.start()
	h1.add("new", 3)
	h2.sees("db", "db new web")
	m.kill()
	m.restore()
	for _, h := range w.hosts {
		w.cut(h.name, true)
	}
	m.start()
	w.ready()
	for range 10 {
		w.etcdctl("put", "x", "y")
	}
	for _, h := range w.hosts {
		w.cut(h.name, false)
	}
	w.eventually("what etcd has lost is there again", func() bool { return len(w.keys("/etcfiles/1/default/lab/h1/new/")) > 0 })
	h2.sees("db", "db new web")
}

// backup keeps the data of a member that does not run.
func (m *member) backup() {
	m.w.t.Helper()
	if out, err := exec.Command("cp", "-a", m.dir, m.dir+".backup").CombinedOutput(); err != nil {
		m.w.t.Fatalf("%v: %s", err, out)
	}
}

// restore puts the backup of a member in the place of its data.
func (m *member) restore() {
	m.w.t.Helper()
	if err := os.RemoveAll(m.dir); err != nil {
		m.w.t.Fatal(err)
	}
	if err := os.Rename(m.dir+".backup", m.dir); err != nil {
		m.w.t.Fatal(err)
	}
}

// TestSlow: an etcd that takes half a second for each answer is followed all the same.
func TestSlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2)
	m, h1, h2 := w.members[0], w.hosts[0], w.hosts[1]
	m.ns.start("slow", m.address+":2378", m.address+":2379", "250ms")
	for _, h := range w.hosts {
		h.config["endpoints"] = []string{"http://" + m.address + ":2378"}
	}
	h1.add("web", 2)
	h2.add("db", 2)
	h1.serve()
	h2.serve()
	h2.sees("db", "db web")
	h1.add("api", 3)
	h2.sees("db", "api db web")
	time.Sleep(2 * ttl)
	h2.sees("db", "api db web")
	h1.well()
	h2.well()
}

// TestFull: a full etcd takes nothing new and loses nothing; it is said what to do, and when that is done all is well.
func TestFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2, func(w *world) {})
	m, h1, h2 := w.members[0], w.hosts[0], w.hosts[1]
	h1.add("web", 2)
	h2.add("db", 2)
	h1.serve()
	h2.serve()
	h2.sees("db", "db web")
	m.kill()
	m.extra = []string{"--quota-backend-bytes", "1000000"}
	m.start()
	w.ready()
	big := filepath.Join(w.dir, "big")
	write(t, big, string(make([]byte, 400_000)))
	w.eventually("etcd is full", func() bool {
		return m.ns.command("sh", "-c", "etcdctl --endpoints "+m.client()+" put big <"+big).Run() != nil
	})
	h1.add("api", 3)
	h1.says("etcd is full: compact and defragment it, then etcdctl alarm disarm")
	time.Sleep(2 * ttl)
	h2.sees("db", "db web")
	h2.add("local", 3)
	h2.sees("local", "db local web")
	w.etcdctl("del", "big")
	m.ns.run("sh", "-ec", `export ETCDCTL_ENDPOINTS=`+m.client()+`
		revision=$(etcdctl endpoint status -w json | sed 's/.*"revision":\([0-9]*\).*/\1/')
		etcdctl compact --physical "$revision"; etcdctl defrag; etcdctl alarm disarm`)
	h2.sees("db", "api db local web")
	h1.well()
}
