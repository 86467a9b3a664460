package admin

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/etcfiles/etcfiles/pkg/counters"
)

// series parses the text as Prometheus does, and returns the values of all series.
func series(t *testing.T, text []byte) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	values := map[string]float64{}
	for name, f := range families {
		if f.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		if counts := f.GetType().String() == "COUNTER"; counts != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %s", name, f.GetType())
		}
		for _, m := range f.GetMetric() {
			key := name
			for _, l := range m.GetLabel() {
				key += "|" + l.GetName() + "=" + l.GetValue()
			}
			if _, twice := values[key]; twice {
				t.Errorf("%s is there twice", key)
			}
			values[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return values
}

// TestCountsAreReadByPrometheus: every count stands where Prometheus' own parser looks for it.
func TestCountsAreReadByPrometheus(t *testing.T) {
	c := counters.Operation("GC", 1_500_000_000, 11)
	c.LockWait, c.Repairs, c.Pruned, c.Warnings = 250_000_000, 2, 3, 1<<53
	var b bytes.Buffer
	writeCounts(&b, c)
	got := series(t, b.Bytes())
	if len(got) != 5+5*len(counters.Codes())+5+4 {
		t.Errorf("%d series", len(got))
	}
	for key, n := range got {
		if n == 0 {
			delete(got, key)
		}
	}
	want := map[string]float64{
		"etcfiles_operations_total|command=GC": 1, "etcfiles_operation_seconds_total|command=GC": 1.5,
		"etcfiles_failures_total|command=GC|code=11": 1, "etcfiles_lock_wait_seconds_total": 0.25,
		"etcfiles_repairs_total": 2, "etcfiles_pruned_total": 3, "etcfiles_warnings_total": 1 << 53,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzLabels: whatever a label holds comes back.
func FuzzLabels(f *testing.F) {
	f.Add(`plain`, 1.0)
	f.Add("a\"b\\c\nd{},=#", -0.5)
	f.Add("\xff\\", 1e300)
	f.Fuzz(func(t *testing.T, value string, n float64) {
		if n != n {
			return
		}
		var b bytes.Buffer
		family{"x", "An x.", "gauge"}.write(&b, sample{n, []label{{"first", value}, {"second", "y"}}})
		want := map[string]float64{"x|first=" + strings.ToValidUTF8(value, "\uFFFD") + "|second=y": n}
		if diff := cmp.Diff(want, series(t, b.Bytes())); diff != "" {
			t.Error(diff)
		}
	})
}
