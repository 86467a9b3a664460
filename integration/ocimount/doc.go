// Package ocimount runs etcfiles-mount as the createContainer hook of real containers of runc and crun, over a store made
// by hand.
//
// It needs root, runc, crun, and a static busybox, which is all that the containers' rootfs has.
package ocimount
