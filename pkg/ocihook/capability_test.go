package ocihook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containernetworking/cni/libcni"
	"github.com/google/go-cmp/cmp"
	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

func network(t *testing.T, name string, capabilities ...string) *libcni.NetworkConfigList {
	t.Helper()
	var declared []string
	for _, c := range capabilities {
		declared = append(declared, `"`+c+`":true`)
	}
	n, err := libcni.NetworkConfFromBytes([]byte(`{"cniVersion":"1.0.0","name":"` + name + `","plugins":[{"type":"x","capabilities":{` + strings.Join(declared, ",") + `}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCapabilityArgs(t *testing.T) {
	all := []string{"etcfiles", "aliases", "dns", "portMappings", "ips", "mac"}
	named := func(more ...any) map[string]any {
		m := map[string]any{"namespace": "default", "name": "web", "hostname": "web"}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	for _, test := range []struct {
		name, config string
		annotations  map[string]string
		want         []map[string]any // for the networks lab, which takes all, and bare, which takes nothing
		refused      string
	}{
		{"nothing", ``, nil, []map[string]any{{"etcfiles": named()}, {"etcfiles": named()}}, ""},
		{
			"the bundle's names", `{"hostname":"h","domainname":"d"}`,
			map[string]string{AnnotationName: "n"},
			[]map[string]any{
				{"etcfiles": named("name", "n", "hostname", "h", "domainname", "d")},
				{"etcfiles": named("name", "n", "hostname", "h", "domainname", "d")},
			},
			"",
		},
		{
			"annotations over the bundle", `{"hostname":"h","domainname":"d"}`,
			map[string]string{AnnotationHostname: "ah", AnnotationDomainname: "ad", AnnotationExtraHosts: "x:192.0.2.1, y:host-gateway"},
			[]map[string]any{
				{"etcfiles": named("hostname", "ah", "domainname", "ad", "extraHosts", []string{"x:192.0.2.1", "y:host-gateway"})},
				{"etcfiles": named("hostname", "ah", "domainname", "ad", "extraHosts", []string{"x:192.0.2.1", "y:host-gateway"})},
			},
			"",
		},
		{
			"what only one network gets", ``,
			map[string]string{AnnotationPorts: "8080:80", AnnotationIP: "10.0.0.5/24,fd00::5", AnnotationMAC: "02:00:00:00:00:01"},
			[]map[string]any{
				{
					"etcfiles": named(), "portMappings": []PortMapping{{8080, 80, "tcp", ""}},
					"ips": []string{"10.0.0.5/24", "fd00::5"}, "mac": "02:00:00:00:00:01",
				},
				{"etcfiles": named()},
			},
			"",
		},
		{"aliases nobody takes", ``, map[string]string{AnnotationAliases: "a"}, nil, "network bare: annotation etcfiles/aliases"},
		{"dns nobody takes", ``, map[string]string{AnnotationDNSSearch: "example.org"}, nil, "network bare: annotation etcfiles/dns"},
		{"an address nobody takes", ``, map[string]string{AnnotationIP: "bare=10.0.0.5"}, nil, "network bare: annotation etcfiles/ip"},
		{"a hardware address nobody takes", ``, map[string]string{AnnotationMAC: "bare=02:00:00:00:00:01"}, nil, "network bare: annotation etcfiles/mac"},
		{"no port", ``, map[string]string{AnnotationPorts: "80"}, nil, "etcfiles/ports"},
		{"no network of the container", ``, map[string]string{AnnotationMAC: "x=y"}, nil, `not on network "x"`},
		{"no JSON", `{`, nil, nil, "config.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bundle := t.TempDir()
			if test.config != "" {
				if err := os.WriteFile(filepath.Join(bundle, "config.json"), []byte(test.config), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			c := &ocistate.Container{Namespace: "default", State: specs.State{ID: "web", Bundle: bundle, Annotations: test.annotations}}
			got, err := capabilityArgs(c, []*libcni.NetworkConfigList{network(t, "lab", all...), network(t, "bare")})
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("error %v, want one with %q", err, test.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Ports go to the first network that takes them; nobody hears of them if none does.
func TestPortsFindTheirNetwork(t *testing.T) {
	c := &ocistate.Container{State: specs.State{ID: "web", Bundle: t.TempDir(), Annotations: map[string]string{AnnotationPorts: "80:80"}}}
	got, err := capabilityArgs(c, []*libcni.NetworkConfigList{network(t, "bare"), network(t, "lab", "portMappings")})
	if err != nil {
		t.Fatal(err)
	}
	if got[0][capabilityPorts] != nil || got[1][capabilityPorts] == nil {
		t.Errorf("arguments %v, want ports for the second network alone", got)
	}
	if _, err := capabilityArgs(c, []*libcni.NetworkConfigList{network(t, "bare")}); err == nil {
		t.Error("ports that no plugin takes are not refused")
	}
}

func TestLoadNetworks(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"20-lab.conflist":   `{"cniVersion":"1.0.0","name":"lab","plugins":[{"type":"bridge"}]}`,
		"30-back.conflist":  `{"cniVersion":"1.0.0","name":"back","plugins":[{"type":"bridge"}]}`,
		"40-same.conflist":  `{"cniVersion":"1.0.0","name":"lab","plugins":[{"type":"bridge"}]}`,
		"41-two.conflist":   `{"cniVersion":"1.0.0","name":"two","plugins":[{"type":"bridge"}]}`,
		"42-other.conflist": `{"cniVersion":"1.0.0","name":"two","plugins":[{"type":"ptp"}]}`,
		"60-single.conf":    `{"cniVersion":"1.0.0","name":"single","type":"ptp"}`,
		"61-chain.json":     `{"cniVersion":"1.0.0","name":"chain","plugins":[{"type":"bridge"}]}`,
		"50-cut.conflist":   `{"cniVersion":"1.0.0","name":"cut"`,
		"10-no.txt":         `no conflist`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		names []string
		want  []string
	}{{nil, []string{"lab"}}, {[]string{"back"}, []string{"back"}}, {[]string{"back", "lab"}, []string{"back", "lab"}}} {
		networks, err := loadNetworks(dir, test.names)
		if err != nil {
			t.Errorf("%v: %v", test.names, err)
		}
		var got []string
		for _, n := range networks {
			got = append(got, n.Name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.names, diff)
		}
	}
	for names, want := range map[string]string{
		"front": "front", "lab,lab": "twice", "cut": "50-cut.conflist", "lab,front": "front",
		"two": dir + "/41-two.conflist and " + dir + "/42-other.conflist define it", "single": "/60-single.conf defines network single",
		"chain": "rename it to 61-chain.conflist",
	} {
		if _, err := loadNetworks(dir, strings.Split(names, ",")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", names, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "00-cut.conflist"), []byte(`{`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := loadNetworks(dir, nil); err == nil || !strings.Contains(err.Error(), "00-cut.conflist") {
		t.Errorf("the first conflist cannot be read: error %v, want one that names it", err)
	}
	if _, err := loadNetworks(t.TempDir(), nil); err == nil {
		t.Error("a directory with no conflist has a first network")
	}
}
