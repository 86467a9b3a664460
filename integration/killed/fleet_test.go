package killed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// attachment is a container on a network, with an alias if that is not "".
type attachment struct{ id, ifName, network, addr, alias string }

// names are those of its line in a hosts file, in order.
func (a attachment) names() []string {
	list := []string{a.id, a.id + "." + a.network}
	if a.alias != "" {
		list = append(list, a.alias)
	}
	return list
}

// fleet is a data directory and a network namespace for each container.
type fleet struct{ dataDir, netns string }

func newFleet(t *testing.T, dataDir string, all []attachment) fleet {
	t.Helper()
	f := fleet{dataDir, t.TempDir()}
	for _, a := range all {
		path := filepath.Join(f.netns, a.id)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		suite.Netns(t, path)
	}
	return f
}

type object = map[string]any

// command returns a call of the plugin behind a prefix. Keys of extra win in its configuration.
func (f fleet) command(verb string, a attachment, extra object, prefix ...string) (*exec.Cmd, error) {
	netns := filepath.Join(f.netns, a.id)
	conf := object{"cniVersion": "1.1.0", "name": a.network, "type": "etcfiles", "dataDir": f.dataDir}
	if verb != "GC" {
		conf["prevResult"] = object{
			"cniVersion": "1.1.0",
			"interfaces": []any{object{"name": a.ifName, "sandbox": netns}},
			"ips":        []any{object{"address": a.addr + "/16", "interface": 0}},
		}
	}
	if a.alias != "" {
		conf["capabilities"] = object{"aliases": true}
		conf["runtimeConfig"] = object{"aliases": []string{a.alias}}
	}
	for key, value := range extra {
		conf[key] = value
	}
	stdin, err := json.Marshal(conf)
	if err != nil {
		return nil, err
	}
	args := append(slices.Clone(prefix), binary)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "CNI_COMMAND=" + verb, "CNI_PATH=/", "GOMAXPROCS=2"}
	if verb != "GC" {
		cmd.Env = append(cmd.Env, "CNI_CONTAINERID="+a.id, "CNI_NETNS="+netns, "CNI_IFNAME="+a.ifName)
	}
	cmd.Stdin = bytes.NewReader(stdin)
	return cmd, nil
}

// run runs the plugin, which must succeed without a warning.
func (f fleet) run(t *testing.T, verb string, a attachment) {
	t.Helper()
	var stderr bytes.Buffer
	cmd, err := f.command(verb, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %v: %v\n%s%s", verb, a, err, out, &stderr)
	}
}

// putOff leaves a DEL to the next operation: the lock is not to be had.
func (f fleet) putOff(t *testing.T, a attachment) {
	t.Helper()
	dir, err := os.Open(f.records())
	if err == nil {
		err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd, err := f.command("DEL", a, object{"lockTimeout": "1ms"})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "the next operation") {
		t.Fatalf("DEL %v: %v\n%s", a, err, out)
	}
}

func (f fleet) records() string { return filepath.Join(f.dataDir, "etchosts/default") }

// left returns those of the attachments that the next operation is to find: the records have them, and no removal was
// put off.
func (f fleet) left(t *testing.T, list []attachment) []attachment {
	t.Helper()
	notes, err := filepath.Glob(filepath.Join(f.dataDir, "index/default/pending/[0-9]*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) > 0 {
		return nil
	}
	var out []attachment
	for _, a := range list {
		b, err := os.ReadFile(filepath.Join(f.records(), a.id, "meta.json"))
		if os.IsNotExist(err) {
			continue
		}
		var record struct {
			Etcfiles struct {
				Attachments []struct{ Network, IfName string }
			}
		}
		if err == nil {
			err = json.Unmarshal(b, &record)
		}
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(record.Etcfiles.Attachments, struct{ Network, IfName string }{a.network, a.ifName}) {
			out = append(out, a)
		}
	}
	return out
}

func line(addr string, names ...string) string {
	return fmt.Sprintf("%-15s %s", addr, strings.Join(names, " "))
}
