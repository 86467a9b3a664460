package resolvers

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// full makes the test run in its full size.
var full = flag.Bool("full", false, "try 50 random networks, not 4")

// lookupName is the name that the test binary is called with to be Go's resolver.
const lookupName = "go-lookup"

// binary is the path of the plugin under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) {
	os.Exit(suite.Suite{
		Name:     "resolvers",
		Roles:    map[string]func() error{lookupName: lookup, askName: ask},
		Commands: []string{"gcc", "musl-gcc", "unshare"},
		Prepare: func(dir string) error {
			binary = filepath.Join(dir, "etcfiles")
			return suite.Build(dir, "./plugins/meta/etcfiles")
		},
	}.Run(m))
}

// lookup is testdata/lookup.c with Go's resolver.
func lookup() error {
	r := &net.Resolver{PreferGo: true}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		addresses, _ := r.LookupHost(context.Background(), in.Text()) // an error is no address
		for _, a := range addresses {
			fmt.Println(in.Text(), a)
		}
	}
	return in.Err()
}

// container is what one container of a round is called. Its names are made to be usable, the odd ones not to be.
type container struct {
	id           string
	addresses    []string
	hostname     string
	domain       string
	name         string
	aliases, odd []string
}

// TestResolvers attaches random containers and asks each resolver, with a container's file in the place of /etc/hosts, for
// every name that any of them has or was refused.
func TestResolvers(t *testing.T) {
	dir, programs := t.TempDir(), compile(t)
	rounds, lookups := 4, 0
	if *full {
		rounds = 50
	}
	for round := range rounds {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("%x", seed), func(t *testing.T) {
			lookups += runRound(t, rand.New(rand.NewPCG(seed, 0)), programs, filepath.Join(dir, fmt.Sprint(round)))
		})
	}
	t.Attr("torture", fmt.Sprintf("a lookup by glibc, musl or Go of a name of %d random networks, usable or not | %d | "+
		"exactly the addresses of those who have the name, none for what is no name", rounds, lookups)) // a row of integration/faults/table
}

// compile returns the programs that look names up, by the resolver that they have.
func compile(t *testing.T) map[string]string {
	t.Helper()
	dir, programs := t.TempDir(), map[string]string{}
	for resolver, compiler := range map[string]string{"glibc": "gcc", "musl": "musl-gcc"} {
		programs[resolver] = filepath.Join(dir, resolver)
		command(t, nil, compiler, "-O1", "-Wall", "-o", programs[resolver], "testdata/lookup.c")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	programs["Go"] = filepath.Join(dir, lookupName)
	if err := os.Symlink(self, programs["Go"]); err != nil {
		t.Fatal(err)
	}
	return programs
}

// runRound returns how many names were looked up.
func runRound(t *testing.T, random *rand.Rand, programs map[string]string, dir string) (lookups int) {
	containers := randomContainers(random)
	want := map[string][]string{}
	var odd []string
	for _, c := range containers {
		add(t, dir, c)
		for _, name := range c.all() {
			want[name] = append(want[name], c.addresses...)
		}
		odd = append(odd, c.odd...)
	}
	var query strings.Builder
	for name := range want {
		slices.Sort(want[name])
		fmt.Fprintln(&query, name)
	}
	slices.Sort(odd)
	odd = slices.Compact(odd)
	for _, name := range odd {
		if addresses := numeric(name); addresses != nil {
			want[name] = addresses // the resolvers' own doing
		}
	}
	viewer := containers[random.IntN(len(containers))]
	for _, name := range viewer.all() { // its own before a peer's
		want[name] = viewer.addresses
	}
	file := filepath.Join(dir, "data/etchosts/default", viewer.id, "hosts")
	for resolver, program := range programs {
		asked := query.String()
		for _, name := range odd {
			if resolver != "musl" || numeric(name) != nil { // for what is in no file musl would wait for a nameserver
				asked += name + "\n"
			}
		}
		lookups += strings.Count(asked, "\n")
		got := map[string][]string{}
		for line := range strings.Lines(command(t, []byte(asked), "unshare", "--mount", "--net", "--propagation", "private", "sh", "-c",
			`mount --bind "$1" /etc/hosts; mount --bind "$2" /etc/nsswitch.conf; mount --bind "$3" /etc/resolv.conf; exec "$4"`, "sh",
			file, scratch(t, "hosts: files\n"), scratch(t, ""), program)) {
			name, address, _ := strings.Cut(strings.TrimSpace(line), " ")
			got[name] = append(got[name], address)
		}
		for name := range got {
			slices.Sort(got[name])
		}
		expected := maps.Clone(want)
		if resolver == "Go" { // it takes no number for an address
			maps.DeleteFunc(expected, func(name string, _ []string) bool { return slices.Contains(odd, name) && !strings.Contains(name, ":") })
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("%s with the file of %s (-want +got):\n%s", resolver, viewer.id, diff)
		}
	}
	return lookups
}

// all returns the names under which the container is to be found.
func (c container) all() []string {
	names := []string{c.hostname, c.hostname + ".lab", c.name, c.name + ".lab"}
	if c.domain != "" {
		names = append(names, c.hostname+"."+c.domain)
	}
	return append(names, c.aliases...)
}

func randomContainers(random *rand.Rand) []container {
	taken := map[string]bool{}
	fresh := func(longest int) string {
		for {
			if s := randomName(random, longest); !taken[strings.ToLower(s)] {
				taken[strings.ToLower(s)] = true
				return s
			}
		}
	}
	shared := fresh(20)
	var out []container
	for i := range 2 + random.IntN(8) {
		c := container{
			id: fmt.Sprintf("c%d", i), hostname: fresh(40), name: fresh(60),
			addresses: []string{fmt.Sprintf("10.4.10.%d", i+2), fmt.Sprintf("fd00::%x", i+2)},
		}
		if random.IntN(2) == 0 {
			c.domain = fresh(30)
		}
		for range random.IntN(30) {
			c.aliases = append(c.aliases, fresh(1+random.IntN(63)))
		}
		if random.IntN(2) == 0 {
			c.aliases = append(c.aliases, shared)
		}
		for _, odd := range []string{"12345", "0x7f000001", "fd00::9", "münchen" + c.id, "-" + c.id, c.id + "-", strings.Repeat("x", 64)} {
			if random.IntN(3) == 0 {
				c.odd = append(c.odd, odd)
			}
		}
		out = append(out, c)
	}
	return out
}

// randomName returns a label that is not a number.
func randomName(random *rand.Rand, longest int) string {
	const first, inner = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcXYZ0123456789_-"
	b := []byte{first[random.IntN(len(first))], first[random.IntN(len(first))]}
	for range random.IntN(longest) {
		b = append(b, inner[random.IntN(len(inner))])
	}
	if len(b) > 62 {
		b = b[:62]
	}
	return string(append(b, 'z'))
}

// numeric returns what getaddrinfo(3) makes of a text without looking it up.
func numeric(s string) []string {
	return map[string][]string{"12345": {"0.0.48.57"}, "0x7f000001": {"127.0.0.1"}, "fd00::9": {"fd00::9"}}[s]
}

// add attaches the container, which has a network namespace of its own.
func add(t *testing.T, dir string, c container) {
	t.Helper()
	netns := filepath.Join(dir, "netns", c.id)
	if err := os.MkdirAll(filepath.Dir(netns), 0o755); err != nil {
		t.Fatal(err)
	}
	suite.Netns(t, netns)
	result, err := plugin.Result("1.0.0", "eth0", netns, c.addresses[0]+"/16", c.addresses[1]+"/64")
	if err != nil {
		t.Fatal(err)
	}
	conf := plugin.Config{
		Version: "1.0.0", Network: "lab", DataDir: filepath.Join(dir, "data"), Result: result,
		Extra: plugin.Object{"runtimeConfig": plugin.Object{"etcfiles": plugin.Object{
			"name": c.name, "hostname": c.hostname, "domainname": c.domain, "aliases": slices.Concat(c.aliases, c.odd),
		}}},
	}
	call := plugin.Call{Binary: binary, Command: "ADD", ID: c.id, Netns: netns, IfName: "eth0", Stdin: conf.Bytes()}
	if _, err := call.Succeed(); err != nil {
		t.Fatal(err)
	}
}

// command runs a program with stdin and returns its stdout.
func command(t *testing.T, stdin []byte, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return string(out)
}

// scratch returns a file with the text.
func scratch(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
