package faults

import (
	"context"
	"os/exec"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// Error codes of the plugin, see its README.
const (
	codeLocked    = 11
	codeDifferent = 100
)

// member returns an attachment of any namespace.
func member(ns, id, ifName, network, addr string) fleet.Attachment {
	return fleet.Attachment{Namespace: ns, ID: id, IfName: ifName, Network: network, Addr: addr}
}

// call is one run of the plugin on a store: the same one can be made on others.
type call struct {
	verb    string
	dataDir string
	netns   string // path
	fleet.Attachment
	extra plugin.Object // wins in the configuration
}

// behind returns the call of the plugin behind a prefix.
func (c call) behind(prefix ...string) plugin.Call {
	f := fleet.Fleet{
		Binary: binary, DataDir: c.dataDir, Extra: plugin.Object{"dns": plugin.Object{"nameservers": []string{"192.0.2.53"}}},
	}
	p := f.CallIn(c.netns, c.verb, c.Attachment, c.extra)
	if c.netns == noNetns {
		p.Env = append(p.Env, "CNI_NETNS_OVERRIDE=1")
	}
	p.Prefix = prefix
	return p
}

// command returns the plugin behind a prefix.
func (c call) command(prefix ...string) *exec.Cmd {
	return c.behind(prefix...).Cmd(context.Background())
}

// run runs the call to its end.
func (c call) run() (plugin.Reply, error) { return c.behind().Run() }

// succeed runs the call, which must succeed without a warning.
func (c call) succeed() error { return c.behind().SucceedSilently() }

func mustSucceed(t *testing.T, c call) {
	t.Helper()
	if err := c.succeed(); err != nil {
		t.Fatal(err)
	}
}
