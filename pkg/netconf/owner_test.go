package netconf

import (
	"errors"
	"math"
	"os"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// TestDecodeOwner: an owner is a uid and a gid that a file can have, and of root's none has to be named.
func TestDecodeOwner(t *testing.T) {
	for text, want := range map[string]hostsstore.Owner{
		`{"uid":100000,"gid":4294967294}`: {UID: 100000, GID: 4294967294},
		`{"uid":0,"gid":5}`:               {GID: 5},
		`{"uid":0,"gid":0}`:               {},
		`null`:                            {},
		``:                                {},
	} {
		got, err := decodeOwner([]byte(text))
		if err != nil || got == nil && want != (hostsstore.Owner{}) || got != nil && *got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		`{"uid":1}`, `{"uid":1,"gid":null}`, `{"uid":-1,"gid":1}`, `{"uid":1.5,"gid":1}`, `{"uid":"1","gid":1}`, `{"uid":4294967295,"gid":1}`,
		`{"uid":4294967296,"gid":1}`, `{"uid":1,"gid":1,"mode":511}`, `[]`, `"root"`, `1`,
	} {
		if got, err := decodeOwner([]byte(text)); !errors.Is(err, request.ErrInvalid) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

// TestCheckOwner: only who is somebody in the plugin's user namespace can own a file.
func TestCheckOwner(t *testing.T) {
	for _, c := range []struct {
		text string
		id   uint32
		want bool
	}{
		{"         0          0 4294967295\n", math.MaxUint32 - 1, true},
		{"         0       1000          1\n         1     100000      65536\n", 0, true},
		{"         0       1000          1\n         1     100000      65536\n", 65536, true},
		{"         0       1000          1\n         1     100000      65536\n", 65537, false},
		{"        10       1000          5\n", 9, false},
		{"", 0, false},
		{"nonsense\n", 0, false},
	} {
		if got := mapped(c.text, c.id); got != c.want {
			t.Errorf("%d in %q: %v", c.id, c.text, got)
		}
	}
	own := &hostsstore.Owner{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	if err := errors.Join(checkOwner(nil), checkOwner(own)); err != nil {
		t.Error(err)
	}
}
