package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// TestHelpFits: paragraphs and the usage of flags are broken at the width; what somebody types, and what is indented, is not.
func TestHelpFits(t *testing.T) {
	const example = "  prog sub --flag with-many-words and more of them, so that the line would not fit into the width of a terminal"
	root := program(nil)
	sub := &cobra.Command{
		Use: "wide", Short: "Be wide",
		Long: strings.Repeat("many words ", 30) + "\nend here.\n\nA second paragraph:\n\n  kept\n  as it is", Example: example,
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	sub.Flags().String("flag", "x", strings.Repeat("what it is for ", 10)+"with a `word`")
	root.AddCommand(sub)
	root = Program(root, "1")
	var out bytes.Buffer
	if code := Run(root, 3, []string{"wide", "--help"}, nil, &out, &out); code != OK {
		t.Fatal(code)
	}
	for line := range strings.Lines(out.String()) {
		if utf8.RuneCountInString(line) > width+1 && line != example+"\n" {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
	for _, want := range []string{
		"many words end here.\n\nA second paragraph:\n\n  kept\n  as it is\n", example,
		"      --flag word   what it is for what", "\n                    it is for what", "word (default \"x\")\n  -h, --help        help for wide\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
}
