// Package etcfiles does the operations on a store: Add, Del, Check, GC, Status, Refresh, Remove and Repair.
//
// Each that changes something is a transaction of a Manager on one namespace, under its lock. It loads the index (load.go),
// brings what earlier operations left to its end, collects what comes and goes (add.go, del.go, gc.go), and commits in one order
// (tx.go): the index is taken, which marks the namespace; removals begin; records; the container's own resolv.conf and
// hostname (files.go); the hosts files of the networks, the container and its peers (package hostsfiles); removals end; the new index says that all is done. Whoever is killed in between leaves a taken index, and the next
// operation compares the files of the networks that it names with the records.
//
// What belongs into a hosts file package roster says, how a live file changes package etchosts, what lies where package
// hostsstore. Package inspect looks at the result.
package etcfiles
