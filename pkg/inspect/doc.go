// Package inspect is everything that only looks: what containers have and why a name does not resolve (Lookup), what is
// wrong in a store (Audit), who comes and goes (Watch), how much there is (Census), and what processes in containers see
// (Sights).
//
// It takes the records, the index and the files as package hostsstore keeps them, asks package roster what a file should hold,
// and compares. What is to be mended package etcfiles does, as an operation; that package knows nothing of this one, so that
// nothing here is linked to the start of a container but what the program as a whole has.
package inspect
