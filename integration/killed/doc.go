// Package killed tests that the etcfiles binary may be killed before any system call that changes a file, that any call on
// a file may fail, and that the disk may be full: names that stay are never missing from a live hosts file, an error is
// reported, and the next operation repairs what is left.
//
// It needs root, for network namespaces, and strace, which does the killing and the failing. Each test takes a sample of
// the calls, the same every time; all of them are tried by
//
//	go test -timeout 1h ./integration/killed -full
package killed
