// Package etcfiles does the operations on a store: Add, Del and Leave, Check, GC, Status, Set, Adopt, Refresh, Remove, Convert and
// Repair.
//
// # The way of an ADD
//
// Package netconf has made a request.Add of the configuration and of CNI's environment. Add (add.go) checks it, and resolves what
// resolv.conf will hold, before it waits for anything. The rest is a transaction on one namespace, under its lock (manager.go): it
// loads the index, brings it to the records, and what earlier operations left to its end (load.go), where there are many containers only now
// and then for all, and each time for those that the operation is about; makes the record, in which
// package decide says what the container is called and given (add.go, origin.go); looks at the container's own resolv.conf and
// hostname (files.go); takes out who has lost the address, and the former sandbox of the pod (evict.go); and commits (tx.go).
//
// A commit has one order. The index is taken, which marks the namespace; removals begin; the records are written; the containers' own
// files (files.go, refresh.go); the hosts files of the networks, the container and its peers (package hostsfiles); removals end;
// the new index says that all is done. Whoever is killed in between leaves a taken index, and the next operation compares the files
// of the networks that it names with the records.
//
// # The other operations
//
// Each that changes something is such a transaction. Four verbs say what goes in it: detach takes out an attachment, and with the last
// one the container; leave (leave.go) does that for a container that lives on without a network, whose record and files stay; drop
// takes out a container with its record; forget only takes it out of the index, since its record has gone. When an attachment has
// gone, or has other names (set.go), decide.go brings its container to what those that stay ask for.
//
// What belongs into a hosts file package roster says, how a live file changes package etchosts, what lies where package
// hostsstore. Package inspect looks at the result.
package etcfiles
