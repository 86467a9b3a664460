// Package podman tests etcfiles and etcfiles-mount from outside, as Debian's Podman 4.3 drives them with its CNI backend:
// the plugin last in a conflist, the hook in hooks.d as `oci-cni-hook spec --hooks-d mount` prints it.
//
// Each story in testdata runs once with each OCI runtime, in a world of its own that stands for a host. The commands of the
// stories are described in script_test.go. The tests need root, and fail without it.
package podman
