// Package faults tests the etcfiles binary against everything that can go wrong around it:
//
//   - It is killed before any system call that changes a file, any call on a file fails, the disk is full (TestKilled,
//     TestFailed, TestFullDisk, TestPutOffInARace): names that stay are never missing from a live hosts file, an error is
//     reported, and the next operation repairs what is left.
//   - Many processes work at once, some of them killed or stopped at work, while the index is deleted (TestStorm,
//     TestStuckHolder).
//   - Containers that share an alias are replaced thousands of times: no file grows with what came and went (TestReplaced).
//   - The power fails (TestPowerLoss): the calls of real operations that change files are recorded, disks as a power loss may
//     leave them are made from every prefix of the record, and the machine "boots" on each of them; what runs first then is
//     killed at every call, too.
//   - Containers do with their mounted files whatever they can, and anything may have been placed in the data directory
//     (TestContent, TestCondition, TestRace, TestMany, TestPlaced, TestBaseHostsFile, TestImmutableFilesGo): the others are
//     served, nobody sees a name that was forged, no operation waits, and its memory is bounded.
//
// It needs root, for network namespaces, mounts and chattr, and strace, which does the killing, failing and recording. The
// tests take a sample, the same every time; all is tried by
//
//	go test -timeout 1h ./integration/faults -full
package faults
