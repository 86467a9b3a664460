package netconf

import (
	"reflect"
	"strings"
	"testing"
)

// TestFields: what is decoded key by key goes where json puts it.
func TestFields(t *testing.T) {
	var c Conf
	var check func(v reflect.Value)
	check = func(v reflect.Value) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case field.Anonymous:
				check(v.Field(i))
			case key == "-" || !field.IsExported():
			default:
				if got := c.field(key); got != v.Field(i).Addr().Interface() {
					t.Errorf("key %s goes to %T, want the field %s", key, got, field.Name)
				}
			}
		}
	}
	check(reflect.ValueOf(&c).Elem())
}
