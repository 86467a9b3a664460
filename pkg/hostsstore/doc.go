// Package hostsstore keeps the data directory: one record per container (meta.json), the lock of a namespace, and an
// index that spares the next operation from reading every record and every hosts file again.
//
// meta.json is the truth. The index and the offset table are caches of the running boot: an operation takes the index
// away before its first write and puts a new one in place after its last, so an index that is absent means that the
// namespace is to be repaired from its records.
package hostsstore
