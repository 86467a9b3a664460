package ocihook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containernetworking/cni/libcni"
)

// ownAnnotations are the annotations that make the capabilities that the hook itself knows.
var ownAnnotations = map[string]string{
	capabilityEtcfiles: AnnotationName,
	capabilityAliases:  AnnotationAliases,
	capabilityDNS:      AnnotationDNS,
	capabilityPorts:    AnnotationPorts,
	capabilityIPs:      AnnotationIP,
	capabilityMAC:      AnnotationMAC,
}

// givenCapabilities returns, for each network, the values that the annotation of capabilities gives: that of a CAPABILITY to
// the first network which takes it, that of NETWORK=CAPABILITY to that network.
func givenCapabilities(annotations map[string]string, networks []*libcni.NetworkConfigList) ([]map[string]any, error) {
	out := make([]map[string]any, len(networks))
	text := annotations[AnnotationCapabilities]
	if text == "" {
		return out, nil
	}
	var values map[string]any
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return nil, fmt.Errorf(`%w %s: want a JSON object such as {"bandwidth": {"ingressRate": 1000000}}: %w`, errAnnotation, AnnotationCapabilities, err)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		network, capability, named := strings.Cut(key, "=")
		if !named {
			capability = key
		}
		if own := ownAnnotations[capability]; own != "" {
			return nil, fmt.Errorf("%w %s: capability %q: it is made of annotations of its own: use %s", errAnnotation, AnnotationCapabilities, capability, own)
		}
		i := slices.IndexFunc(networks, func(n *libcni.NetworkConfigList) bool {
			return (!named || n.Name == network) && takes(n, capability)
		})
		if i < 0 {
			if !named {
				network = networks[0].Name
			}
			return nil, unheard(AnnotationCapabilities, network, capability)
		}
		if out[i] == nil {
			out[i] = map[string]any{}
		}
		if _, twice := out[i][capability]; twice {
			return nil, fmt.Errorf("%w %s: capability %q is given twice for network %s", errAnnotation, AnnotationCapabilities, capability, networks[i].Name)
		}
		out[i][capability] = values[key]
	}
	return out, nil
}

// ignoreUnknown has plugins pass over CNI_ARGS that they do not know (CNI conventions).
const ignoreUnknown = "IgnoreUnknown"

// cniArgs returns the CNI_ARGS of the annotation.
func cniArgs(annotations map[string]string) ([][2]string, error) {
	var out [][2]string
	ignores := false
	for _, s := range list(annotations[AnnotationArgs]) {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" || strings.ContainsAny(s, ";\x00") || strings.Contains(value, "=") {
			return nil, fmt.Errorf("%w %s: %q: want KEY=VALUE, without a semicolon or another equals sign", errAnnotation, AnnotationArgs, s)
		}
		ignores = ignores || key == ignoreUnknown
		out = append(out, [2]string{key, value})
	}
	if len(out) > 0 && !ignores {
		out = slices.Insert(out, 0, [2]string{ignoreUnknown, "1"})
	}
	return out, nil
}
