package cluster

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/iprange"
)

// Bounds of what one attachment, and one host's record, may say.
const (
	MaxValue     = 16 << 10 // bytes
	MaxNames     = 64
	MaxAddresses = 16
	MaxRanges    = 64
)

// Attached is a container's interface on a network of this host. Names are those of its line in hosts files, in order.
type Attached struct {
	Network    Network
	ID, IfName string
	Addresses  []netip.Addr
	Names      []string
}

// peerValue is the value of an attachment. Readers ignore keys that they do not know.
type peerValue struct {
	Addresses []string `json:"addresses"`
	Names     []string `json:"names"`
}

// Encode returns the key and the value by which a host publishes an attachment, and what had to be left out of it: what is too much, and
// what readers do not believe, see DecodePeer. An error is for an attachment that cannot be published at all.
func Encode(host string, a Attached, qualified bool) (key, value string, left []string, err error) {
	if err := checkAttachment(a.ID, a.IfName); err != nil {
		return "", "", nil, err
	}
	v := peerValue{Addresses: []string{}, Names: []string{}}
	size := 0
	for i, name := range a.Names {
		if size += len(name); i == MaxNames || size > MaxValue/2 {
			left = append(left, fmt.Sprintf("%d names beyond %d", len(a.Names)-i, i))
			break
		}
		if _, why := a.Network.name(name, qualified); why != nil {
			left = append(left, why.What)
		} else {
			v.Names = append(v.Names, name)
		}
	}
	for i, addr := range a.Addresses {
		if i == MaxAddresses {
			left = append(left, fmt.Sprintf("%d addresses beyond %d", len(a.Addresses)-i, MaxAddresses))
			break
		}
		if addr, why := reachable(addr); why != nil {
			left = append(left, why.What)
		} else {
			v.Addresses = append(v.Addresses, addr.String())
		}
	}
	if len(v.Names) == 0 || len(v.Addresses) == 0 {
		return "", "", nil, fmt.Errorf("container %s: other hosts would believe no name, or no address, of it: %s", a.ID, strings.Join(left[:min(len(left), 3)], ", "))
	}
	text, err := json.Marshal(v)
	return a.Network.HostPrefix(host) + a.ID + "/" + a.IfName, string(text), left, err
}

// Record is what a host says of itself in a network, once for each lease.
type Record struct {
	Machine  string          // hash of the machine's identity
	Boot     string          // identity of its boot: with the same machine, two of them are a clone
	Instance string          // identity of the service and those who take over from it: with the same boot, two of them are two services; "" if that is not said
	Ranges   []iprange.Range // the addresses that it gives out; none where an allocator is shared
	Program  string          // version
}

// recordValue is the value of a Record.
type recordValue struct {
	Machine  string   `json:"machine"`
	Boot     string   `json:"boot"`
	Instance string   `json:"instance,omitempty"`
	Ranges   []string `json:"ranges"`
	Program  string   `json:"program"`
}

// Encode returns the value of the record.
func (r Record) Encode() (string, error) {
	text, err := json.Marshal(recordValue{r.Machine, r.Boot, r.Instance, iprange.Texts(r.Ranges), r.Program})
	return string(text), err
}

// Same reports whether another record is of the same service of the same boot of the same machine, as far as both say.
func (r Record) Same(o Record) bool {
	return r.Machine == o.Machine && r.Boot == o.Boot && (r.Instance == o.Instance || r.Instance == "" || o.Instance == "")
}

// EncodeRanges returns the value of the administrator's word on a host's addresses.
func EncodeRanges(list []iprange.Range) (string, error) {
	text, err := json.Marshal(iprange.Texts(list))
	return string(text), err
}
