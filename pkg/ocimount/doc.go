// Package ocimount mounts a container's hosts, resolv.conf and hostname files over /etc/… inside its rootfs. It is what
// an OCI hook does at the stage createContainer, which runs in the container's mount namespace before pivot_root; see
// the OCI runtime specification, https://github.com/opencontainers/runtime-spec/blob/main/config.md#createcontainer-hooks.
//
// The rootfs is not trusted: every path in it is resolved by openat2(2) with RESOLVE_IN_ROOT, and what was resolved is
// held by a descriptor until it is mounted over. The store is found by its fixed paths alone, and nothing in it is changed.
//
// What names a container is not trusted either: the annotation with the ID of a pod may be an image's, and an ID may be what CNI calls
// another container. The files are those of the container's network namespace, which the hook runs in, by device and inode; who joins
// the network namespace of a container has the files of that one.
//
// It needs Linux 5.6 (openat2) or later.
package ocimount
