// Package roster knows whose hosts file has which lines, and how much that may be. It is pure: from an index of records it
// makes the members of each network, and for a viewer, a container or a network itself, the blocks of lines that belong into its
// file.
//
// ContainerOf (container.go) makes of a record what the index holds of it, MembersOf (members.go) of the index who is on each network,
// the oldest first, and Blocks what a Viewer (viewer.go) has of them: nothing is looked up in a file. Bounds (bounds.go) says how
// large a file may be that has to hold this.
//
// Who holds a name is decided for each name on its own: localhost, then the user's own lines, then extra hosts and what a pod has
// taken over of its kubelet, then the container itself, then peers, the oldest first; a name that a higher one holds is left out
// of the lower one's line. Which names an identity has on a network is here too (hostnames.go); which identity that is package
// decide says. Package etchosts has the form of a line, package hostsfiles brings the files to what this package says.
package roster
