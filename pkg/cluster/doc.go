// Package cluster holds the rules by which hosts tell each other the names of their containers through a key-value store: what a key
// and a value look like, what of a hostile one is believed, and who may say what. It knows no such store, no network and no file: a reader
// decides alone, from keys, values and revisions, so that all readers of one state decide alike.
//
// The keys of a network:
//
//	/etcfiles/1/<namespace>/<network>/<host>/host             who the host is, and which addresses it gives out (Record)
//	/etcfiles/1/<namespace>/<network>/<host>/<ID>/<ifname>    an attachment of one of its containers (Peer)
//	/etcfiles/1/<namespace>/<network>/.ranges/<host>          the administrator's word on the host's addresses, a list of ranges
//
// The network stands before the host, so that a host reads the networks that it is on and nothing else; the host stands before the container, so that
// what it may write is one prefix. The administrator's ranges are a key for each host: granting one rewrites no other.
package cluster
