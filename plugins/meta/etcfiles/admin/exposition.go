package admin

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// family is a metric with its series in Prometheus' text format, see
// https://prometheus.io/docs/instrumenting/exposition_formats/.
type family struct{ name, help, kind string }

// sample is the value of one series.
type sample struct {
	value  float64
	labels []label
}

type label struct{ name, value string }

// write writes the family; one without a series is left out.
func (f family) write(b *bytes.Buffer, samples ...sample) {
	if len(samples) == 0 {
		return
	}
	escapes := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
	for _, s := range samples {
		b.WriteString(f.name)
		for i, l := range s.labels {
			b.WriteByte("{,"[min(i, 1)])
			fmt.Fprintf(b, `%s="%s"`, l.name, escapes.Replace(strings.ToValidUTF8(l.value, "\uFFFD")))
		}
		if len(s.labels) > 0 {
			b.WriteByte('}')
		}
		fmt.Fprintf(b, " %s\n", strconv.FormatFloat(s.value, 'g', -1, 64))
	}
}
