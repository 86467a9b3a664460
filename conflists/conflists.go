// Package conflists has the examples that are shipped, as far as a program needs them.
package conflists

import _ "embed"

// Bridge is 10-bridge.conflist: a network "lab" on a bridge of its own, for every runtime.
//
//go:embed 10-bridge.conflist
var Bridge []byte
