package ocispec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON object that keeps the order of its keys and whatever it has that nobody asked about.
type object struct {
	keys   []string
	values map[string]json.RawMessage
}

// parseObject reads an object; null, or no text at all, is an empty one.
func parseObject(b []byte) (*object, error) {
	o := &object{values: map[string]json.RawMessage{}}
	if b = bytes.TrimSpace(b); len(b) == 0 || string(b) == "null" {
		return o, nil
	}
	if err := json.Unmarshal(b, &o.values); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, fmt.Errorf("key %v is no text", key)
		}
		if !slices.Contains(o.keys, name) {
			o.keys = append(o.keys, name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *object) get(key string) json.RawMessage { return o.values[key] }

// set gives a key a value; a new key comes last.
func (o *object) set(key string, value any) {
	b, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts, maps of texts and what was parsed from JSON
	}
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = b
}

// remove takes a key out and tells whether it was there.
func (o *object) remove(key string) bool {
	i := slices.Index(o.keys, key)
	if i < 0 {
		return false
	}
	o.keys = slices.Delete(o.keys, i, i+1)
	delete(o.values, key)
	return true
}

// MarshalJSON implements json.Marshaler.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(o.values[key])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// indented returns the object as `runc spec` writes one, with tabs.
func (o *object) indented() ([]byte, error) {
	flat, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, flat, "", "\t")
	return b.Bytes(), err
}
