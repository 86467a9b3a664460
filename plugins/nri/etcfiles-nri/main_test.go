package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/etcfiles/etcfiles/pkg/cli"
)

// TestCommandLine: what is mistyped, or lacks what containerd says otherwise, is a wrong command line, in one line on stderr.
func TestCommandLine(t *testing.T) {
	for args, want := range map[string]struct {
		code   int
		stderr string
	}{
		"version":   {cli.OK, ""},
		"--version": {cli.OK, ""},
		"foo":       {cli.Usage, `etcfiles-nri: unknown command "foo" for "etcfiles-nri" (see etcfiles-nri --help)`},
		"vesion":    {cli.Usage, `etcfiles-nri: unknown command "vesion" for "etcfiles-nri": did you mean version? (see etcfiles-nri --help)`},
		"--index 1": {cli.Usage, `etcfiles-nri: unknown flag: --index (see etcfiles-nri --help)`},
		"":          {cli.Usage, `etcfiles-nri: containerd starts it as /opt/nri/plugins/10-etcfiles-nri; by hand give --idx, such as --idx 10 (see etcfiles-nri --help)`},
		"--idx abc": {cli.Usage, `etcfiles-nri: --idx "abc": want two digits, such as 10 (see etcfiles-nri --help)`},
		"--idx 1":   {cli.Usage, `etcfiles-nri: --idx "1": want two digits, such as 10 (see etcfiles-nri --help)`},
		"--idx=":    {cli.Usage, `etcfiles-nri: --idx "": want two digits, such as 10 (see etcfiles-nri --help)`},
	} {
		var stdout, stderr bytes.Buffer
		code := run("1.2.3", strings.Fields(args), &stdout, &stderr)
		if got := strings.TrimSuffix(stderr.String(), "\n"); code != want.code || got != want.stderr {
			t.Errorf("%q: exit code %d, %q", args, code, got)
		}
		if got := stdout.String(); (code == cli.OK) != (got == "etcfiles-nri 1.2.3\n") {
			t.Errorf("%q: %q on stdout", args, got)
		}
	}
}

// TestHelp: it fits into 100 columns.
func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run("1.2.3", []string{"--help"}, &stdout, &stderr); code != cli.OK || stderr.Len() > 0 {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	for line := range strings.Lines(stdout.String()) {
		if utf8.RuneCountInString(line) > 101 {
			t.Error(line)
		}
	}
}
