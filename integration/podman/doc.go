// Package podman tests etcfiles and etcfiles-mount from outside, as Debian's Podman 4.3 drives them with its CNI backend:
// the plugin last in a conflist, the hook in hooks.d as `oci-cni-hook spec --hooks-d mount` prints it. TestHooks and TestSetup have
// Podman without CNI too, as Debian 13's Podman 5 is built: there both hooks are in hooks.d, and a container starts without a network
// of Podman's.
//
// Each story in testdata runs once with each OCI runtime, in a world of its own that stands for a host. The commands of the
// stories are described in script_test.go. The tests need root, and fail without it.
package podman
