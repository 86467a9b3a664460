// Package torture tests the etcfiles binary under many processes at once, some of them killed at work, and across power
// losses: the calls of real operations that change files are recorded, disks as a power loss may leave them are made from
// every prefix of the record, and the machine "boots" on each of them; what runs first then is killed at every call, too.
//
// It needs root, for network namespaces and mounts, and strace, which does the recording. The tests are short unless
//
//	go test -timeout 1h ./integration/torture -full
//
// asks for their full size.
package torture
