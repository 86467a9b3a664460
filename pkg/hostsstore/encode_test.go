package hostsstore

import (
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"testing"
	"time"

	types100 "github.com/containernetworking/cni/pkg/types/100"
)

// TestEncodeRecord: a record is written as json would write it, whatever is in it and whatever is not.
func TestEncodeRecord(t *testing.T) {
	for seed := range uint64(500) {
		r := &Record{}
		if seed > 0 {
			fill(reflect.ValueOf(r).Elem(), rand.New(rand.NewPCG(seed, 0)), 0)
		}
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := encodeRecord(r); err != nil || string(got) != string(want) {
			t.Fatalf("seed %d: %v:\n%s\nwant\n%s", seed, err, got, want)
		}
	}
}

// texts are what may be in a record, plain and not.
var texts = []string{
	"", "web", "a b~!", `"quoted\"`, "<b>&", "tab\tline\n\x00\x7f", "grün", "\u2028", "no UTF-8 \xff",
}

// fill puts anything into a value: at a depth of 1 and more also nothing.
func fill(v reflect.Value, r *rand.Rand, depth int) {
	if depth > 0 && r.IntN(3) == 0 {
		return
	}
	switch target := v.Addr().Interface().(type) {
	case *time.Time:
		*target = time.Unix(r.Int64N(1<<32), r.Int64N(1e9)).UTC()
		return
	case *netip.Addr:
		*target = netip.AddrFrom4([4]byte{10, byte(r.IntN(256)), 0, 1})
		return
	case *types100.Result:
		target.CNIVersion = "1.0.0"
		target.IPs = []*types100.IPConfig{{Address: net.IPNet{IP: net.IPv4(10, 0, 0, 1), Mask: net.CIDRMask(8, 32)}}}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), r, depth+1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), r, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
		for i := range v.Len() {
			fill(v.Index(i), r, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(3) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, r, 0)
			fill(value, r, depth+1)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString(texts[r.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(r.Int64N(1 << 20))
	case reflect.Uint64, reflect.Uint32:
		v.SetUint(uint64(r.Uint32()))
	default:
		panic("nothing to put into " + v.Type().String())
	}
}
