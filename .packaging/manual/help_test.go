package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
)

// TestHelpFits: what --help of any command of any program prints fits into 100 columns.
func TestHelpFits(t *testing.T) {
	for _, p := range programs("1.2.3") {
		fits(t, p.root)
	}
}

func fits(t *testing.T, cmd *cobra.Command) {
	var out bytes.Buffer
	args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
	if code := cli.Run(cmd.Root(), 1, args, nil, &out, &out); code != cli.OK || out.Len() == 0 {
		t.Errorf("%s --help: exit code %d: %s", cmd.CommandPath(), code, &out)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%s --help: %d columns: %s", cmd.CommandPath(), n, line)
		}
	}
	for _, sub := range cmd.Commands() {
		fits(t, sub)
	}
}
