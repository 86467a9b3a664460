package netconf

import (
	"reflect"
	"slices"
	"testing"
)

// TestKeys: what is read from a configuration is described.
func TestKeys(t *testing.T) {
	conf := reflect.TypeFor[Conf]()
	for i := range conf.NumField() {
		key := conf.Field(i).Tag.Get("json")
		if key == "" || key == "-" || key == "runtimeConfig" { // the last is the runtime's to write
			continue
		}
		if !slices.ContainsFunc(Keys, func(k Key) bool { return k.Name == key }) {
			t.Errorf("key %s is read and refused", key)
		}
	}
}
