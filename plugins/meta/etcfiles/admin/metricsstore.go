package admin

import (
	"bytes"
	"maps"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/inspect"
)

// writeStore writes what the store holds of the namespaces.
func writeStore(b *bytes.Buffer, m *inspect.Inspector, namespaces []string) {
	var containers, networks, attachments, dead, pending []sample
	for _, namespace := range namespaces {
		c, err := m.Census(namespace)
		if err != nil {
			m.Warnf("namespace %s is not counted in full: %v", namespace, err)
		}
		labels := []label{{"namespace", namespace}}
		containers = append(containers, sample{float64(c.Containers), labels})
		networks = append(networks, sample{float64(len(c.Attachments)), labels})
		dead = append(dead, sample{float64(c.Dead), labels})
		pending = append(pending, sample{float64(c.Pending), labels})
		for _, network := range slices.Sorted(maps.Keys(c.Attachments)) {
			attachments = append(attachments, sample{
				float64(c.Attachments[network]), []label{{"namespace", namespace}, {"network", network}},
			})
		}
	}
	for _, f := range []struct {
		name, help string
		samples    []sample
	}{
		{"containers", "Containers that live.", containers},
		{"networks", "Networks with a living container.", networks},
		{"attachments", "Attachments of living containers.", attachments},
		{"dead_containers", "Containers that are dead and that the next operation drops.", dead},
		{"pending_removals", "DELs that did not get the lock in time and that the next operation does.", pending},
	} {
		family{metricsPrefix + f.name, f.help, "gauge"}.write(b, f.samples...)
	}
}
