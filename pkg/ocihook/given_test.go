package ocihook

import (
	"strings"
	"testing"

	"github.com/containernetworking/cni/libcni"
	"github.com/google/go-cmp/cmp"
)

// TestGivenCapabilities: a value gets to the first network that takes it, or to the one that is named, and is never lost.
func TestGivenCapabilities(t *testing.T) {
	networks := func() []*libcni.NetworkConfigList {
		return []*libcni.NetworkConfigList{network(t, "lab", "ipRanges", "mac"), network(t, "back", "bandwidth", "ipRanges")}
	}
	for text, want := range map[string][]map[string]any{
		"": {nil, nil},
		`{"bandwidth":{"ingressRate":1000},"ipRanges":[[{"subnet":"10.0.0.0/24"}]]}`: {
			{"ipRanges": []any{[]any{map[string]any{"subnet": "10.0.0.0/24"}}}}, {"bandwidth": map[string]any{"ingressRate": 1000.0}},
		},
		`{"back=ipRanges":[],"ipRanges":null}`: {{"ipRanges": nil}, {"ipRanges": []any{}}},
	} {
		got, err := givenCapabilities(map[string]string{AnnotationCapabilities: text}, networks())
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"[]": "want a JSON object", `{"cgroupPath":"/x"}`: `{"cgroupPath": true}`, `{"lab=bandwidth":{}}`: "network lab",
		`{"front=ipRanges":[]}`: "network front", `{"mac":"02:00:00:00:00:01"}`: AnnotationMAC, `{"portMappings":[]}`: AnnotationPorts,
		`{"lab=ips":[]}`: AnnotationIP, `{"etcfiles":{}}`: AnnotationName, `{"lab=ipRanges":[],"ipRanges":[]}`: "twice",
	} {
		if got, err := givenCapabilities(map[string]string{AnnotationCapabilities: text}, networks()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want an error with %q", text, got, err, want)
		}
	}
}

func TestCNIArgs(t *testing.T) {
	for text, want := range map[string][][2]string{
		"":                      nil,
		"A=1, B=2,":             {{"IgnoreUnknown", "1"}, {"A", "1"}, {"B", "2"}},
		"IgnoreUnknown=0,IP=::": {{"IgnoreUnknown", "0"}, {"IP", "::"}},
		"EMPTY=":                {{"IgnoreUnknown", "1"}, {"EMPTY", ""}},
	} {
		got, err := cniArgs(map[string]string{AnnotationArgs: text})
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{"A", "=1", "A=1;B=2", "A=b=c"} {
		if got, err := cniArgs(map[string]string{AnnotationArgs: text}); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

// TestTwoMACs: an interface has one hardware address.
func TestTwoMACs(t *testing.T) {
	for mac, ok := range map[string]bool{
		"02:00:00:00:00:01,back=02:00:00:00:00:02": true, "02:00:00:00:00:01,02:00:00:00:00:02": false,
		"back=02:00:00:00:00:01,back=02:00:00:00:00:02": false, "02:00:00:00:00:01,lab=02:00:00:00:00:02": false,
	} {
		_, err := capabilityArgs(annotated(map[string]string{AnnotationMAC: mac}), []*libcni.NetworkConfigList{network(t, "lab", "mac"), network(t, "back", "mac")})
		if (err == nil) != ok {
			t.Errorf("%s: %v", mac, err)
		}
	}
}
