package cli

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// program is a program whose command fails with err; its flag --word is checked before.
func program(err error) *cobra.Command {
	word := ""
	root := &cobra.Command{
		Use: "prog", Args: cobra.NoArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if word != "" {
				return Misuse(cmd, "--word: %w", errors.New("bad"))
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	root.PersistentFlags().StringVar(&word, "word", "", "a word")
	root.AddCommand(
		&cobra.Command{Use: "sub", SuggestFor: []string{"beneath"}, Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { return err }},
		&cobra.Command{Use: "take", Args: Operands("a thing", "its place"), RunE: func(*cobra.Command, []string) error { return err }},
	)
	return Program(root, "1.2")
}

// TestRun holds the exit codes, and each error to one line that a terminal can take.
func TestRun(t *testing.T) {
	const failed = 7
	for _, c := range []struct {
		args   string
		err    error
		code   int
		stderr string
	}{
		{"", nil, OK, ""},
		{"sub", nil, OK, ""},
		{"sub", ErrNo, No, ""},
		{"sub", Answer("%s has\nnone", "it"), No, "prog: it has; none\n"},
		{"sub", fmt.Errorf("look: %w", Answer("none")), No, "prog: look: none\n"},
		{"sub", errors.Join(errors.New("one"), errors.New("two")), failed, "prog: one; two\n"},
		{"sub", errors.New("a\x1b[2J\u009bb\u202ec\xff"), failed, "prog: a?[2J?b?c?\n"},
		{"sub", fmt.Errorf("in all: %w", Misuse(program(nil), "so not")), Usage, "prog: in all: so not (see prog --help)\n"},
		{"sub operand", nil, Usage, "prog: unknown command \"operand\" for \"prog sub\" (see prog sub --help)\n"},
		{"sob", nil, Usage, "prog: unknown command \"sob\" for \"prog\": did you mean sub? (see prog --help)\n"},
		{"beneath", nil, Usage, "prog: unknown command \"beneath\" for \"prog\": did you mean sub? (see prog --help)\n"},
		{"take", nil, Usage, "prog: name a thing and its place (see prog take --help)\n"},
		{"take it", nil, Usage, "prog: name its place (see prog take --help)\n"},
		{"take it there now", nil, Usage, "prog: \"now\" is one operand too many (see prog take --help)\n"},
		{"take it there", nil, OK, ""},
		{"nothing", nil, Usage, "prog: unknown command \"nothing\" for \"prog\" (see prog --help)\n"},
		{"completion nope", nil, Usage, "prog: unknown command \"nope\" for \"prog completion\" (see prog completion --help)\n"},
		{"completion bas", nil, Usage, "prog: unknown command \"bas\" for \"prog completion\": did you mean bash? (see prog completion --help)\n"},
		{"help nope", nil, Usage, "prog: unknown command \"nope\" for \"prog\" (see prog help --help)\n"},
		{"help sob", nil, Usage, "prog: unknown command \"sob\" for \"prog\": did you mean sub? (see prog help --help)\n"},
		{"help sub more", nil, Usage, "prog: unknown command \"more\" for \"prog sub\" (see prog help --help)\n"},
		{"sub --flag", nil, Usage, "prog: unknown flag: --flag (see prog sub --help)\n"},
		{"sub --word x", nil, Usage, "prog: --word: bad (see prog sub --help)\n"},
	} {
		var stdout, stderr bytes.Buffer
		code := Run(program(c.err), failed, strings.Fields(c.args), nil, &stdout, &stderr)
		if code != c.code || stderr.String() != c.stderr || stdout.Len() > 0 {
			t.Errorf("%q, %v: exit code %d, %q on stderr, %q on stdout", c.args, c.err, code, stderr.String(), stdout.String())
		}
	}
}

func TestProgram(t *testing.T) {
	for _, arg := range []string{"version", "--version"} {
		var stdout bytes.Buffer
		if code := Run(program(nil), 1, []string{arg}, nil, &stdout, &stdout); code != OK || stdout.String() != "prog 1.2\n" {
			t.Errorf("%s: exit code %d, %q", arg, code, stdout.String())
		}
	}
	cmd, _, err := program(nil).Find([]string{"completion"})
	if err != nil {
		t.Fatal(err)
	}
	var shells []string
	for _, c := range cmd.Commands() {
		shells = append(shells, c.Name())
	}
	if want := []string{"bash", "fish", "zsh"}; !slices.Equal(shells, want) {
		t.Errorf("%q, want %q", shells, want)
	}
}
