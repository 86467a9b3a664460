package blackbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// TestAttachmentsAtOnce runs the ADDs of a container at once, as go-cni does, and again. Whichever comes first, its files say the same.
func TestAttachmentsAtOnce(t *testing.T) {
	f := newFleet(t, "web", "db")
	attachments := []fleet.Attachment{
		fleet.On("web", "eth0", "front", "10.4.0.2"), fleet.On("web", "eth2", "back", "10.5.0.2"), fleet.On("web", "eth10", "lab", "10.6.0.2"),
	}
	extra := []plugin.Object{
		{"extraHosts": []string{"gw:host-gateway"}},
		{"dns": plugin.Object{"nameservers": []string{"192.0.2.54"}}, "extraHosts": []string{"gw:host-gateway"}},
		{"runtimeConfig": plugin.Object{"etcfiles": plugin.Object{"hostname": "shop", "domainname": "example.org", "extraHosts": []string{"x:192.0.2.1"}}}},
	}
	peer := fleet.On("db", "eth0", "back", "10.5.0.3")
	f.Do(t, "ADD", peer)
	files := func() string {
		t.Helper()
		var out strings.Builder
		for _, path := range []string{f.Own(attachments[0], "resolv.conf"), f.Own(attachments[0], "hostname"), f.Hosts(attachments[0]), f.Hosts(peer)} {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var web, others []string // live edits move nothing that nobody can tell apart
			for line := range strings.Lines(string(data)) {
				switch {
				case strings.HasPrefix(line, "#"): // what is struck says which came first
				case filepath.Base(path) == "hosts" && !strings.Contains(line, " web"):
					others = append(others, line)
				default:
					web = append(web, line)
				}
			}
			slices.Sort(others)
			out.WriteString(filepath.Base(path) + ":\n" + strings.Join(web, "") + strings.Join(others, ""))
		}
		return out.String()
	}
	var want string
	for round := range 8 {
		var wg sync.WaitGroup
		for i, a := range attachments {
			wg.Go(func() {
				if round > 0 || i == 0 {
					if _, err := f.Call("ADD", a, extra[i]).Succeed(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if round == 0 { // one after another
			for i, a := range attachments[1:] {
				if _, err := f.Call("ADD", a, extra[i+1]).Succeed(); err != nil {
					t.Fatal(err)
				}
			}
			want = files()
			for _, line := range []string{"nameserver 192.0.2.54\n", "hostname:\nshop\n", "10.4.0.1        gw\n", "10.4.0.2        shop.example.org shop shop.front web web.front\n"} {
				if !strings.Contains(want, line) {
					t.Errorf("%q is missing:\n%s", line, want)
				}
			}
		}
		if diff := cmp.Diff(want, files()); diff != "" {
			t.Errorf("round %d: %s", round, diff)
		}
		for _, a := range attachments {
			f.Do(t, "DEL", a)
		}
	}
}
