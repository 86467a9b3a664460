package cluster

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// measure is for make bench-cluster.
var measure = flag.Bool("measure", false, "measure in full, and print a table")

// row is a line of the table.
type row struct{ what, bar, seen string }

// TestMeasure measures what the page promises. Without -measure it does so with little, and looks at no bar: then it is only to work.
func TestMeasure(t *testing.T) {
	if !*measure {
		t.Parallel()
	}
	times, crowd := 5, 2
	if *measure {
		times, crowd = 200, 100
	}
	var rows []row
	rows = append(rows, visible(t, times))
	rows = append(rows, many(t, crowd)...)
	rows = append(rows, load(t, crowd)...)
	if *measure {
		fmt.Println("| | bar | seen |\n| --- | --- | --- |")
		for _, r := range rows {
			fmt.Printf("| %s | %s | %s |\n", r.what, r.bar, r.seen)
		}
	}
}

// visible measures from the return of an ADD on one host to the name in a container's file on another.
func visible(t *testing.T, times int) row {
	w, h1, h2 := pair(t, 3)
	h1.well()
	var took []time.Duration
	for i := range times {
		id := fmt.Sprintf("v%d", i)
		h1.add(id, 3)
		begin := time.Now()
		for entries(h2.hosts("db"))[id] == nil {
			if time.Since(begin) > patience {
				t.Fatalf("%s is not seen", id)
			}
			time.Sleep(200 * time.Microsecond)
		}
		took = append(took, time.Since(begin))
		h1.del(id, 3)
		w.eventually(id+" is gone", func() bool { return entries(h2.hosts("db"))[id] == nil })
	}
	slices.Sort(took)
	return row{
		fmt.Sprintf("ADD returns on host 1 → name in a container's file on host 2, %d times", times), "p50 ≤ 30 ms, p99 ≤ 150 ms",
		fmt.Sprintf("p50 %v, p99 %v", took[len(took)/2].Round(100*time.Microsecond), took[len(took)*99/100].Round(100*time.Microsecond)),
	}
}

// crowd runs the program that plays many hosts, and returns what it prints.
func (w *world) crowd(args ...string) []string {
	w.t.Helper()
	var endpoints []string
	for _, m := range w.members {
		endpoints = append(endpoints, m.client())
	}
	return strings.Split(w.members[0].ns.run(append([]string{"crowd", "-endpoints", strings.Join(endpoints, ",")}, args...)...), "\n")
}

// memory returns what of the service's memory is resident now, and at most was, in MiB, and the CPU time that it has had.
func (h *host) memory() (now, most float64, cpu time.Duration) {
	h.w.t.Helper()
	for _, pid := range descendants(h.service.cmd.Process.Pid) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			h.w.t.Fatal(err)
		}
		for line := range strings.Lines(string(status)) {
			f := strings.Fields(line)
			if len(f) < 2 {
				continue
			}
			n, _ := strconv.ParseFloat(f[1], 64)
			switch f[0] {
			case "VmRSS:":
				now = n / 1024
			case "VmHWM:":
				most = n / 1024
			}
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			h.w.t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		f := strings.Fields(rest)
		user, _ := strconv.Atoi(f[11])
		system, _ := strconv.Atoi(f[12])
		cpu = time.Duration(user+system) * 10 * time.Millisecond
	}
	return now, most, cpu
}

// many has a crowd appear at once to a host with 20 containers, whose service is at rest before.
func many(t *testing.T, hosts int) []row {
	w := newWorld(t, 3, 1)
	h := w.hosts[0]
	h.config["ttl"] = "30s"
	h.network["within"], h.network["maxNames"] = "10.0.0.0/8", 10_000
	local := 3
	rest := time.Second
	if *measure {
		local, rest = 20, 30*time.Second
	}
	for i := range local {
		h.add(fmt.Sprintf("l%d", i), 2+i)
	}
	h.serve()
	h.well()
	_, _, before := h.memory()
	time.Sleep(rest)
	resting, _, after := h.memory()
	lines := w.crowd("-hosts", strconv.Itoa(hosts))
	var names int
	var took float64
	var written int64
	if _, err := fmt.Sscanf(lines[0], "written %d %f %d", &names, &took, &written); err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	all := func(path string) bool {
		text, err := os.ReadFile(path)
		count := 0
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "10.1") {
				count++
			}
		}
		return err == nil && count == names
	}
	for i := range local {
		for begin := time.Now(); !all(h.hosts(fmt.Sprintf("l%d", i))); time.Sleep(5 * time.Millisecond) {
			if time.Since(begin) > 10*patience { // what is too slow is a row of the table, too
				t.Fatal("the names do not come")
			}
		}
	}
	there := time.Since(time.Unix(0, written))
	now, most, _ := h.memory()
	return []row{
		{
			fmt.Sprintf("%d names at once, %d local containers: all there after the last write (written in %.1f s)", names, local, took), "≤ 2 s",
			fmt.Sprintf("%.2f s", there.Seconds()),
		},
		{"the service's memory then, and at most", "≤ 64 MiB", fmt.Sprintf("%.0f MiB, %.0f MiB", now, most)},
		{
			"the service at rest", "≤ 20 MiB, ≤ 0.1% of a core",
			fmt.Sprintf("%.0f MiB, %.2f%% over %v", resting, 100*(after-before).Seconds()/rest.Seconds(), rest),
		},
	}
}

// load has etcd take and deliver as much as it can on this machine.
func load(t *testing.T, hosts int) []row {
	watchers, churn, networks := 5, "200ms", 2
	if *measure {
		watchers, churn, networks = 500, "10s", 10
	}
	w := newWorld(t, 3, 0)
	lines := w.crowd("-hosts", strconv.Itoa(hosts*networks), "-networks", strconv.Itoa(networks), "-watchers", strconv.Itoa(watchers), "-churn", churn)
	return []row{
		{
			fmt.Sprintf("seen: %d hosts × 100 containers in %d networks, %d watchers of one, servers, watchers and load on this machine", hosts*networks, networks, watchers),
			"33 changes/s, 33,000 deliveries/s for 10 networks", lines[1],
		},
		{"arithmetic: 1,000 hosts × 100, 10% a minute, one network", "–", "333 changes/s, 333,000 deliveries/s, 100,000 names: \"network\", and the network split"},
		{"arithmetic: the same in 10 networks", "–", "333 changes/s, 33,000 deliveries/s, 10,000 names each: \"containers\" at its limit, or \"network\""},
		{"arithmetic: the same in 50 networks", "–", "333 changes/s, 6,700 deliveries/s, 2,000 names each: \"containers\""},
	}
}

// buildCrowd builds the program that plays many hosts.
func buildCrowd(dir string) error {
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "crowd"), "./crowd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build crowd: %w\n%s", err, out)
	}
	return nil
}
