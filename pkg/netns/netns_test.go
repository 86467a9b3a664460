package netns

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newNamespace returns the path of a new network namespace whose loopback interface has the addresses.
func newNamespace(t *testing.T, addresses ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may make a network namespace")
	}
	name := "netns-test-" + strconv.Itoa(os.Getpid())
	ip := func(args ...string) {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %q: %v: %s", args, err, out)
		}
	}
	ip("netns", "add", name)
	t.Cleanup(func() { ip("netns", "delete", name) })
	ip("-n", name, "link", "set", "lo", "up")
	for _, address := range addresses {
		ip(slices.Concat([]string{"-n", name, "address", "add", "dev", "lo"}, strings.Fields(address))...)
	}
	return filepath.Join("/run/netns", name)
}

// TestAddresses: every address of every family is there with the interface that has it; the peer of one is none.
func TestAddresses(t *testing.T) {
	path := newNamespace(t, "10.231.9.7/24", "10.231.9.8 peer 10.231.9.9", "fd00::7/64")
	have, err := Addresses(path, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"127.0.0.1", "::1", "10.231.9.7", "10.231.9.8", "fd00::7"} {
		if got := have[netip.MustParseAddr(want)]; !slices.Equal(got, []string{"lo"}) {
			t.Errorf("%s: got the interfaces %q", want, got)
		}
	}
	if len(have) != 5 {
		t.Errorf("got %v", have)
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	if _, err := Addresses(path, st.Dev, st.Ino); err != nil {
		t.Error(err)
	}
	if _, err := Addresses(path, st.Dev, st.Ino+1); err == nil {
		t.Error("another namespace is taken for the one")
	}
}
