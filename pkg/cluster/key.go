package cluster

import (
	"errors"
	"fmt"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/names"
)

// prefix is what all keys begin with: the 1 is the version of the layout.
const prefix = "/etcfiles/1/"

const (
	recordName = "host"    // the last part of the key of a host's record
	rangesName = ".ranges" // in place of a host; no host can be called so
)

const (
	maxHost   = 63 // bytes of a host's name, that of a label of DNS
	maxIfName = 15 // bytes of an interface's name: IFNAMSIZ of the kernel, without the final NUL
)

// Network is a network of a namespace of the store.
type Network struct{ Namespace, Name string }

// String returns namespace/network.
func (n Network) String() string { return n.Namespace + "/" + n.Name }

// Check returns an error for a network that no key can name.
func (n Network) Check() error {
	if err := names.CheckElement(n.Namespace); err != nil {
		return fmt.Errorf("namespace %w", err)
	}
	if err := names.CheckElement(n.Name); err != nil {
		return fmt.Errorf("network %w", err)
	}
	return nil
}

// Prefix returns what all keys of the network begin with, and no others.
func (n Network) Prefix() string { return prefix + n.Namespace + "/" + n.Name + "/" }

// HostPrefix returns what all keys of a host in the network begin with: all that the host may write.
func (n Network) HostPrefix(host string) string { return n.Prefix() + host + "/" }

// RecordKey returns the key of a host's record.
func (n Network) RecordKey(host string) string { return n.HostPrefix(host) + recordName }

// RangesKey returns the key of the administrator's word on the addresses of a host.
func (n Network) RangesKey(host string) string { return n.Prefix() + rangesName + "/" + host }

// CheckHost returns an error unless the text can be the name of a host: one label of DNS in lower case, but for root, who may do everything in
// etcd.
func CheckHost(host string) error {
	if host == "" || len(host) > maxHost || names.Label(host) != host {
		return fmt.Errorf("%.80q is not one lower-case label of DNS: want at most %d of a-z, 0-9 and '-'", host, maxHost)
	}
	if host == "root" {
		return fmt.Errorf("%q is the administrator of etcd: give the host another name", host)
	}
	return nil
}

// checkAttachment returns an error for an attachment that no key can name: what the store of a reader would not take.
func checkAttachment(id, ifName string) error {
	if err := names.CheckElement(id); err != nil {
		return fmt.Errorf("container ID %w", err)
	}
	if err := names.CheckElement(ifName); err != nil {
		return fmt.Errorf("container %s: interface name %w", id, err)
	}
	if len(ifName) > maxIfName {
		return fmt.Errorf("container %s: interface name %.20q is longer than %d bytes", id, ifName, maxIfName)
	}
	return nil
}

// Kind is what a key is about.
type Kind int

// The kinds of keys.
const (
	Attachment Kind = iota // of a container
	HostRecord             // who a host is
	Granted                // the administrator's word on a host's addresses
)

// Key is a key of a network taken apart.
type Key struct {
	Kind       Kind
	Host       string
	ID, IfName string // of an attachment
}

var errKey = errors.New("not a key of this layout")

// ParseKey takes a key apart that has the prefix of the network. Whatever it returns can be an element of a path.
func (n Network) ParseKey(key string) (Key, error) {
	rest, ok := strings.CutPrefix(key, n.Prefix())
	if !ok {
		return Key{}, errKey
	}
	parts := strings.Split(rest, "/")
	k := Key{Host: parts[0]}
	switch {
	case len(parts) == 2 && parts[0] == rangesName:
		k.Kind, k.Host = Granted, parts[1]
	case len(parts) == 2 && parts[1] == recordName:
		k.Kind = HostRecord
	case len(parts) == 3:
		k.ID, k.IfName = parts[1], parts[2]
		if err := checkAttachment(k.ID, k.IfName); err != nil {
			return Key{}, fmt.Errorf("%w: %w", errKey, err)
		}
	default:
		return Key{}, errKey
	}
	if err := CheckHost(k.Host); err != nil {
		return Key{}, fmt.Errorf("%w: %w", errKey, err)
	}
	return k, nil
}
