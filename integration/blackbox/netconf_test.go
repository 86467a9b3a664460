package blackbox

import (
	"encoding/json"
	"net/netip"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// netconf is the configuration that a runtime composes for one plugin of a conflist.
type netconf struct {
	version string
	network string
	dataDir string
	result  object // prevResult, if any
	extra   object // further keys, which win; null removes a key
}

func (n netconf) object() object {
	conf := object{"cniVersion": n.version, "name": n.network, "type": "etcfiles", "dataDir": n.dataDir}
	if n.result != nil {
		conf["prevResult"] = n.result
	}
	for key, value := range n.extra {
		if value == nil {
			delete(conf, key)
			continue
		}
		conf[key] = value
	}
	return conf
}

func (n netconf) bytes() []byte {
	b, err := json.Marshal(n.object())
	if err != nil {
		panic(err) // maps of plain values always encode
	}
	return b
}

// bridgeResult is the result that the bridge plugin leaves: two interfaces on the host, one in the sandbox that has the
// addresses.
func bridgeResult(version, ifName, netns string, addrs []string) (object, error) {
	ips := make([]any, 0, len(addrs))
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a)
		if err != nil {
			return nil, err
		}
		ip := object{"address": a, "interface": float64(2), "gateway": prefix.Masked().Addr().Next().String()}
		if strings.HasPrefix(version, "0.") {
			ip["version"] = "4"
			if prefix.Addr().Is6() {
				ip["version"] = "6"
			}
		}
		ips = append(ips, ip)
	}
	return object{
		"cniVersion": version,
		"interfaces": []any{
			object{"name": "cni0", "mac": "00:11:22:33:44:55"},
			object{"name": "veth0a1b2c3d", "mac": "55:44:33:22:11:11"},
			object{"name": ifName, "mac": "99:88:77:66:55:44", "sandbox": netns},
		},
		"ips":    ips,
		"routes": []any{object{"dst": "0.0.0.0/0"}},
	}, nil
}
