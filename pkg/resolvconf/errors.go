package resolvconf

import (
	"errors"
	"fmt"
)

// ErrRefused is the error for a value that was given explicitly and cannot be written.
var ErrRefused = errors.New("refused")

// ValueError is ErrRefused about one value.
type ValueError struct {
	Key    string // fallbackNameservers, or that of CNI's dns object, such as dns.search
	Value  string // quoted, and cut if it is long
	Reason error
}

// Error returns KEY: VALUE: refused: REASON.
func (e *ValueError) Error() string {
	return fmt.Sprintf("%s: %s: %v: %v", e.Key, e.Value, ErrRefused, e.Reason)
}

// Unwrap returns ErrRefused and the reason.
func (e *ValueError) Unwrap() []error { return []error{ErrRefused, e.Reason} }

func refuse(key, value, format string, args ...any) error {
	return &ValueError{Key: key, Value: value, Reason: fmt.Errorf(format, args...)}
}

func tooLong(key, value string) error {
	return refuse(key, fmt.Sprintf("%.20q…", value), "it is too long for a line of %d bytes", maxLine)
}
