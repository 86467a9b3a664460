// Package hostsfiles brings the hosts files of a namespace to what the roster wants.
//
// An operation says in an Edit who comes and who goes. Apply (edit.go) lists the files which that concerns: those of the networks, of
// the containers themselves, and of their peers. Each of them it brings, at the same time, to what it has to hold (bring.go): a file
// that is as the index knows it is edited live, line by line; another one, or one that an interrupted operation may not have
// reached, is compared as a whole; one that is not there is made anew, with the user's baseHostsFile as its head (base.go). Mode,
// owner and label follow (owner.go). What the file is then goes into the index.
//
// What the lines are package roster knows, how a file is edited while it is read package etchosts.
package hostsfiles
