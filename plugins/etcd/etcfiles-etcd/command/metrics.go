package command

import (
	"bytes"
	"path/filepath"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

func (o *options) metricsCommand() *cobra.Command {
	var textfile string
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "Print metrics of the service for Prometheus",
		Long: `Print what status says in the text format of Prometheus. With --textfile the metrics go into a file for node_exporter's textfile
collector; the file is replaced as a whole. etcfiles-etcd-metrics.timer does so every 30 seconds.`,
		Example: `  etcfiles-etcd metrics
  etcfiles-etcd metrics --textfile /var/lib/prometheus/node-exporter/etcfiles-etcd.prom`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := o.status()
			if err != nil {
				return err
			}
			text, err := s.metrics()
			if err != nil {
				return err
			}
			if textfile == "" {
				_, err = cmd.OutOrStdout().Write(text)
				return err
			}
			path, err := filepath.Abs(textfile)
			if err != nil {
				return err
			}
			return safefile.Replace(path, text, 0o644, false)
		},
	}
	cmd.Flags().StringVar(&textfile, "textfile", "", "write them into `file` instead, which must end in .prom to be collected")
	_ = cmd.MarkFlagFilename("textfile", "prom")
	return cmd
}

// labels are those of a series, in pairs.
type labels [][2]string

// gauges gathers metrics.
type gauges struct {
	order    []string
	families map[string]*dto.MetricFamily
}

func (g *gauges) add(name, help string, value float64, with labels) {
	family := g.families[name]
	if family == nil {
		kind := dto.MetricType_GAUGE
		family = &dto.MetricFamily{Name: &name, Help: &help, Type: &kind}
		g.families[name] = family
		g.order = append(g.order, name)
	}
	m := &dto.Metric{Gauge: &dto.Gauge{Value: &value}}
	for _, l := range with {
		m.Label = append(m.Label, &dto.LabelPair{Name: &l[0], Value: &l[1]})
	}
	family.Metric = append(family.Metric, m)
}

func (g *gauges) bytes() ([]byte, error) {
	var b bytes.Buffer
	for _, name := range g.order {
		if _, err := expfmt.MetricFamilyToText(&b, g.families[name]); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// metrics returns the status as metrics.
func (s *shownStatus) metrics() ([]byte, error) {
	g := &gauges{families: map[string]*dto.MetricFamily{}}
	number := map[bool]float64{true: 1}
	g.add("etcfiles_etcd_up", "Whether the service runs.", number[s.Running], nil)
	g.add("etcfiles_etcd_well", "Whether it is connected and nothing is refused: 1 where status exits 0.", number[s.Well], nil)
	if s.Age != nil {
		g.add("etcfiles_etcd_last_word_seconds", "Time since etcd last answered.", *s.Age, nil)
	}
	if !s.Running {
		return g.bytes()
	}
	g.add("etcfiles_etcd_faults", "Things that are wrong, see status.", float64(len(s.Faults)), nil)
	g.add("etcfiles_published", "Attachments of this host in etcd.", float64(s.Published), nil)
	for _, n := range s.Networks {
		of := labels{{"namespace", n.Namespace}, {"network", n.Network}}
		g.add("etcfiles_remote_hosts", "Other hosts whose names are taken over.", float64(n.Hosts), of)
		g.add("etcfiles_remote_names", "Lines of other hosts in the network's hosts file.", float64(n.Names), of)
		g.add("etcfiles_remote_names_beyond", "Those of them that are more than maxNames, and in no container's hosts file.", float64(n.Beyond), of)
		for _, r := range n.Refused {
			who := append(of[:2:2], [2]string{"why", string(r.Why)})
			if r.Host != "" {
				who = append(who, [2]string{"host", r.Host})
			}
			g.add("etcfiles_remote_refused", "What of other hosts is refused, by reason.", float64(r.Count), who)
		}
	}
	g.add("etcfiles_etcd_build_info", "The version of the service, as a label.", 1, labels{{"version", s.Version}})
	return g.bytes()
}
