package admin

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
)

// TestHelp holds every command to a Short, a Long and an Example, and each line of the examples to a command line that can be.
func TestHelp(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
		if cmd.Short == "" || cmd.Long == "" {
			t.Errorf("%s: no Short or Long", cmd.CommandPath())
		}
		if cmd.Example == "" && !cmd.HasSubCommands() {
			t.Errorf("%s: no Example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			checkExample(t, cmd, strings.TrimSpace(line))
		}
	}
	visit(Command("test"))
}

func checkExample(t *testing.T, cmd *cobra.Command, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, " >") // to a file
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "etcfiles" {
		t.Errorf("%s: the example %q does not run etcfiles", cmd.CommandPath(), line)
		return
	}
	root := Command("test")
	root.InitDefaultHelpCmd()
	found, rest, err := root.Find(words[1:])
	if err == nil {
		err = found.ParseFlags(rest)
	}
	if err == nil && found.Args != nil {
		err = found.Args(found, found.Flags().Args())
	}
	if err != nil || !strings.HasPrefix(found.CommandPath(), cmd.CommandPath()) {
		t.Errorf("%s: the example %q is of %s: %v", cmd.CommandPath(), line, found.CommandPath(), err)
	}
}

// TestFirstLine: the program's own help begins as every CNI plugin answers, which is where Nomad looks for the version. No help of
// a command does, and none has another word in front that could be one.
func TestFirstLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{{nil, true}, {[]string{"--help"}, true}, {[]string{"help"}, true}, {[]string{"ls", "--help"}, false}, {[]string{"help", "ls"}, false}} {
		var stdout, stderr bytes.Buffer
		code := Run("v1.2.3", c.args, &stdout, &stderr)
		first, _, _ := strings.Cut(stdout.String(), "\n")
		if got := first == "CNI etcfiles plugin v1.2.3"; code != cli.OK || got != c.want || stderr.Len() > 0 {
			t.Errorf("etcfiles %q: exit code %d, first line %q, stderr %q", c.args, code, first, &stderr)
		}
	}
}

// TestSetupOperands: what is no runtime is a wrong command line, and the runtimes are completed.
func TestSetupOperands(t *testing.T) {
	for _, args := range [][]string{{"setup", "docker"}, {"setup", "podman", "crio"}} {
		var out, errs bytes.Buffer
		if code := Run("test", args, &out, &errs); code != cli.Usage || !strings.Contains(errs.String(), "etcfiles setup --help") {
			t.Errorf("%q: exit code %d: %s%s", args, code, &out, &errs)
		}
	}
	var out, errs bytes.Buffer
	if code := Run("test", []string{"__complete", "setup", ""}, &out, &errs); code != cli.OK || !strings.HasPrefix(out.String(), "containerd\npodman\ncrio\n:4\n") {
		t.Errorf("exit code %d: %s%s", code, &out, &errs)
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	for want, d := range map[string]time.Duration{
		"0s": -time.Hour, "59s": 59*time.Second + 999*time.Millisecond, "1m": time.Minute, "59m": time.Hour - 1,
		"1h": time.Hour, "47h": 48*time.Hour - 1, "2d": 48 * time.Hour, "400d": 400 * 24 * time.Hour,
	} {
		if got := ago(now, now.Add(-d)); got != want {
			t.Errorf("%v ago is %q, want %q", d, got, want)
		}
	}
	if got := ago(now, time.Time{}); got != "-" || exact(time.Time{}) != "" {
		t.Errorf("no time is %q", got)
	}
	if got := exact(now.In(time.FixedZone("", 3600))); got != "2026-01-02T15:04:05Z" {
		t.Errorf("%q", got)
	}
}

// TestTerminal holds what may come from a container to be unable to move a cursor, in a table and in JSON.
func TestTerminal(t *testing.T) {
	const hostile = "a\x1b[2J\u009bb\x7f\u202ec\U000e0001d\xff\ttab"
	for name, print := range map[string]func(b *bytes.Buffer) error{
		"table": func(b *bytes.Buffer) error { return printTable(b, []string{"HEAD"}, [][]cell{{{text: hostile}}}) },
		"JSON":  func(b *bytes.Buffer) error { return printJSON(b, hostile) },
		"line":  func(b *bytes.Buffer) error { return printJSONLine(b, hostile) },
	} {
		var b bytes.Buffer
		if err := print(&b); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\x1b\u009b\x7f\u202e\U000e0001\t") || !strings.Contains(b.String(), "tab") {
			t.Errorf("%s: %q", name, b.String())
		}
	}
	var b bytes.Buffer
	var got string
	if err := printJSON(&b, hostile); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got != strings.ToValidUTF8(hostile, "\ufffd") {
		t.Errorf("%q: %v", got, err)
	}
}

func TestExcerpt(t *testing.T) {
	lines := slices.Repeat([]string{"a\n", strings.Repeat("ü", maxWidth) + "\n"}, maxShown)
	got := excerpt(lines)
	if len(got) != maxShown+1 || got[0] != "a" || got[1] != strings.Repeat("ü", maxWidth/2)+"…" || got[maxShown] != "… and 64 more lines" {
		t.Errorf("%q", got)
	}
	if got := excerpt(nil); got == nil || len(got) != 0 {
		t.Errorf("%#v", got)
	}
}
