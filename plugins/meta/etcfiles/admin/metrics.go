package admin

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/counters"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/inspect"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

func metricsCommand(o *options, version string) *cobra.Command {
	var textfile string
	var off bool
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "Print metrics for Prometheus, and have operations counted from now on",
		Long: `Print what the store holds and what the operations on it have come to, in the text format of Prometheus.

The first call makes the file counters in the data directory; from then on every operation of the plugin adds to it, until
--off removes it. With --textfile the metrics go into a file for node_exporter's textfile collector; the file is replaced
as a whole. etcfiles-metrics.timer does so every 30 seconds.`,
		Example: `  etcfiles metrics
  etcfiles metrics --textfile /var/lib/prometheus/node-exporter/etcfiles.prom
  etcfiles metrics --off`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir := hostsstore.Dir(o.dataDir)
			if off {
				return stopMetrics(dir, textfile)
			}
			if err := startCounting(dir); err != nil {
				return err
			}
			text, err := metrics(o.manager(cmd), dir, o.namespace, version)
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
	cmd.Flags().BoolVar(&off, "off", false, "count no longer, and remove the counters and the --textfile, if that holds our metrics")
	_ = cmd.MarkFlagFilename("textfile", "prom")
	return cmd
}

// startCounting has the operations on the data directory counted, and makes the directory if need be.
func startCounting(dir hostsstore.Dir) error {
	if err := dir.MakeDir(string(dir)); err != nil {
		return err
	}
	return counters.File(dir.CountersPath()).Start()
}

// stopMetrics ends the counting, and removes the file if one is named. If that holds anything but our metrics nothing is done.
func stopMetrics(dir hostsstore.Dir, textfile string) error {
	if textfile == "" {
		return counters.File(dir.CountersPath()).Stop()
	}
	head, err := safefile.Read(textfile, int64(len(textfileHead)))
	absent := errors.Is(err, fs.ErrNotExist)
	switch {
	case absent:
	case err != nil:
		return err
	case string(head) != textfileHead:
		return fmt.Errorf("--textfile %s: it does not hold metrics of etcfiles, and stays; name another file, or remove it yourself", textfile)
	}
	err = counters.File(dir.CountersPath()).Stop()
	if !absent {
		err = errors.Join(err, os.Remove(textfile))
	}
	return err
}

// textfileHead is how metrics begin.
const textfileHead = "# HELP " + metricsPrefix

// metricsPrefix is what the names of all metrics begin with.
const metricsPrefix = "etcfiles_"

// metrics returns the metrics of the data directory, of one namespace or of all.
func metrics(m *inspect.Inspector, dir hostsstore.Dir, namespace, version string) ([]byte, error) {
	counts, err := counters.File(dir.CountersPath()).Read()
	if err != nil {
		return nil, err
	}
	namespaces, err := m.Existing(namespace)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	writeCounts(&b, counts)
	writeStore(&b, m, namespaces)
	family{metricsPrefix + "build_info", "The version of the program, as a label.", "gauge"}.write(&b, sample{1, []label{{"version", version}}})
	return b.Bytes(), nil
}

// writeCounts writes what the plugin counts. Every series is there from the beginning, so that the first increase shows.
func writeCounts(b *bytes.Buffer, c *counters.Counts) {
	var operations, seconds, failures []sample
	for i, command := range counters.Commands() {
		of := &c.Commands[i]
		labels := []label{{"command", command}}
		operations = append(operations, sample{float64(of.Operations), labels})
		seconds = append(seconds, sample{inSeconds(of.Duration), labels})
		failed := c.Failures(i)
		for j, code := range counters.Codes() {
			failures = append(failures, sample{
				float64(failed[j]), []label{{"command", command}, {"code", fmt.Sprint(code)}},
			})
		}
	}
	for _, f := range []struct {
		family
		samples []sample
	}{
		{counter("operations", "CNI operations that were done or tried."), operations},
		{counter("failures", "Operations that failed, by CNI error code; 999 is any other than those listed."), failures},
		{counter("operation_seconds", "Time that operations took, the wait for the lock included."), seconds},
		{counter("lock_wait_seconds", "Time that operations waited for the lock of their namespace."), []sample{{inSeconds(c.LockWait), nil}}},
		{counter("repairs", "Repairs of a namespace that an earlier operation had left unfinished."), []sample{{float64(c.Repairs), nil}}},
		{counter("pruned", "Containers that were found dead and dropped."), []sample{{float64(c.Pruned), nil}}},
		{counter("warnings", "Warnings of operations."), []sample{{float64(c.Warnings), nil}}},
	} {
		f.write(b, f.samples...)
	}
}

func counter(name, help string) family {
	return family{metricsPrefix + name + "_total", help, "counter"}
}

func inSeconds(ns uint64) float64 { return float64(ns) / 1e9 }
