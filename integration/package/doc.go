// Package packages tests what `make package` makes: that two builds are the same, and that each kind of package is installed, used,
// upgraded and removed on a machine of its own, without a trace.
//
// The machine is an overlay over the root of this one, in namespaces of its own, so the tests need root; and dpkg, rpm, runc, busybox,
// iproute2 and iptables.
package packages
