// Package hostsstore keeps the data directory: one record per container, the lock of a namespace, notes, and an index that
// spares the next operation from reading every record and every hosts file again.
//
// # The life of a record
//
//	live      etchosts/<NS>/<ID>/meta.json. It is the truth. WriteRecord puts it in place, after two files beside it for those who
//	          mount the container's files and cannot read it: netns has its network namespace, and inherited says that nothing
//	          of its resolv.conf is explicit.
//	left      the same without an attachment: the container lives, and has left its last network. Its files stay.
//	leaving   .meta.json.leaving beside it: BeginRemoval has renamed it, from which moment the container is gone.
//	          FinishRemoval removes the files that were ours, then this, then the directories.
//	corrupt   meta.json.corrupt: PutAside has taken it out of the way. Sweep removes it with all of the files.
//	kept      kept/<NS>/<ID>: the container is gone and its own three files stay for a later start.
//	put off   pending/<NS>/<time>-<pid>: a DEL that did not get the lock. It is intent, no cache: the next operation does it.
//
// # Order of writes
//
// An operation takes the index (index/<NS>/index becomes index/<NS>/taken, with the networks that it is about), writes
// records, the containers' own files and the hosts files, and puts a new index in place as its last act. So there is
//
//	index, no taken    all files are as the records want them
//	taken, no index    an operation runs or was cut off: files of the networks in taken may not be as they should be
//	neither            nothing is known: all files are to be compared. Everything in index/ may be deleted at any moment
//	both               an operation was cut off after its end: index counts
//
// Containers of networks that have a container in common, if these are many, stand in index/<NS>/part-<number>, which the index
// names: an operation that is about one network reads and writes no other part (ReadPart), and an operation writes its parts beside those
// of the index that it has taken, which go when the new index is in place. A part that is not as the index says is no index.
//
// Beside them stand index/<NS>/holder while the last ADD has waited for the lock in vain, the process that held it, which whoever
// gets the lock removes; and an offsets file of an earlier version, which nobody reads.
//
// Nothing of an earlier boot is believed: a record, an index or a file of one may be anything after a power cut, since only
// those records are synced of which it matters later whose the files are.
//
// What the lines of a hosts file are package etchosts knows, which lines a file should have package roster; the operations
// are in package etcfiles.
package hostsstore
