package etcfiles

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// looker is a program that reads a file again only if its time or size differ, as Go's resolver and CoreDNS' hosts plugin do.
type looker struct {
	path, text string
	mtime      time.Time
	size       int64
}

// look reports that the file holds something else than the program believes, which then reads it.
func (l *looker) look(t *testing.T) (missed bool) {
	t.Helper()
	info, err := os.Stat(l.path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(l.path)
	if err != nil {
		t.Fatal(err)
	}
	missed = info.ModTime().Equal(l.mtime) && info.Size() == l.size && string(b) != l.text
	if info.ModTime().Before(l.mtime) {
		t.Errorf("%s has become older", l.path)
	}
	l.text, l.mtime, l.size = string(b), info.ModTime(), info.Size()
	return missed
}

// TestChangeIsSeen: on a file system whose times advance once a tick, as all did before Linux 6.13, each operation leaves a
// file that it has edited in place with another time or size than before. A strike keeps the size, and so does a line in the
// room of another, or an address in resolv.conf.
func TestChangeIsSeen(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a ramfs")
	}
	s := newStore(t)
	if err := unix.Mount("ramfs", string(s.Dir), "ramfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Unmount(string(s.Dir), 0); err != nil {
			t.Error(err)
		}
	}()
	s.add(key("web", "eth0", "lab"), 1)
	s.add(key("left", "eth0", "lab"), 2)
	ns := s.Dir.Namespace("ns")
	resolvConf := ns.ResolvConfPath("web")
	resolver := byte(0)
	refresh := func() {
		resolver = resolver%9 + 1
		host := resolvconf.Host{Path: "host", Data: fmt.Appendf(nil, "nameserver 192.0.2.%d\n", resolver)}
		if _, err := s.Refresh(context.Background(), "ns", func() (resolvconf.Host, error) { return host, nil }); err != nil {
			t.Fatal(err)
		}
	}
	readers := []*looker{{path: ns.HostsPath("web")}, {path: ns.HostsPath("left")}, {path: ns.NetworkPath("lab")}, {path: resolvConf}}
	changes, missed := 0, 0
	for i := range 200 {
		for _, do := range []func(){
			func() { s.add(key("db", "eth0", "lab"), 3) },
			refresh,
			func() { s.del(key("db", "eth0", "lab")) },
			func() { s.add(key("api", "eth0", "lab"), 4) },
			func() { s.del(key("api", "eth0", "lab")) },
			func() {
				if err := s.Leave(context.Background(), key("left", "eth0", "lab"), "/proc/self/ns/net"); err != nil {
					t.Fatal(err)
				}
			},
			func() { s.add(key("left", "eth0", "lab"), 2) },
		} {
			do()
			for _, r := range readers {
				before := r.text
				if r.look(t) {
					missed++
				}
				if r.text != before {
					changes++
				}
			}
		}
		if i == 0 && changes < 8 {
			t.Fatalf("the readers saw %d changes only", changes)
		}
	}
	if missed > 0 {
		t.Errorf("%d changes were not seen, %d were", missed, changes)
	}
}
