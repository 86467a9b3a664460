// Package ocihook triggers a CNI chain for a container of an OCI runtime: ADD at the createRuntime hook, DEL at poststop,
// and GC for what a killed runtime left. It knows nothing of the plugins in the chain.
//
// Two things of a container are under the run directory, normally /run/etcfiles, from before its first ADD to after its
// last DEL:
//
//	netns/<NS>-<ID>        the pin: a bind mount that keeps the network namespace until DEL has been there
//	containers/<NS>-<ID>/  the record of what is to be deleted, and the lock: a flock(2) on the directory
//
// Who is the first in a network namespace is settled under a lock of that, containers/.netns-<DEV>-<INODE>, before the pin.
// Who publishes a port of the host is settled under one lock, containers/.ports, before the record is written.
//
// The lock is held by the hook and by the plugins that it runs, so that nobody deletes what a plugin of a killed hook is
// still adding. No two containers share a lock.
package ocihook
