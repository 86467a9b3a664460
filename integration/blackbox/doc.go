// Package blackbox tests the etcfiles binary from outside, as a CNI runtime sees it: environment, standard input,
// standard output, exit status, and the files in the data directory.
//
// The stories are the scripts in testdata; their commands are described in script_test.go. The tests make network
// namespaces and mounts, so they need root, and fail without it.
package blackbox
