// Package config reads the configuration of etcfiles-etcd, /etc/etcfiles/etcd.json.
package config

import (
	"time"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/pkg/iprange"
)

// Path is where the configuration is.
const Path = "/etc/etcfiles/etcd.json"

// Config is the configuration with its defaults.
type Config struct {
	File      string // that it was read from
	Endpoints []string
	Cert, Key string        // of this host, PEM; "" for none
	CA        string        // of the members of etcd, PEM; "" for those of the system
	Insecure  bool          // no TLS, or no certificate of this host's own
	Host      string        // the name of this host
	TTL       time.Duration // how long the others keep the names of a host that has gone
	Hold      time.Duration // how long this host keeps the names of others without a word from etcd; 0 for ever
	DataDir   string        // of the store
	ConfDir   string        // of the conflists
	Networks  []Network
}

// Network is a network whose names are shared.
type Network struct {
	cluster.Network
	Within         []iprange.Range // all addresses of the network on all hosts; empty for any
	Ranges         []iprange.Range // those that this host gives out; none if Shared
	Shared         bool            // one allocator gives out the addresses of all hosts
	Files          string          // FilesContainers or FilesNetwork
	MaxNames       int             // remote entries in a container's hosts file
	AllowQualified bool            // any name with a dot is published, and believed
	Foreign        bool            // containers of nerdctl's own hosts store are published too
}

// Values of files.
const (
	// FilesContainers is that remote names are in the hosts files of containers and of the network.
	FilesContainers = "containers"
	// FilesNetwork is that they are in the network's own file only, from which a DNS server answers.
	FilesNetwork = "network"
)

// Bounds and defaults.
const (
	minTTL, maxTTL, defaultTTL = 2 * time.Second, time.Hour, 30 * time.Second
	defaultMaxNames            = 5000
	mostNames                  = 10_000 // a lookup in the file takes 2.3 ms by then
)

// Setting is a key of the configuration, for its reference.
type Setting struct {
	Name    string
	Default string
	Meaning string // one sentence without a full stop
}

// Settings are the keys of the configuration.
var Settings = []Setting{
	{"endpoints", "", "URLs of the members of etcd, a list"},
	{"cert", "", "the certificate of this host, a file in PEM, read for each connection; its CN is the host's user in etcd"},
	{"key", "", "file with the key of cert, PEM"},
	{"ca", "the system's", "file with the authorities of etcd's certificates, in PEM, read for each connection"},
	{"insecure", "false", "true allows http, and https without cert: whoever reaches etcd can publish for any host"},
	{"host", "the short hostname", "the name of this host, one lower-case label"},
	{"ttl", defaultTTL.String(), "how long other hosts keep the names of one that has gone"},
	{"hold", "0s", "how long this host keeps the names of others when etcd is away; 0s is for ever"},
	{"dataDir", "/var/lib/etcfiles", "absolute path of the store"},
	{"confDir", "/etc/cni/net.d", "directory of the conflists, which say which addresses this host gives out"},
	{"networks", "", "the networks whose names are shared, a list of objects with the keys below"},
}

// NetworkSettings are the keys of each of networks.
var NetworkSettings = []Setting{
	{"network", "", "name of the network, as in its conflist"},
	{"namespace", "default", "namespace of the store"},
	{"within", "any", "prefix, or list of them, with the network's addresses on all hosts: no other is taken over"},
	{"ranges", "the conflist's host-local", "list of what this host alone gives out, such as 10.231.1.10-10.231.1.99"},
	{"shared", "false", "true where one allocator gives out the addresses of all hosts, as a DHCP server does"},
	{"files", FilesContainers, "containers, or network: remote names are in the hosts file of the network only, for DNS"},
	{"maxNames", "5000", "the most remote lines in a container's hosts file, to 10000; more are in the network's only"},
	{"allowQualified", "false", "true shares any name with a dot, not only such as end in the network's name"},
	{"foreign", "false", "true publishes containers that nerdctl itself recorded in a shared data root"},
}
