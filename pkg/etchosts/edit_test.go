package etchosts

import (
	"errors"
	"testing"
)

// TestStrikeWithoutHint: an offset that is not known is no error of the file system, or a DEL would stop there.
func TestStrikeWithoutHint(t *testing.T) {
	f, path := openNew(t, []byte("10.0.0.1        a\n"))
	if err := f.Strike(0, "10.0.0.1        a\n"); !errors.Is(err, ErrChanged) {
		t.Errorf("Strike(0) = %v", err)
	}
	if got := content(t, path); got != "10.0.0.1        a\n" {
		t.Errorf("the file was changed to %q", got)
	}
}
