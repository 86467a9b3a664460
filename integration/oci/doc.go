// Package oci tests oci-cni-hook and etcfiles-mount from outside, as runc and crun run them: real containers on real
// networks, made by the reference CNI plugins and etcfiles.
//
// Each story in testdata runs once with each runtime, in a world of its own that stands for a host: network, mount and PID
// namespaces that end with it. The commands of the stories are described in script_test.go. The tests need root, and
// fail without it.
package oci
