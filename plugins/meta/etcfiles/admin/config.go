package admin

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/conflist"
)

// Where runtimes look, see libcni, containerd's config and podman's containers.conf(5).
const (
	defaultConfDir = "/etc/cni/net.d"
	defaultBinDirs = "/opt/cni/bin:/usr/lib/cni:/usr/libexec/cni"
)

func configCommand() *cobra.Command {
	var out format
	var confDir, binDirs, pod string
	var example conflist.Example
	var edit editing
	cmd := &cobra.Command{
		Use:   "config CONFLIST",
		Short: "Look for faults in a conflist, show what a container would get, or put the plugin in",
		Long: `Look at a conflist, a file or the name of a network in --conf-dir, and say what is wrong in which line, as
file:line: key: message. It looks at the JSON, the versions, the names, the plugins, their order and their programs, at
the addresses that host-local and static give, at what other networks of the directory have too, and at every key and
value of etcfiles, as the plugin itself reads them. Faults come first. A note is no fault: it says what not to expect.

If nothing is wrong it shows what a container would get: its names, its hosts file while no other container is there,
with an address of the IPAM plugin's range, and its resolv.conf on this host, with where each part comes from. Without
--add and --remove nothing is made or written.

Of a directory it looks at every configuration, and says which of them a runtime of Kubernetes takes. With --conf-dir a
file is looked at as if it were in that directory.

--add puts the plugin last into the conflist, with all capabilities that it understands; a runtime gives those that it
can. The rest of the file stays as it is, byte for byte. The file as it was is kept beside it as FILE.before-etcfiles,
which no runtime reads. The configuration of one plugin, FILE.conf, becomes FILE.conflist. Where the plugin is in its
place already, nothing is changed. --remove takes it out again. If an agent such as Calico's or Cilium's writes the file
anew, they name the agent, and where it has its template. With --dry-run they only show the difference.

The exit code is 1 when something is wrong. The flags --data-dir, --namespace and --marker of other commands mean
nothing here: the conflist says all of them.`,
		Example: `  etcfiles config lab
  etcfiles config ./10-bridge.conflist --name web --alias www
  etcfiles config k8s --pod shop/web -o json
  etcfiles config /etc/cni/net.d
  etcfiles config --add /etc/cni/net.d/87-podman-bridge.conflist --dry-run`,
		Args: cli.Operands("a conflist, its network or a directory"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			words, _ := candidates(conflist.Networks(confDir), typed)
			return words, cobra.ShellCompDirectiveDefault // where no network begins so, files do
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if pod != "" {
				var ok bool
				if example.PodNS, example.Pod, ok = strings.Cut(pod, "/"); !ok || example.Pod == "" || example.PodNS == "" {
					return cli.Misuse(cmd, "--pod: want NAMESPACE/NAME")
				}
			}
			path := conflist.Converted(args[0])
			given := path
			if _, err := os.Stat(path); err != nil && !strings.ContainsRune(path, '/') {
				if path = conflist.Find(confDir, args[0]); path == "" {
					return fmt.Errorf("no conflist in %s has the network %s: name a file, or the directory with --conf-dir", confDir, args[0])
				}
			}
			if edit.asked() {
				return edit.run(cmd, path)
			}
			options := conflist.Options{BinDirs: filepath.SplitList(binDirs), Example: example}
			options.ConfDir = siblings(path, given, confDir, cmd.Flags().Changed("conf-dir"))
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				return lookAtDirectory(cmd.OutOrStdout(), out, path, options)
			}
			report, err := conflist.Look(path, options)
			if err != nil {
				return err
			}
			if err := printReport(cmd.OutOrStdout(), out, report); err != nil {
				return err
			}
			return answer(report.Wrong())
		},
	}
	addFormat(cmd, &out)
	edit.addTo(cmd)
	flags := cmd.Flags()
	addConfDir(cmd, &confDir)
	flags.StringVar(&binDirs, "bin-dir", defaultBinDirs, "`directories` of the plugins, separated by colons")
	flags.StringVar(&example.ID, "id", "web", "`ID` of the example container")
	flags.StringVar(&example.Name, "name", "", "`name` of the example container")
	flags.StringVar(&example.Hostname, "hostname", "", "`hostname` of the example container")
	flags.StringArrayVar(&example.Aliases, "alias", nil, "another `name` of the example container; may be given several times")
	flags.StringVar(&pod, "pod", "", "the example is the pod `NAMESPACE/NAME` of Kubernetes")
	return cmd
}

// answer returns the error of a command whose answer is no when something is wrong.
func answer(wrong bool) error {
	if wrong {
		return cli.ErrNo
	}
	return nil
}

// lookAtDirectory looks at all configurations of a directory.
func lookAtDirectory(w io.Writer, out format, path string, o conflist.Options) error {
	dir, err := conflist.LookAround(path, o)
	if err != nil {
		return err
	}
	if out == formatJSON {
		if err := printJSON(w, dir); err != nil {
			return err
		}
		return answer(dir.Wrong())
	}
	var b strings.Builder
	for _, r := range dir.Files {
		writeFaults(&b, r)
	}
	network := ": network " + cli.Plain(dir.First.Network)
	if dir.First.Network == "" {
		network = ", which does not name its network: correct it first"
	}
	fmt.Fprintf(&b, "%s: a runtime of Kubernetes takes %s, the first by its name%s\n", dir.Path, filepath.Base(dir.First.File), network)
	if !dir.Wrong() {
		fmt.Fprintf(&b, "%s: nothing is wrong\n", dir.Path)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return answer(dir.Wrong())
}

func writeFaults(b *strings.Builder, r *conflist.Report) {
	for _, f := range r.Faults {
		b.WriteString(cli.Plain(f.String()) + "\n")
	}
}

// siblings returns the directory in which other files have networks: that which is asked for, or that of a file.
func siblings(path, given, confDir string, asked bool) string {
	if asked || path != given {
		return confDir
	}
	return filepath.Dir(path)
}

func printReport(w io.Writer, out format, r *conflist.Report) error {
	if out == formatJSON {
		return printJSON(w, r)
	}
	var b strings.Builder
	writeFaults(&b, r)
	if !r.Wrong() {
		fmt.Fprintf(&b, "%s: nothing is wrong\n", r.File)
	}
	if r.Result != nil && !r.Wrong() {
		writeResult(&b, r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeResult writes what the example would get.
func writeResult(b *strings.Builder, r *conflist.Report) {
	e := r.Result
	address := strings.Join(e.Addresses, " ")
	if e.Sample {
		address += " (any: the conflist does not say which there are)"
	}
	fmt.Fprintf(b, "\nContainer %s on network %s would get:\n", e.ID, r.Network)
	for _, line := range [][2]string{
		{"namespace", e.Namespace}, {"dataDir", e.DataDir}, {"hostname", e.Hostname}, {"names", strings.Join(e.Names, " ")}, {"address", address},
	} {
		fmt.Fprintf(b, "  %-10s %s\n", line[0], cli.Plain(line[1]))
	}
	writeFile(b, "/etc/hosts", e.Hosts)
	writeFile(b, "/etc/resolv.conf", e.ResolvConf)
	for _, o := range e.Origins {
		fmt.Fprintf(b, "  %-12s from %s\n", o.Key, cli.Plain(o.From))
	}
	for _, warning := range e.Warnings {
		fmt.Fprintf(b, "  warning: %s\n", cli.Plain(warning))
	}
}

func writeFile(b *strings.Builder, path, text string) {
	fmt.Fprintf(b, "\n  %s:\n", path)
	for line := range strings.Lines(text) {
		fmt.Fprintf(b, "    %s\n", cli.Plain(strings.TrimSuffix(line, "\n")))
	}
}

// addConfDir gives a command the flag --conf-dir.
func addConfDir(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "conf-dir", defaultConfDir, "`directory` of the conflists")
}
