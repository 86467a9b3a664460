package blackbox

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
	"github.com/etcfiles/etcfiles/integration/internal/straced"
)

// TestLeaveKilled kills the DEL of a container's first network before every call that changes a file. The next operation, whoever it is for, brings
// resolv.conf to the networks that the container is on by then; and what is edited after the kill stays.
func TestLeaveKilled(t *testing.T) {
	f := newFleet(t, "web", "db")
	eth0, eth1 := fleet.On("web", "eth0", "front", "10.4.0.2"), fleet.On("web", "eth1", "back", "10.5.0.2")
	db := fleet.On("db", "eth0", "back", "10.5.0.3")
	dns := func(server string) plugin.Object {
		return plugin.Object{"dns": plugin.Object{"nameservers": []string{server}, "search": []string{"a.example"}, "options": []string{"edns0"}}}
	}
	run := func(command string, a fleet.Attachment, extra plugin.Object) {
		t.Helper()
		if _, err := f.Call(command, a, extra).Succeed(); err != nil {
			t.Fatal(err)
		}
	}
	resolvConf := placeOf(f.DataDir, "web").own("resolv.conf")
	read := func() string {
		t.Helper()
		got, err := os.ReadFile(resolvConf)
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	run("ADD", eth1, dns("192.0.2.5"))
	second := read()
	run("ADD", eth0, dns("192.0.2.53")) // longer: the file is cut when it goes
	first := read()
	eachKill(t, 8, func(p straced.Point) bool {
		run("ADD", eth0, dns("192.0.2.53"))
		if got := read(); got != first {
			t.Fatalf("with both networks resolv.conf is\n%s", got)
		}
		c := f.Call("DEL", eth0, dns("192.0.2.53"))
		c.Prefix = straced.Command(filepath.Join(t.TempDir(), "trace"), p.Kill()...)
		if r, err := c.Run(); err == nil && !r.Killed() {
			return false
		}
		when := "killed before " + p.String()
		if got := read(); got != first && strings.TrimRight(got, "\n")+"\n" != second {
			t.Errorf("%s: resolv.conf is\n%s", when, got)
		}
		edited := p.Number%3 == 2
		if edited {
			if err := os.WriteFile(resolvConf, []byte("nameserver 203.0.113.1\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if p.Number%3 == 1 {
			run("DEL", eth0, nil)
		}
		run("ADD", db, nil)
		record, err := os.ReadFile(filepath.Join(f.DataDir, "etchosts", "default", "web", "meta.json"))
		if err != nil {
			t.Fatal(err)
		}
		want := second
		if bytes.Contains(record, []byte(`"IfName":"eth0"`)) {
			want = first
		}
		if edited {
			want = "nameserver 203.0.113.1\n"
		}
		if got := read(); got != want {
			t.Errorf("%s, then another came: resolv.conf is\n%s\nwant\n%s", when, got, want)
		}
		run("DEL", db, nil)
		run("DEL", eth0, nil)
		if edited {
			want = "nameserver 203.0.113.1\n"
		} else {
			want = second
		}
		if got := read(); got != want {
			t.Errorf("%s, then repeated: resolv.conf is\n%s\nwant\n%s", when, got, want)
		}
		if edited { // begin anew
			run("DEL", eth1, nil)
			run("ADD", eth1, dns("192.0.2.5"))
		}
		return true
	})
}
