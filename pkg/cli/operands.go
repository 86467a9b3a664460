package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Operands makes a command take exactly those operands that are described, such as "a container".
func Operands(described ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(described):
			return fmt.Errorf("name %s", strings.Join(described[len(args):], " and "))
		case len(args) > len(described):
			return tooMany(args[len(described)])
		}
		return nil
	}
}

// OneOperandAtMost makes a command take one operand, or none.
func OneOperandAtMost(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return tooMany(args[1])
	}
	return nil
}

func tooMany(surplus string) error { return fmt.Errorf("%q is one operand too many", surplus) }

// suggested returns the error about a command that does not exist, with those that may have been meant.
func suggested(cmd *cobra.Command, err error, typed string) error {
	for _, c := range cmd.Commands() {
		if slices.Contains(c.SuggestFor, typed) {
			return fmt.Errorf("%w: did you mean %s?", err, c.Name())
		}
	}
	cmd.SuggestionsMinimumDistance = min(2, len(typed)/2) // how many letters may differ
	if like := cmd.SuggestionsFor(typed); len(like) > 0 {
		return fmt.Errorf("%w: did you mean %s?", err, strings.Join(like, " or "))
	}
	return err
}
