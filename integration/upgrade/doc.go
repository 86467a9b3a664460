// Package upgrade tests that this version can be put in the place of the one before, and that one back in its place, while containers
// run: none restarts, no name is missing for an instant, and what they leave when they end is nothing. The version before is that of
// FORMER in the Makefile, and comes by its own `make install` and from its own package.
//
// The stories in testdata each have a machine of their own; the pods of containerd have theirs in integration/containerd.
package upgrade
