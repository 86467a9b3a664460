package blackbox

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

const (
	homeDNS = "search home.example more.example\nnameserver 192.0.2.7\nnameserver 192.0.2.8\noptions edns0 rotate\n"
	vpnDNS  = "nameserver 198.51.100.1\n" // shorter: the file is cut
)

// TestRefreshKilled kills `etcfiles refresh` before every call that changes a file. A reader of resolv.conf has the old
// settings or the new ones; the next refresh ends what was begun, and does not take the file for one that was edited; and
// what is edited after the kill stays.
func TestRefreshKilled(t *testing.T) {
	f := newFleet(t, "web", "db")
	w := &world{dataDir: f.DataDir, outer: outer{covers: []cover{{filepath.Join(t.TempDir(), "resolv.conf"), "/etc/resolv.conf"}}}}
	host := func(content string) {
		t.Helper()
		if err := os.WriteFile(w.outer.covers[0].file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	web, db := fleet.On("web", "eth0", "lab", "10.4.0.2"), fleet.On("db", "eth0", "lab", "10.4.0.3")
	begin := func() {
		t.Helper()
		host(homeDNS)
		for _, a := range []fleet.Attachment{web, db} {
			for _, command := range []string{"DEL", "ADD"} {
				if _, err := w.outer.around(f.Call(command, a, nil)).Succeed(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	holds := func(id, want, when string) {
		t.Helper()
		got, err := os.ReadFile(placeOf(f.DataDir, id).own("resolv.conf"))
		if err != nil || string(got) != want {
			t.Errorf("%s: resolv.conf of %s: %v\n%q, want\n%q", when, id, err, got, want)
		}
	}
	eachKill(t, 12, func(p straced.Point) bool {
		begin()
		host(vpnDNS)
		if !w.refreshKilled(t, p) {
			return false
		}
		when := "killed before " + p.String()
		for _, id := range []string{"web", "db"} {
			got, err := os.ReadFile(placeOf(f.DataDir, id).own("resolv.conf"))
			if err != nil || (string(got) != homeDNS && strings.TrimRight(string(got), "\n")+"\n" != vpnDNS) {
				t.Errorf("%s: resolv.conf of %s: %v\n%s", when, id, err, got)
			}
		}
		edited := vpnDNS
		if p.Number%2 == 1 {
			edited = "nameserver 203.0.113.1\n"
			if err := os.WriteFile(placeOf(f.DataDir, "web").own("resolv.conf"), []byte(edited), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		w.refresh(t)
		holds("web", edited, when+", then refreshed")
		holds("db", vpnDNS, when+", then refreshed")
		host(homeDNS)
		w.refresh(t)
		holds("db", homeDNS, when+", refreshed twice")
		f.Check(t, []fleet.Attachment{web, db})
		return true
	})
}

func (w *world) refresh(t *testing.T) {
	t.Helper()
	if out, err := w.outer.program(context.Background(), "refresh", "--data-dir", w.dataDir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// refreshKilled kills a refresh before a call. It reports whether it came to that.
func (w *world) refreshKilled(t *testing.T, p straced.Point) bool {
	t.Helper()
	strace := append(straced.Command("/dev/stderr", p.Kill()...), binary, "refresh", "--data-dir", w.dataDir)
	cmd := w.outer.program(context.Background(), strace[1:]...)
	cmd.Args[3] = strace[0] // $0 of the shell
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	_ = cmd.Run()
	return straced.Killed(stderr.String())
}
