package command

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
)

// TestMetrics: Prometheus reads the metrics, and the page lists each of them and no other.
func TestMetrics(t *testing.T) {
	age := 1.5
	s := &shownStatus{Running: true, Age: &age, Status: &agent.Status{
		Host: "h1", Version: "1", LastWord: time.Second, TTL: time.Second, Published: 3,
		Networks: []agent.NetworkStatus{{Namespace: "default", Network: "lab", Hosts: 1, Names: 2, Refused: []cluster.Refusal{{Host: "h\"2\n", Why: cluster.Overlap, Count: 4}, {Why: cluster.Malformed, Count: 5}}}},
	}}
	text, err := s.metrics()
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range families {
		if !strings.Contains(string(page), "\n| `"+name+"` | ") {
			t.Errorf("README.md lacks %s", name)
		}
	}
	if listed := strings.Count(string(page), "\n| `etcfiles_"); listed != len(families) {
		t.Errorf("README.md lists %d metrics of %d", listed, len(families))
	}
	if refused := families["etcfiles_remote_refused"].GetMetric(); len(refused) != 2 || refused[0].GetGauge().GetValue() != 4 || len(refused[0].GetLabel()) != 4 || len(refused[1].GetLabel()) != 3 {
		t.Errorf("%v", refused)
	}
}
