package containerd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// In a node of the benchmark binDir has the test binary under the names of the programs that are in the path of a pod start. Each
// runs the program of that name in realDir and writes down how long it took.
const (
	realDir  = "/opt/real"
	timedLog = "/run/timed.log" // one JSON object to a line
)

// timed is one call of a program. The command is CNI_COMMAND, none for a hook.
type timed struct {
	Program, Command string
	Took             time.Duration
}

// runTimed times a program. What it calls itself, as bridge does host-local, is not timed on its own.
func runTimed(program string) int {
	cmd := exec.Command(filepath.Join(realDir, program), os.Args[1:]...)
	cmd.Env = append(os.Environ(), "CNI_PATH="+realDir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	start := time.Now()
	err := cmd.Run()
	line, _ := json.Marshal(timed{program, os.Getenv("CNI_COMMAND"), time.Since(start)})
	if log, err := os.OpenFile(timedLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err == nil {
		_, err = log.Write(append(line, '\n'))
		if err := errors.Join(err, log.Close()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// BenchmarkPod starts pods with one container each, which all stay until the end, and then stops them. It prints the median time of
// every program of ours and of the other plugins in these starts and stops.
func BenchmarkPod(b *testing.B) {
	for _, r := range versions {
		b.Run(r.name, func(b *testing.B) {
			n := newNode(b, r, conflist(b, shipped), byBaseSpec)
			n.timePrograms()
			var pods []*pod
			var starts []time.Duration
			for b.Loop() {
				start := time.Now()
				p := n.pod(fmt.Sprintf("pod-%d", len(pods)))
				p.container("main")
				pods, starts = append(pods, p), append(starts, time.Since(start))
			}
			for _, p := range pods {
				p.stop()
			}
			if err := n.printTimes(os.Stdout, starts); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// timePrograms puts the clock before every program.
func (n *node) timePrograms() {
	n.t.Helper()
	self, err := os.Executable()
	if err != nil {
		n.t.Fatal(err)
	}
	n.run("mv", binDir, realDir)
	n.run("sh", "-ec", "mkdir "+binDir+"; for program in "+realDir+"/*; do ln -s "+self+" "+binDir+"/${program##*/}; done")
	// A hook is called by args[0] and not by its path, and the clock must know itself.
	spec := strings.ReplaceAll(n.read(baseSpec), pluginDir, binDir)
	for _, program := range []string{"etcfiles-mount", "etcfiles"} {
		spec = strings.ReplaceAll(spec, `"`+program+`"`, `"`+binDir+"/"+program+`"`)
	}
	n.write(baseSpec, []byte(spec))
	n.restart()
}

// printTimes prints a table of the medians, in milliseconds.
func (n *node) printTimes(w io.Writer, starts []time.Duration) error {
	took := map[string][]time.Duration{}
	for line := range strings.Lines(n.read(timedLog)) {
		var c timed
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			return err
		}
		took[c.Program+c.Command] = append(took[c.Program+c.Command], c.Took)
	}
	head := fmt.Sprintf("| containerd %s, %d pods | whole start | etcfiles-mount | etcfiles adopt |", n.release.name, len(starts))
	values := fmt.Sprintf("| median, ms | %s | %s | %s |", milliseconds(starts), milliseconds(took["etcfiles-mount"]), milliseconds(took["etcfiles"]))
	for _, command := range []string{"ADD", "DEL"} {
		for _, plugin := range []string{"bridge", "portmap", "firewall", "etcfiles"} {
			head += " " + plugin + " " + command + " |"
			values += " " + milliseconds(took[plugin+command]) + " |"
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n|%s\n%s\n", head, strings.Repeat(" --- |", strings.Count(head, "|")-1), values)
	return err
}

// milliseconds formats the median.
func milliseconds(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	return fmt.Sprintf("%.1f", float64(all[len(all)/2])/float64(time.Millisecond))
}
