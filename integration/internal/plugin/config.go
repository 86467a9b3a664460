package plugin

import (
	"encoding/json"
	"net/netip"
	"strings"
)

// Object is a JSON object.
type Object = map[string]any

// Config is the configuration that a runtime composes for one plugin of a conflist.
type Config struct {
	Version string // of CNI
	Network string
	DataDir string
	Result  Object // prevResult, if any
	Extra   Object // further keys, which win; null removes a key
}

// Object returns the configuration before it is encoded.
func (c Config) Object() Object {
	conf := Object{"cniVersion": c.Version, "name": c.Network, "type": "etcfiles", "dataDir": c.DataDir}
	if c.Result != nil {
		conf["prevResult"] = c.Result
	}
	for key, value := range c.Extra {
		if value == nil {
			delete(conf, key)
			continue
		}
		conf[key] = value
	}
	return conf
}

// Bytes returns the configuration as the plugin reads it.
func (c Config) Bytes() []byte {
	b, err := json.Marshal(c.Object())
	if err != nil {
		panic(err) // maps of plain values always encode
	}
	return b
}

// Result returns the result that the bridge plugin leaves: two interfaces on the host, one in the container that has the
// addresses, each with the length of its prefix.
func Result(version, ifName, netns string, addrs ...string) (Object, error) {
	ips := make([]any, 0, len(addrs))
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a)
		if err != nil {
			return nil, err
		}
		ip := Object{"address": a, "interface": float64(2), "gateway": prefix.Masked().Addr().Next().String()}
		if strings.HasPrefix(version, "0.") {
			ip["version"] = "4"
			if prefix.Addr().Is6() {
				ip["version"] = "6"
			}
		}
		ips = append(ips, ip)
	}
	return Object{
		"cniVersion": version,
		"interfaces": []any{
			Object{"name": "cni0", "mac": "00:11:22:33:44:55"},
			Object{"name": "veth0a1b2c3d", "mac": "55:44:33:22:11:11"},
			Object{"name": ifName, "mac": "99:88:77:66:55:44", "sandbox": netns},
		},
		"ips":    ips,
		"routes": []any{Object{"dst": "0.0.0.0/0"}},
	}, nil
}
