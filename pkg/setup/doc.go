// Package setup configures a container runtime for etcfiles: the plugin in the conflist that the runtime has in use, and the hook or base
// specification by which containers get their files. It is done in two moves: a look at the host, which changes nothing, makes a Plan; Apply
// makes that so. A Plan can be made again at any time, after an update of the runtime for example. The Plan of Undo takes away just what is ours,
// where the record says that it is; what has a seal, which only setup writes, also without a record.
//
// A runtime's own file is left alone where a file beside it will do, and edited where nothing else will: a conflist by pkg/conflist, which
// can give it back byte for byte, containerd's config.toml by lines at its end that are marked. Where an edit would have to reach into a
// table that somebody else has written, the Plan names the line instead.
package setup
