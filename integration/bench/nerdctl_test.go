package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/nerdctl/pkg/dnsutil/hostsstore"
	types100 "github.com/containernetworking/cni/pkg/types/100"
	"golang.org/x/sys/unix"
)

// shared is a data root that nerdctl and etcfiles use both.
type shared struct {
	t      *testing.T
	dir    string
	binary string
	netns  string
	store  hostsstore.Store
}

func newShared(t *testing.T) *shared {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test makes network namespaces: run it as root")
	}
	s := &shared{t: t, dir: t.TempDir(), binary: filepath.Join(t.TempDir(), "etcfiles")}
	if out, err := exec.Command("go", "build", "-C", "../..", "-o", s.binary, "./plugins/meta/etcfiles").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sleep := exec.Command("sleep", "1000")
	sleep.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
	})
	s.netns = fmt.Sprintf("/proc/%d/ns/net", sleep.Process.Pid)
	var err error
	if s.store, err = hostsstore.NewStore(s.dir); err != nil {
		t.Fatal(err)
	}
	return s
}

// cni runs the plugin and returns what it prints.
func (s *shared) cni(command, id, network, address string) string {
	s.t.Helper()
	conf := fmt.Sprintf(`{"cniVersion":"1.0.0","name":%q,"type":"etcfiles","dataDir":%q,"marker":"nerdctl","prevResult":%s}`,
		network, s.dir, s.result(address))
	cmd := exec.Command(s.binary)
	cmd.Stdin = strings.NewReader(conf)
	cmd.Env = []string{
		"CNI_COMMAND=" + command, "CNI_CONTAINERID=" + id, "CNI_NETNS=" + s.netns, "CNI_IFNAME=eth0", "CNI_PATH=" + filepath.Dir(s.binary),
	}
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%s %s: %v: %s", command, id, err, out)
	}
	return string(out)
}

func (s *shared) result(address string) string {
	return fmt.Sprintf(`{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":%q}],"ips":[{"address":"%s/24","interface":0}],"dns":{"nameservers":["192.0.2.1"]}}`,
		s.netns, address)
}

// meta is the record of a container of nerdctl's.
func (s *shared) meta(id, name string, networks map[string]string) hostsstore.Meta {
	m := hostsstore.Meta{Namespace: "default", ID: id, Name: name, Hostname: id[:12], Networks: map[string]*types100.Result{}}
	for network, address := range networks {
		m.Networks[network] = &types100.Result{CNIVersion: "1.0.0", IPs: []*types100.IPConfig{
			{Address: net.IPNet{IP: net.ParseIP(address), Mask: net.CIDRMask(24, 32)}},
		}}
	}
	return m
}

// clean has etcfiles check find nothing.
func (s *shared) clean(when string) {
	s.t.Helper()
	if out, err := exec.Command(s.binary, "check", "--data-dir", s.dir).CombinedOutput(); err != nil || !bytes.Contains(out, []byte("nothing is wrong")) {
		s.t.Errorf("%s: %v:\n%s", when, err, out)
	}
}

// finds compares what the hosts file of a container has for a name.
func (s *shared) finds(id, name string, want ...string) {
	s.t.Helper()
	data, err := os.ReadFile(hostsstore.HostsPath(s.dir, "default", id))
	if err != nil {
		s.t.Fatal(err)
	}
	if got := addresses(data, name); strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Errorf("%s has %q for %s, want %q:\n%s", id, got, name, want, data)
	}
}

func (s *shared) do(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// TestSharedWithNerdctl: etcfiles stands in the conflist of nerdctl itself, with nerdctl's data root. Nerdctl keeps the records of its
// own containers, a second one would take their names away; and after whatever nerdctl does with the store nothing is wrong there.
func TestSharedWithNerdctl(t *testing.T) {
	s := newShared(t)
	first, second := strings.Repeat("1f", 32), strings.Repeat("2e", 32)
	s.cni("ADD", "web", "lab", "10.4.10.15")
	s.clean("after an ADD")

	_, err := hostsstore.AllocHostsFile(s.dir, "default", first)
	s.do("alloc", err)
	s.clean("while nerdctl makes a container")
	var got, want any
	out := s.cni("ADD", "default-"+first, "lab", "10.4.10.16")
	if json.Unmarshal([]byte(out), &got) != nil || json.Unmarshal([]byte(s.result("10.4.10.16")), &want) != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the result is not passed through: %s", out)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "etchosts", "default", "default-"+first)); err == nil {
		t.Error("there is a second record")
	}
	s.finds("web", "default-1f1f")
	s.do("acquire", s.store.Acquire(s.meta(first, "server", map[string]string{"lab": "10.4.10.16"})))
	s.finds("web", "server", "10.4.10.16")
	s.finds(first, "web", "10.4.10.15")
	s.clean("after nerdctl run")
	s.cni("CHECK", "default-"+first, "lab", "10.4.10.16")

	s.cni("ADD", "db", "lab", "10.4.10.17")
	s.finds(first, "db", "10.4.10.17")
	s.finds("db", "server", "10.4.10.16")
	s.clean("after another ADD")

	s.do("acquire", s.store.Acquire(s.meta(second, "agent", map[string]string{"lab": "10.4.10.18", "back": "10.5.0.18"})))
	s.finds("db", "agent", "10.4.10.18")
	s.clean("after nerdctl run on a network of its own")
	s.cni("ADD", "api", "back", "10.5.0.19")
	s.finds("api", "agent", "10.5.0.18")
	s.clean("after an ADD there")

	s.do("rename", s.store.Update("default", second, "worker"))
	s.finds("db", "worker", "10.4.10.18")
	s.clean("after nerdctl rename")

	// What is wrong is found there too.
	hosts := hostsstore.HostsPath(s.dir, "default", "db")
	good, err := os.ReadFile(hosts)
	s.do("read", err)
	for what, bad := range map[string][]byte{
		"a line of nobody":  bytes.Replace(good, []byte("# </nerdctl>"), []byte("10.4.10.99 ghost\n# </nerdctl>"), 1),
		"a name of nobody":  bytes.Replace(good, []byte(" worker "), []byte(" ghost "), 1),
		"a line is missing": bytes.Replace(good, []byte("10.4.10.16 "), []byte("#0.4.10.16 "), 1),
	} {
		s.do("write", os.WriteFile(hosts, bad, 0o644))
		if out, err := exec.Command(s.binary, "check", "--data-dir", s.dir).CombinedOutput(); err == nil {
			t.Errorf("%s: %s", what, out)
		}
	}
	s.do("write", os.WriteFile(hosts, good, 0o644))
	s.clean("when it is as it was")

	s.cni("DEL", "api", "back", "10.5.0.19")
	s.clean("after a DEL")
	s.do("release", s.store.Release("default", second))
	s.finds("db", "worker")
	s.clean("after nerdctl stop")
	s.do("dealloc", hostsstore.DeallocHostsFile(s.dir, "default", second))
	s.clean("after nerdctl rm")
	s.cni("DEL", "default-"+first, "lab", "10.4.10.16")
	s.finds("db", "server", "10.4.10.16")
	s.do("release", s.store.Release("default", first))
	s.clean("after the last nerdctl stop")
	s.cni("DEL", "db", "lab", "10.4.10.17")
	s.finds("web", "server")
	s.finds("web", "web", "10.4.10.15")
	s.clean("at the end")
}
