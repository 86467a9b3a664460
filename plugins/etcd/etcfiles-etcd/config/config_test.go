package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// configured parses a configuration in which DIR stands for a directory with the certificates and a conflist of lab.
func configured(t *testing.T, text string) (*Config, string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"h1.crt": "c", "h1.key": "k", "ca.crt": "a",
		"10-lab.conflist":  `{"name":"lab","plugins":[{"type":"bridge","ipam":{"type":"host-local","subnet":"10.231.1.0/24"}},{"type":"etcfiles"}]}`,
		"20-dhcp.conflist": "{\"name\":\"lan\",\"plugins\":[{\"type\":\"macvlan\",\"ipam\":\n{\"type\":\"dhcp\"}}]}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Parse("etcd.json", []byte(strings.ReplaceAll(text, "DIR", dir)))
	return c, dir, err
}

const secure = `"endpoints":["https://10.0.0.1:2379"],"cert":"DIR/h1.crt","key":"DIR/h1.key","ca":"DIR/ca.crt","host":"h1","confDir":"DIR",`

func TestDefaults(t *testing.T) {
	c, dir, err := configured(t, `{`+secure+`"networks":[{"network":"lab","within":["10.231.1.128/25","10.231.1.0/25"]},{"namespace":"k8s.io","network":"lan","shared":true,"files":"network","maxNames":9},
		{"network":"flat","ranges":["10.9.0.10-10.9.0.99"],"within":["10.9.0.0/16","fd00::/8"],"allowQualified":true,"foreign":true}]}`)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(fmt.Sprintf("%+v", *c), dir, "DIR")
	want := "{File:etcd.json Endpoints:[https://10.0.0.1:2379] Cert:DIR/h1.crt Key:DIR/h1.key CA:DIR/ca.crt Insecure:false Host:h1 TTL:30s Hold:0s DataDir:/var/lib/etcfiles ConfDir:DIR Networks:[" +
		"{Network:default/lab Within:[10.231.1.128/25 10.231.1.0/25] Ranges:[10.231.1.0/24] Shared:false Files:containers MaxNames:5000 AllowQualified:false Foreign:false} " +
		"{Network:k8s.io/lan Within:[] Ranges:[] Shared:true Files:network MaxNames:9 AllowQualified:false Foreign:false} " +
		"{Network:default/flat Within:[10.9.0.0/16 fd00::/8] Ranges:[10.9.0.10-10.9.0.99] Shared:false Files:containers MaxNames:5000 AllowQualified:true Foreign:true}]}"
	// Network prints itself by the method of what it embeds.
	var networks []string
	for _, n := range c.Networks {
		networks = append(networks, fmt.Sprintf("{Network:%v Within:%v Ranges:%v Shared:%v Files:%v MaxNames:%v AllowQualified:%v Foreign:%v}",
			n.Network, n.Within, n.Ranges, n.Shared, n.Files, n.MaxNames, n.AllowQualified, n.Foreign))
	}
	head, _, _ := strings.Cut(got, " Networks:[")
	if diff := cmp.Diff(want, head+" Networks:["+strings.Join(networks, " ")+"]}"); diff != "" {
		t.Error(diff)
	}
}

// TestFaults: everything that is wrong is said at once, each with its key and what to do.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`[]`, "want a JSON object"},
		{`{"endpoints":`, "byte 13: not JSON: unexpected end of JSON input"},
		{`{` + secure + `"TTL":"1s","networks":[{"network":"lab","nett":1}]}`, `TTL: unknown key: it is written "ttl"
networks[0].nett: unknown key: want one of network, namespace, within, ranges, shared, files, maxNames, allowQualified, foreign`},
		{`{"host":"H1","ttl":"1s","hold":"x","networks":[]}`, `hold: "x" is not a duration, such as "30s"
host: "H1" is not one lower-case label of DNS: want at most 63 of a-z, 0-9 and '-'
ttl: want at least 2s and at most 1h0m0s
endpoints: want the URLs of etcd's members, such as ["https://10.0.0.1:2379"]
cert: it is missing, and etcd could not tell this host from others: name the host's certificate, or set insecure
networks: want at least one, such as {"network": "lab"}`},
		{
			`{"endpoints":["http://10.0.0.1:2379","10.0.0.1:2379","https://e1"],"cert":"DIR/h1.crt","host":"h1","ttl":30,"hold":"5s","confDir":"DIR","networks":[{"network":"lab"},{"network":"lab"},{"network":"a/b"}]}`,
			`ttl: want a duration, such as "30s"
hold: 5s is less than ttl, 30s: want at least that, or 0s for ever
endpoints[0]: http://10.0.0.1:2379 is not encrypted, and anybody could publish for any host: use https, or set insecure
endpoints[1]: "10.0.0.1:2379" is not a URL such as https://10.0.0.1:2379
endpoints[2]: "https://e1" is not a URL such as https://10.0.0.1:2379
key: cert and key go together: give both or none
networks[1].network: default/lab stands in the list already: take one out
networks[2].network: network "a/b": refused: want letters, digits, '_', '.' and '-', the first a letter or digit`,
		},
		{
			`{` + secure + `"networks":[{"network":"lan"},{"network":"gone"},{"network":"lab","within":"10.9.0.0/16","files":"all","maxNames":20000},{"network":"l2","shared":true,"ranges":["10.0.0.0/33"],"within":7},
			{"network":"l3","shared":true,"ranges":["10.0.0.0/8"]}]}`,
			`networks[0].network: DIR/20-dhcp.conflist:2: plugins[0].ipam.type: "dhcp" does not say here which addresses this machine alone gives out: give "ranges" here if this host alone gives some out, or set "shared" if one allocator serves all hosts
networks[1].network: no conflist in DIR has the network gone, so nothing says which addresses this host gives out: correct the name or confDir, or give ranges
networks[2].files: "all" is neither "containers" nor "network"
networks[2].maxNames: want 1 to 10000: for more, set "files" to "network" and ask a DNS server
networks[2].within: this host gives out 10.231.1.0/24, which is not in it: correct one of them
networks[3].within: want a range such as "10.231.0.0/16", or a list of them
networks[3].ranges: netip.ParsePrefix("10.0.0.0/33"): prefix length out of range: want a range such as "10.231.0.0/16", or a list of them
networks[4].ranges: a network that is shared has none: take one of the two out`,
		},
	} {
		_, dir, err := configured(t, c.text)
		if err == nil {
			t.Errorf("%s: no fault", c.text)
			continue
		}
		got := strings.ReplaceAll(strings.ReplaceAll(err.Error(), "etcd.json: ", ""), dir, "DIR")
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, diff)
		}
	}
}
