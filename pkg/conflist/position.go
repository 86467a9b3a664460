package conflist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// node is a JSON value that knows where it stands.
type node struct {
	file   string // "" for the one that is looked at
	line   int    // of its key in an object, else of its first byte; from 1
	start  int    // offset of raw in the text, in bytes
	raw    json.RawMessage
	fields []field // of an object, in order
	items  []*node // of an array
	object bool
}

type field struct {
	key string
	*node
}

// syntaxError is an error of JSON itself.
type syntaxError struct {
	line int
	err  error
}

func (e *syntaxError) Error() string { return e.err.Error() }
func (e *syntaxError) Unwrap() error { return e.err }

// decode takes a JSON text apart. The error is a *syntaxError.
func decode(text []byte) (*node, error) { return decodeFile("", text) }

// decodeFile is decode with values that know in which file they stand.
func decodeFile(file string, text []byte) (*node, error) {
	var raw json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, located(text, err)
	}
	p := &positions{file: file, text: text, decoder: json.NewDecoder(bytes.NewReader(text))}
	p.decoder.UseNumber() // any number is fine here
	return p.value(0)
}

// located finds the line of an error of encoding/json.
func located(text []byte, err error) error {
	at := len(bytes.TrimRight(text, " \t\r\n"))
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset > 0 {
		at = min(at, int(syntax.Offset)-1)
	}
	return &syntaxError{lineOf(text, at), err}
}

func lineOf(text []byte, offset int) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }

// positions reads values one after another.
type positions struct {
	file    string
	text    []byte
	decoder *json.Decoder
}

// value reads the next value; line is that of its key, 0 if it has none.
func (p *positions) value(line int) (*node, error) {
	start := int(p.decoder.InputOffset())
	for start < len(p.text) && strings.IndexByte(" \t\r\n,:", p.text[start]) >= 0 {
		start++
	}
	n := &node{file: p.file, line: line, start: start}
	if line == 0 {
		n.line = lineOf(p.text, start)
	}
	token, err := p.decoder.Token()
	if err != nil {
		return nil, located(p.text, err)
	}
	switch token {
	case json.Delim('{'):
		n.object = true
		for p.decoder.More() {
			key, err := p.decoder.Token()
			if err != nil {
				return nil, located(p.text, err)
			}
			value, err := p.value(lineOf(p.text, int(p.decoder.InputOffset())))
			if err != nil {
				return nil, err
			}
			n.fields = append(n.fields, field{fmt.Sprint(key), value})
		}
	case json.Delim('['):
		for p.decoder.More() {
			item, err := p.value(0)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	}
	if token == json.Delim('{') || token == json.Delim('[') {
		if _, err := p.decoder.Token(); err != nil {
			return nil, located(p.text, err)
		}
	}
	n.raw = p.text[start:p.decoder.InputOffset()]
	return n, nil
}

// end returns the offset behind the value.
func (n *node) end() int { return n.start + len(n.raw) }

// get returns the value of a key, the last of several as encoding/json takes it, or nil.
func (n *node) get(key string) *node {
	var found *node
	if n != nil {
		for _, f := range n.fields {
			if f.key == key {
				found = f.node
			}
		}
	}
	return found
}

// text returns a string value, false for anything else.
func (n *node) text() (string, bool) {
	var s string
	if n == nil || json.Unmarshal(n.raw, &s) != nil || string(n.raw) == "null" {
		return "", false
	}
	return s, true
}

// list returns the elements of a list, none for anything else.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// isTrue reports whether libcni takes a value for true: it takes texts too.
func (n *node) isTrue() bool {
	text, _ := n.text()
	return n != nil && string(n.raw) == "true" || strings.EqualFold(text, "true")
}

// lineOfKey returns the line of a key, with the keys above it separated by dots; as far as they are there.
func (n *node) lineOfKey(path string) int {
	line := n.line
	for path != "" {
		next, rest := n.get(path), ""
		if next == nil {
			var key string
			key, rest, _ = strings.Cut(path, ".")
			next = n.get(key)
		}
		if next == nil {
			break
		}
		n, line, path = next, next.line, rest
	}
	return line
}

// readNode returns what a file of JSON holds, a value without keys for what is none.
func readNode(path string) *node {
	if text, err := safefile.ReadLinked(path, maxConflist); err == nil {
		if n, err := decodeFile(path, text); err == nil {
			return n
		}
	}
	return &node{file: path, line: 1}
}
