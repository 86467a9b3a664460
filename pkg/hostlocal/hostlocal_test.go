package hostlocal

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/containernetworking/plugins/plugins/ipam/host-local/backend/allocator"
)

// TestComplete: host-local reads ranges as this does.
func TestComplete(t *testing.T) {
	for _, text := range []string{
		`{"subnet":"10.4.10.0/24"}`,
		`{"subnet":"10.4.10.0/30"}`,
		`{"subnet":"10.4.8.0/21","gateway":"10.4.9.3"}`,
		`{"subnet":"10.4.10.0/24","rangeStart":"10.4.10.5","rangeEnd":"10.4.10.9"}`,
		`{"subnet":"10.4.10.128/25","rangeEnd":"10.4.10.200"}`,
		`{"subnet":"fd00:1::/64"}`,
		`{"subnet":"fd00:1::40/122","rangeStart":"fd00:1::50","gateway":"fd00:1::51"}`,
	} {
		var want allocator.Range
		var have Range
		if err := errors.Join(json.Unmarshal([]byte(text), &want), want.Canonicalize(), json.Unmarshal([]byte(text), &have)); err != nil {
			t.Fatal(err)
		}
		for _, f := range have.Complete() {
			t.Errorf("%s: %v", text, f)
		}
		if have.Gateway.String() != want.Gateway.String() || have.RangeStart.String()+"-"+have.RangeEnd.String() != want.String() {
			t.Errorf("%s: %+v, host-local has %s with gateway %s", text, have, &want, want.Gateway)
		}
		for a := have.Subnet.Masked().Addr().Prev(); a.Less(have.Subnet.Addr()) || have.Subnet.Contains(a) && a.Less(have.RangeStart.Next().Next()); a = a.Next() {
			if have.Gives().Contains(a) != want.Contains(a.AsSlice()) {
				t.Errorf("%s: %s", text, a)
			}
		}
		for a := have.RangeEnd.Prev(); !have.RangeEnd.Next().Next().Less(a); a = a.Next() {
			if have.Gives().Contains(a) != want.Contains(a.AsSlice()) {
				t.Errorf("%s: %s", text, a)
			}
		}
	}
}
