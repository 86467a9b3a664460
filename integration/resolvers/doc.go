// Package resolvers tests that what etcfiles writes is what programs read: every name of random containers resolves to
// exactly its addresses in glibc, in musl and in Go's own resolver, and a search list is looked through as it is meant.
//
// It needs root, for namespaces, and Debian's musl-tools.
package resolvers
