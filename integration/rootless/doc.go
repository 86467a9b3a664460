// Package rootless tests the OCI hooks inside RootlessKit with slirp4netns, and the plugin in Podman on CNI, as an unprivileged user.
//
// The tests need root, to make that user in mount and PID namespaces of their own, and Debian's podman, rootlesskit, slirp4netns and uidmap.
package rootless
