package main

import (
	"strings"
	"testing"
)

// lines of go test -json.
const (
	row    = `{"Action":"attr","Package":"p","Test":"TestA","Key":"torture","Value":"a kill | 7 | repaired"}`
	other  = `{"Action":"attr","Package":"p","Test":"TestA","Key":"other","Value":"a kill | 9 | repaired"}`
	passed = `{"Action":"pass","Package":"p","Test":"TestA"}`
	said   = `{"Action":"output","Package":"p","Test":"TestA","Output":"it is wrong\n"}`
	failed = `{"Action":"fail","Package":"p","Test":"TestA"}`
)

func TestTable(t *testing.T) {
	var table, progress strings.Builder
	if err := printTable(strings.NewReader(row+other+passed), &table, &progress); err != nil {
		t.Fatal(err)
	}
	const want = "* **a kill**, 7 times: repaired\n"
	if table.String() != want {
		t.Errorf("it printed\n%swant\n%s", table.String(), want)
	}
}

func TestFailures(t *testing.T) {
	for name, events := range map[string]string{
		"a failed test": row + said + failed,
		"no row":        other + passed,
		"no JSON":       "FAIL",
	} {
		var table, progress strings.Builder
		if err := printTable(strings.NewReader(events), &table, &progress); err == nil {
			t.Errorf("%s is no error", name)
		}
		if strings.Contains(table.String(), "a kill") {
			t.Errorf("%s has a row", name)
		}
		if strings.Contains(events, said) && !strings.Contains(progress.String(), "it is wrong") {
			t.Errorf("%s: what the test says is lost", name)
		}
	}
}
