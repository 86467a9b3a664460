package main

import (
	"strings"
	"testing"
	"time"
)

func TestPrintBar(t *testing.T) {
	ms := time.Millisecond
	good := []row{
		{n: 1, least: 3 * ms, add: 5 * ms, del: 6 * ms},
		{n: 1000, floor: 5 * ms, add: 25 * ms, del: 20 * ms, acquire: 2000 * ms, release: 1000 * ms},
	}
	var out strings.Builder
	if !printBar(&out, good) || strings.Contains(out.String(), "NOT met") {
		t.Errorf("expected all met:\n%s", out.String())
	}
	bad := []row{good[0], good[1]}
	bad[0].add, bad[1].del = 7*ms, 26*ms
	out.Reset()
	if printBar(&out, bad) || strings.Count(out.String(), "NOT met") != 3 {
		t.Errorf("expected ADD at 1, DEL/floor and Release/DEL to be missed:\n%s", out.String())
	}
	out.Reset()
	if !printBar(&out, good[:1]) || strings.Count(out.String(), "not measured") != 4 {
		t.Errorf("expected the large network to be left out:\n%s", out.String())
	}
}
