// Package decide decides from all attachments of a container together what it is called, what its extra hosts are, and what its
// resolv.conf is made of, so that the order in which the attachments came does not matter. Each attachment of a record says what
// it asked for; of two that ask for different things the one counts whose interface comes first in natural order (eth2 before
// eth10), and what was given explicitly comes before what was not. What only attachments asked for that have gone stays, until
// another one asks for something else.
package decide
