// Package containerd runs the plugin under real containerds, over the CRI API and with ctr.
//
// Every containerd has a machine of its own, made of namespaces: see node.
package containerd
