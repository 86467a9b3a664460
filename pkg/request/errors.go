package request

import (
	"errors"
	"fmt"
)

// ErrInvalid is the error for a request that names something impossible; nothing was changed.
var ErrInvalid = errors.New("invalid")

// KeyError is ErrInvalid about one key of a request or of the configuration that it was made of.
type KeyError struct {
	Key    string // with the keys above it, separated by dots, such as runtimeConfig.dns
	Value  string // what is wrong, quoted; "" where the reason has it
	Reason error
}

// Refuse returns the error about a key; the format is that of its reason.
func Refuse(key, format string, args ...any) error {
	return &KeyError{Key: key, Reason: fmt.Errorf(format, args...)}
}

// Error returns KEY: VALUE: invalid: REASON.
func (e *KeyError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s: %v: %v", e.Key, ErrInvalid, e.Reason)
	}
	return fmt.Sprintf("%s: %s: %v: %v", e.Key, e.Value, ErrInvalid, e.Reason)
}

// Why returns the message for those who show the key elsewhere: VALUE: REASON.
func (e *KeyError) Why() string {
	if e.Value == "" {
		return e.Reason.Error()
	}
	return e.Value + ": " + e.Reason.Error()
}

// Unwrap returns ErrInvalid and the reason.
func (e *KeyError) Unwrap() []error { return []error{ErrInvalid, e.Reason} }
