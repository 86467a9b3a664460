// Package decide decides from all attachments of a container together what it is called, what its extra hosts are, and what its
// resolv.conf is made of, so that the order in which the attachments came does not matter. Each attachment of a record says what
// it asked for; of two that ask for different things the one counts whose interface comes first in natural order (eth2 before
// eth10), and what was given explicitly comes before what was not. What only attachments asked for that have gone stays, until
// another one asks for something else.
//
// An ADD puts its attachment into the record, and here the rest of the record follows from it: Adopt and Leave first take out what the
// attachment replaces, Names and ExtraHosts say what the container is called and given (names.go), Sources what its resolv.conf is
// made of, and Origins where that came from (dns.go). A DEL and "etcfiles set" do the same for the attachments that are there. What set
// gave comes before all that attachments ask for. Package etcfiles then brings the files to the record.
package decide
