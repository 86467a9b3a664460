package blackbox

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// TestCheckBesideOperations: while containers come and go, check finds what is wrong, each time, and nothing else. Of what is wrong
// no operation on the network of those takes notice.
func TestCheckBesideOperations(t *testing.T) {
	const stay, looks, workers = 60, 12, 3
	ids := make([]string, stay+workers)
	for i := range ids {
		ids[i] = containerID(i)
	}
	f := newFleet(t, ids...)
	for i := range stay {
		network, addr := "lab", fmt.Sprintf("10.4.0.%d", 1+i)
		if i < 3 {
			network, addr = "other", fmt.Sprintf("10.5.0.%d", 1+i)
		}
		f.Do(t, "ADD", fleet.On(containerID(i), "eth0", network, addr))
	}
	if err := os.WriteFile(placeOf(f.DataDir, containerID(40)).own("hostname"), []byte("somebody\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	hosts := placeOf(f.DataDir, containerID(1)).hosts()
	text, err := os.ReadFile(hosts)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hosts, []byte(strings.Replace(string(text), "\n10.5.0.3 ", "\n#0.5.0.3 ", 1)), 0o644); err != nil {
		t.Fatal(err)
	}

	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range workers {
		a := fleet.On(containerID(stay+w), "eth0", "lab", fmt.Sprintf("10.4.1.%d", 1+w))
		wg.Go(func() {
			for command := "ADD"; ; {
				if err := f.Run(command, a); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
				command = map[string]string{"ADD": "DEL", "DEL": "ADD"}[command]
			}
		})
	}
	defer wg.Wait()
	defer close(stop)
	want := []string{"hosts-lacks " + containerID(1), "hostname-differs " + containerID(40)}
	for range looks {
		out, err := exec.Command(binary, "check", "-o", "json", "--data-dir", f.DataDir).Output()
		var findings []struct{ Problem, ID string }
		if jsonErr := json.Unmarshal(out, &findings); jsonErr != nil {
			t.Fatalf("%v: %v: %s", err, jsonErr, out)
		}
		var have []string
		for _, f := range findings {
			have = append(have, f.Problem+" "+f.ID)
		}
		if !slices.Equal(have, want) {
			t.Fatalf("found: %s", out)
		}
	}
}
