// Package etchosts reads, renders and edits hosts(5) files that are bind-mounted into running containers.
//
// The entries of a file that belong to us stand between marker lines; every other byte is the user's. A file is
// never rewritten: its inode stays, and it changes by three moves only, each of which leaves a file that any
// reader, at any byte, reads correctly.
//
//   - append: one write of a closed region at the end of the file, which is then joined to the region before it by
//     turning the two markers between them into plain comments;
//   - strike: one one-byte write that turns the first byte of a line into a comment sign;
//   - reuse: a line written over a struck one as a comment, then revived by a one-byte write of its first byte.
//
// A file that was edited has a later mtime than before, since strikes and reuse keep its size and programs read a file again
// only if one of the two differs (Go, CoreDNS).
//
// No entry ever crosses a multiple of 4096 bytes, because the kernel makes an append visible page by page.
package etchosts
