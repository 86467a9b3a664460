// Package hostile tests the etcfiles binary against containers that do with their mounted files whatever they can, and
// against what may have been placed in the data directory: the others are served, nobody sees a name that was forged,
// no operation waits, and its memory is bounded.
//
// It needs root, for network namespaces and for chattr.
package hostile
