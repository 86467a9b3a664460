// Package cluster tests etcfiles-etcd with members of a real etcd, on hosts that are network and mount namespaces of this machine. They are on one
// bridge, which is in a namespace too: no packet leaves.
//
// Each test has a world of its own, in which it kills members, services and hosts. What must come to be is waited for as long as a busy machine may
// need; what must never be is looked for all the time, by a reader (reader_test.go).
package cluster
