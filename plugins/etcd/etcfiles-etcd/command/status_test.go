package command

import (
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
)

// TestStatusOfStart: where status exits 1 it says why, also before anything has gone wrong.
func TestStatusOfStart(t *testing.T) {
	s := &shownStatus{Running: true, Status: &agent.Status{Host: "h1", Networks: []agent.NetworkStatus{{Namespace: "default", Network: "lab"}}}}
	var out strings.Builder
	s.print(&out)
	const want = `host h1: etcd has not answered yet, 0 containers published
network default/lab: 0 names of 0 hosts
the service has just been started: not everything has been published and read yet
`
	if out.String() != want {
		t.Errorf("%s, want\n%s", out.String(), want)
	}
}
