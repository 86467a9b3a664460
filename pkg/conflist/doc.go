// Package conflist looks at a CNI conflist as its author does: what is wrong in which line, and what a container would get
// from it. The format is that of the CNI specification, https://www.cni.dev/docs/spec/#section-1-network-configuration-format.
//
// Look reads a file into values that know where they stand (position.go), and looks at its versions, its plugins and their order
// (chain.go), their addresses (ranges.go), the other networks of its directory (neighbours.go), and our part as the plugin itself
// reads it (example.go). LookAround does that for a directory. What libcni appends from files beside a list, and what Multus
// delegates to, is looked at where it stands.
//
// Add and Remove (edit.go) plan a change of a file that somebody else has written, between the values of which the text says where
// they stand (text.go): all else stays as it is. Edit.Apply makes the change.
package conflist
