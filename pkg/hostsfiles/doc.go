// Package hostsfiles brings the hosts files of a namespace to what the roster wants: it says which files an operation concerns,
// and edits each of them live, or compares the whole of it, or makes it anew. What the lines are package roster knows, how a file
// is edited while it is read package etchosts.
package hostsfiles
