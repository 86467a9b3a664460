// Package packages tests what `make package` makes: that two builds are the same, and that each kind of package is installed, used,
// upgraded and removed on a machine of its own, without a trace.
//
// The machines need root; and dpkg, rpm, runc, busybox, iproute2 and iptables.
package packages
