// Package roster knows whose hosts file has which lines, and how much that may be. It is pure: from an index of records it
// makes the members of each network, and for a viewer, a container or a network itself, the blocks of lines that belong into its
// file.
//
// Who holds a name is decided for each name on its own: localhost, then the user's own lines, then extra hosts, then the
// container itself, then peers, the oldest first; a name that a higher one holds is left out of the lower one's line. What a
// container is called on a network is here too. Package etchosts has the form of a line, package etcfiles brings the files to
// what this package says.
package roster
