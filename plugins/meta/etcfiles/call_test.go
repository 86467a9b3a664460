package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// caller calls the whole plugin, from the environment and stdin to what it prints, on a data directory of its own.
type caller struct {
	t            testing.TB
	dir          string
	id, ifName   string
	netns, extra string // CNI_NETNS, CNI_ARGS
}

func newCaller(t testing.TB) *caller {
	dir, err := os.MkdirTemp("/dev/shm", "etcfiles-call-") // in memory: a record is synced to the disk
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &caller{t: t, dir: dir, id: "web", ifName: "eth0", netns: "/proc/self/ns/net"}
}

// confined returns a configuration whose files are all in the directory of the caller. Of equal keys the last counts. What is
// not a JSON object stays as it is.
func (c *caller) confined(conf []byte) []byte {
	var keys map[string]json.RawMessage
	if json.Unmarshal(conf, &keys) != nil || keys == nil {
		return conf
	}
	comma := ","
	if len(keys) == 0 {
		comma = ""
	}
	conf = bytes.TrimSuffix(bytes.TrimSpace(conf), []byte("}"))
	return fmt.Appendf(nil, `%s%s"dataDir":%q,"logFile":%q,"baseHostsFile":%q}`,
		conf, comma, filepath.Join(c.dir, "data"), filepath.Join(c.dir, "log"), filepath.Join(c.dir, "base"))
}

// call runs a command and holds it to the specification: a result or an error with a code and a message. It returns the code.
func (c *caller) call(command string, conf []byte) uint {
	c.t.Helper()
	for key, value := range map[string]string{
		"CNI_COMMAND": command, "CNI_CONTAINERID": c.id, "CNI_IFNAME": c.ifName, "CNI_NETNS": c.netns, "CNI_ARGS": c.extra,
		"CNI_PATH": "/",
	} {
		if err := os.Setenv(key, value); err != nil { // a value with a NUL
			return 0
		}
	}
	var stdout bytes.Buffer
	p := &plugin{stdout: &stdout, stderr: io.Discard, override: true}
	err := p.call(bytes.NewReader(c.confined(conf)))
	_ = os.Stdin.Close()
	if err != nil {
		e := cniError(err)
		if e.Code == 0 || e.Msg == "" || strings.Contains(err.Error(), "not found") || stdout.Len() > 0 {
			c.t.Errorf("%s: code %d, %q, stdout %q\n%s", command, e.Code, e.Error(), &stdout, conf)
		}
		return e.Code
	}
	var result map[string]any
	if command == "ADD" && json.Unmarshal(stdout.Bytes(), &result) != nil || command != "ADD" && stdout.Len() > 0 {
		c.t.Errorf("%s printed %q\n%s", command, &stdout, conf)
	}
	return 0
}

// life calls all commands with one configuration. A DEL of what ADD has taken succeeds, and leaves nothing of it.
func (c *caller) life(conf []byte) {
	c.t.Helper()
	added := c.call("ADD", conf) == 0
	for _, command := range []string{"CHECK", "STATUS", "GC"} {
		c.call(command, conf)
	}
	code := c.call("DEL", conf)
	left, _ := filepath.Glob(filepath.Join(c.dir, "data", "etchosts", "*", "*", "meta.json"))
	if added && (code != 0 || len(left) > 0) {
		c.t.Errorf("DEL: code %d, left %q\n%s", code, left, conf)
	}
}

// everything is a configuration with all that the plugin understands.
const everything = `{"cniVersion":"1.1.0","name":"lab","type":"etcfiles","namespace":"ns","domain":"example.org",
"dns":{"nameservers":["192.0.2.53"],"domain":"example.org","search":["example.org"],"options":["ndots:2"]},
"fallbackNameservers":["192.0.2.54"],"extraHosts":["printer:192.0.2.9","gw:host-gateway"],"marker":"etcfiles",
"allowQualifiedAliases":true,"keepFiles":false,"lockTimeout":"5s","logLevel":"debug",
"capabilities":{"etcfiles":true,"aliases":true,"dns":true,"io.kubernetes.cri.pod-annotations":true},
"runtimeConfig":{"etcfiles":{"name":"web","hostname":"web","domainname":"example.org","namespace":"ns","aliases":["www"],
"extraHosts":["db:[2001:db8::9]"],"dns":{"servers":["192.0.2.55"],"searches":["a.example"],"options":["edns0"]}},
"aliases":{"lab":["other"]},"dns":{"Servers":["192.0.2.56"],"Searches":["b.example"],"Options":["rotate"]},
"io.kubernetes.cri.pod-annotations":{"etcfiles/aliases":"x,y","etcfiles/extra-hosts":"z:192.0.2.10"}},
"prevResult":{"cniVersion":"1.1.0","interfaces":[{"name":"cni0","mac":"00:11:22:33:44:55"},{"name":"eth0","sandbox":"/run/netns/web"}],
"ips":[{"address":"10.4.10.15/24","gateway":"10.4.10.1","interface":1},{"address":"2001:db8::15/64","interface":1}],
"routes":[{"dst":"0.0.0.0/0","gw":"10.4.10.1"},{"dst":"::/0"}],"dns":{"nameservers":["192.0.2.57"]}},
"cni.dev/valid-attachments":[{"containerID":"web","ifname":"eth0"}]}`

// older is what a runtime gives to a conflist of a version before 1.0.0.
const older = `{"cniVersion":"0.3.1","name":"lab","type":"etcfiles","prevResult":{"cniVersion":"0.3.1",
"interfaces":[{"name":"eth0","sandbox":"/run/netns/web"}],"ips":[{"version":"4","address":"10.4.10.15/24","gateway":"10.4.10.1","interface":0}],
"routes":[{"dst":"0.0.0.0/0","gw":"10.4.10.1"}],"dns":{"nameservers":["192.0.2.57"]}}}`

// TestEveryValue: whatever stands in the place of any value of a configuration, a call ends with a result or an error.
func TestEveryValue(t *testing.T) {
	wrong := []any{nil, "", float64(-1), []any{nil}, map[string]any{"": nil}}
	for _, text := range []string{everything, older} {
		var conf any
		if err := json.Unmarshal([]byte(text), &conf); err != nil {
			t.Fatal(err)
		}
		if code := newCaller(t).call("ADD", []byte(text)); code != 0 {
			t.Fatalf("code %d for\n%s", code, text)
		}
		visit(conf, func(v any) { conf = v }, func(set func(any)) {
			c := newCaller(t)
			for _, w := range wrong {
				set(w)
				changed, err := json.Marshal(conf)
				if err != nil {
					t.Fatal(err)
				}
				c.life(changed)
			}
		})
	}
}

// visit calls do for each value in a decoded JSON value, with what sets it, and puts it back.
func visit(value any, set func(any), do func(set func(any))) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			visit(inner, func(x any) { v[key] = x }, do)
		}
	case []any:
		for i, inner := range v {
			visit(inner, func(x any) { v[i] = x }, do)
		}
	}
	do(set)
	set(value)
}

// FuzzCalls: whatever a runtime gives, a call ends with a result or an error of the specification.
func FuzzCalls(f *testing.F) {
	for _, conf := range []string{everything, older, `{}`, `[]`, `{"cniVersion":"1.0.0","name":"lab","type":"etcfiles"}`} {
		f.Add([]byte(conf), "web", "eth0", "IgnoreUnknown=1;K8S_POD_NAME=web;K8S_POD_NAMESPACE=shop")
	}
	f.Fuzz(func(t *testing.T, conf []byte, id, ifName, args string) {
		c := newCaller(t)
		c.id, c.ifName, c.extra = id, ifName, args
		c.life(conf)
	})
}
