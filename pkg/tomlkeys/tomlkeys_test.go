package tomlkeys

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParse: every table and every key is there with its line and its value; what is in an inline table is not.
func TestParse(t *testing.T) {
	const text = "version = 2\n\n[a.'b.c'] # x\n  s = \"one\" # y\n  yes = true\n\td.list = ['p', \"q\", {append = true}]\n[[e]]\nin = {line = 1}"
	got, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	bytes := func(s string) (from, to int) { from = strings.Index(text, s); return from, from + len(s) }
	key := func(line int, source string, table []string, path ...string) Part {
		k := Part{Path: append(append([]string(nil), table...), path...), Table: table, Line: line}
		k.From, k.To = bytes(source)
		return k
	}
	table := []string{"a", "b.c"}
	version, one, yes := key(1, "version = 2", nil, "version"), key(4, `s = "one"`, table, "s"), key(5, "yes = true", table, "yes")
	list, in := key(6, `d.list = ['p', "q", {append = true}]`, table, "d", "list"), key(8, "in = {line = 1}", []string{"e"}, "in")
	version.Number, one.Text, yes.Bool, list.List, list.Mixed = 2, "one", true, []string{"p", "q"}, true
	_, first := bytes("[a.'b.c'] # x")
	_, second := bytes("[[e]]")
	want := &Text{
		Headers: []Part{{Path: table, Line: 3, To: first}, {Path: []string{"e"}, Line: 7, To: second}},
		Keys:    []Part{version, one, yes, list, in},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if k := got.Key("a", "b.c", "s"); k == nil || k.Text != "one" || got.Key("a", "s") != nil || got.Header("e") == nil || got.Header("a") != nil {
		t.Errorf("%+v", k)
	}
	if _, err := Parse([]byte("a = 1\n[b\n")); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Error(err)
	}
}
