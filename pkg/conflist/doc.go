// Package conflist looks at a CNI conflist as its author does: what is wrong in which line, and what a container would get
// from it. The format is that of the CNI specification, https://www.cni.dev/docs/spec/#section-1-network-configuration-format.
package conflist
