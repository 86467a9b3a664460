// Package tomlkeys takes a text of TOML (https://toml.io/en/v1.0.0) apart: which tables and keys it has, where, and with what values. It is
// for who looks into the configuration of another program, or changes a part of it and leaves every other byte as it is.
package tomlkeys

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Text has the headers of tables and the keys of a text, in its order.
type Text struct {
	Headers, Keys []Part
}

// Part is a header of a table, or a key with its value. A key in an inline table is a part of that value, and has none of its own.
type Part struct {
	Path     []string // of the table, or of the key from the root
	Table    []string // the one that a key is in
	Line     int      // from 1
	From, To int      // of a key the bytes; of a header only To, the end of its line
	Indent   string   // of a header
	Text     string   // of a key whose value is a string
	Number   int      // of a key whose value is an integer
	Bool     bool     // of a key whose value is a boolean
	List     []string // of a key whose value is an array: the strings in it
	Mixed    bool     // of such a one: something else is in it too
}

// Parse takes a text apart. The error says in which line it is no TOML.
func Parse(config []byte) (*Text, error) {
	var all Text
	var table []string
	p := unstable.Parser{}
	p.Reset(config)
	for p.NextExpression() {
		e := p.Expression()
		var names []string
		var last unstable.Range
		for it := e.Key(); it.Next(); {
			names, last = append(names, string(it.Node().Data)), it.Node().Raw
		}
		line := bytes.Count(config[:last.Offset], []byte("\n")) + 1
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = names
			start := bytes.LastIndexByte(config[:last.Offset], '\n') + 1
			to := int(last.Offset)
			if n := bytes.IndexByte(config[to:], '\n'); n >= 0 {
				to += n
			} else {
				to = len(config)
			}
			indent := config[start : start+bytes.IndexByte(config[start:], '[')]
			all.Headers = append(all.Headers, Part{Path: table, Line: line, To: to, Indent: string(indent)})
		case unstable.KeyValue:
			k := Part{Path: slices.Concat(table, names), Table: table, Line: line}
			k.From, k.To = int(e.Raw.Offset), int(e.Raw.Offset+e.Raw.Length)
			switch value := e.Value(); value.Kind {
			case unstable.String:
				k.Text = string(value.Data)
			case unstable.Integer:
				k.Number, _ = strconv.Atoi(string(value.Data))
			case unstable.Array:
				for it := value.Children(); it.Next(); {
					if item := it.Node(); item.Kind == unstable.String {
						k.List = append(k.List, string(item.Data))
					} else {
						k.Mixed = true
					}
				}
			case unstable.Bool:
				k.Bool = string(value.Data) == "true"
			}
			all.Keys = append(all.Keys, k)
		}
	}
	if err := p.Error(); err != nil {
		line := 1
		if wrong := (*unstable.ParserError)(nil); errors.As(err, &wrong) && len(wrong.Highlight) > 0 {
			line = p.Shape(p.Range(wrong.Highlight)).Start.Line
		}
		return nil, fmt.Errorf("line %d: the TOML cannot be read: %w", line, err)
	}
	return &all, nil
}

// Key returns the first key of the path, or nil.
func (t *Text) Key(path ...string) *Part { return find(t.Keys, path) }

// Header returns the first header of the table, or nil.
func (t *Text) Header(path ...string) *Part { return find(t.Headers, path) }

func find(parts []Part, path []string) *Part {
	for i := range parts {
		if slices.Equal(parts[i].Path, path) {
			return &parts[i]
		}
	}
	return nil
}
