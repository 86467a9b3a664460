package admin

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/inspect"
)

// TestPageListsEveryMetric: the page has the metrics that are printed, and no others.
func TestPageListsEveryMetric(t *testing.T) {
	dir := hostsstore.Dir(t.TempDir())
	if err := startCounting(dir); err != nil {
		t.Fatal(err)
	}
	ns := dir.Namespace("ns")
	record := &hostsstore.Record{Namespace: "ns", ID: "web", Etcfiles: &hostsstore.Details{
		Version:     hostsstore.FormatVersion,
		Attachments: []hostsstore.Attachment{{Network: "lab", IfName: "eth0"}},
	}}
	var err error
	if record.Etcfiles.BootID, err = hostsstore.BootID(); err != nil {
		t.Fatal(err)
	}
	if err := ns.WriteRecord(record, false); err != nil {
		t.Fatal(err)
	}
	text, err := metrics(inspect.Of(&etcfiles.Manager{Dir: dir, Warnf: t.Errorf}), dir, "", "1")
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string]bool{}
	for series := range series(t, text) {
		name, _, _ := bytes.Cut([]byte(series), []byte("|"))
		printed[string(name)] = true
	}
	page, err := os.ReadFile("../LOGS.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("`(etcfiles_\\w+)`").FindAllSubmatch(page, -1) {
		listed[string(m[1])] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(printed)), slices.Sorted(maps.Keys(listed))); diff != "" {
		t.Errorf("(-printed +listed):\n%s", diff)
	}
}
