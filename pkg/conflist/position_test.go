package conflist

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLines: every value is on the line of its key, or on its own in a list; the last of two equal keys counts.
func TestLines(t *testing.T) {
	n, err := decode([]byte("\n{ \"a\":\n  1, \"b\": { \"c.d\": [\n 2,\n {\"e\" : \"x, y\"}\n] },\n\"a\": null }\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var walk func(key string, n *node)
	walk = func(key string, n *node) {
		got = append(got, fmt.Sprintf("%s:%d:%s", key, n.line, strings.Join(strings.Fields(string(n.raw)), "")))
		for _, f := range n.fields {
			walk(f.key, f.node)
		}
		for _, item := range n.items {
			walk("-", item)
		}
	}
	walk("", n)
	want := []string{
		`:2:{"a":1,"b":{"c.d":[2,{"e":"x,y"}]},"a":null}`, `a:2:1`, `b:3:{"c.d":[2,{"e":"x,y"}]}`, `c.d:3:[2,{"e":"x,y"}]`,
		`-:4:2`, `-:5:{"e":"x,y"}`, `e:5:"x,y"`, `a:7:null`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for key, line := range map[string]int{"": 2, "a": 7, "b": 3, "b.c.d": 3, "b.nothing": 3, "nothing": 2} {
		if got := n.lineOfKey(key); got != line {
			t.Errorf("line of %q: %d, want %d", key, got, line)
		}
	}
	if _, ok := n.get("a").text(); ok {
		t.Error("null is a text")
	}
}

// TestSyntaxLines: text that is not JSON is reported at the line where it stops being JSON.
func TestSyntaxLines(t *testing.T) {
	for text, line := range map[string]int{
		"": 1, "{\n": 1, "{\n\"a\": 1\n": 2, "{\n\"a\": tru\n}": 2, "{}\n\nx": 3, "{\"a\":\n\"\x01\"}": 2, "{\n\"a\": 1,\n}": 3,
	} {
		_, err := decode([]byte(text))
		var syntax *syntaxError
		if !errors.As(err, &syntax) || syntax.line != line {
			t.Errorf("%q: %+v, want line %d", text, err, line)
		}
	}
}

// FuzzDecode: what encoding/json takes is taken apart into the same values, all else is an error with a line.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":[1,"b",{"c":null}],"d":{}}`))
	f.Add([]byte(" [ ]"))
	f.Add([]byte(`{"a":`))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := decode(text)
		if err != nil {
			var syntax *syntaxError
			if json.Valid(text) || !errors.As(err, &syntax) || syntax.line < 1 || syntax.line > 1+strings.Count(string(text), "\n") {
				t.Fatalf("%+v", err)
			}
			return
		}
		if !json.Valid(n.raw) || strings.TrimSpace(string(text)) != strings.TrimSpace(string(n.raw)) {
			t.Fatalf("%q is taken for %q", text, n.raw)
		}
		for _, f := range n.fields {
			if !json.Valid(f.raw) {
				t.Fatalf("%q", f.raw)
			}
		}
	})
}
