// Package request is what is asked of the operations: of Add one attachment (Add), of Set a change of what a container is called
// (Set), and of all of them which attachment they are about (Key). It refuses what is impossible, as ErrInvalid, before anything
// is locked or written, and says which key is to blame (KeyError).
//
// Package netconf makes requests of the plugin's configuration and of CNI's environment, the command line makes them of its flags,
// and package etcfiles does what they ask for.
package request
