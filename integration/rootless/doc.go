// Package rootless tests the OCI hooks inside RootlessKit with slirp4netns, as an unprivileged user.
//
// The test needs root, to make that user in a mount namespace of its own, and Debian's rootlesskit, slirp4netns and uidmap.
package rootless
