package hostsstore

import (
	"cmp"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// encodeRecord is json.Marshal for a record. Before it writes the first structure json learns all fields of all that may be in one: a
// hundred times the work of writing a record, and a tenth of a container's start, which writes one.
func encodeRecord(r *Record) ([]byte, error) {
	return appendStruct(make([]byte, 0, usualRecord), reflect.ValueOf(r).Elem())
}

// usualRecord is how many bytes most records have at most.
const usualRecord = 2048

func appendStruct(b []byte, v reflect.Value) ([]byte, error) {
	b = append(b, '{')
	before := len(b)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		if option == "omitempty" && empty(v.Field(i)) || option == "omitzero" && v.Field(i).IsZero() {
			continue
		}
		if len(b) > before {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, cmp.Or(name, field.Name)...)
		b = append(b, '"', ':')
		var err error
		if b, err = appendValue(b, v.Field(i)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// empty reports whether json leaves a value out with the option omitempty.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// appendValue leaves to json what is neither a structure of ours nor plain.
func appendValue(b []byte, v reflect.Value) ([]byte, error) {
	switch {
	case v.Kind() == reflect.String && plain(v.String()):
		b = append(b, '"')
		b = append(b, v.String()...)
		return append(b, '"'), nil
	case v.Kind() == reflect.Uint64:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case ours(v.Type()):
		return appendStruct(b, v)
	case v.Kind() == reflect.Pointer && !v.IsNil() && ours(v.Type().Elem()):
		return appendStruct(b, v.Elem())
	case v.Kind() == reflect.Slice && !v.IsNil() && ours(v.Type().Elem()):
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendStruct(b, v.Index(i)); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	text, err := json.Marshal(v.Interface())
	return append(b, text...), err
}

// ours reports whether it is a structure of this package. None has an encoding of its own.
func ours(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[Record]().PkgPath()
}

// plain reports whether json writes a text as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}
