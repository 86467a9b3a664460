package page

import (
	"fmt"
	"regexp"
	"strings"
)

// Step is a command that a block of a terminal shows, and what the page says that it prints.
type Step struct {
	Command, Printed string
}

// Steps returns the commands of a block, which stand behind "$ ", with their output.
func Steps(text string) ([]Step, error) {
	var steps []Step
	for line := range strings.Lines(text) {
		command, typed := strings.CutPrefix(line, "$ ")
		switch {
		case typed:
			steps = append(steps, Step{Command: strings.TrimSuffix(command, "\n")})
		case len(steps) == 0:
			return nil, fmt.Errorf("the block does not begin with a command: %s", line)
		default:
			steps[len(steps)-1].Printed += line
		}
	}
	return steps, nil
}

var (
	variable = regexp.MustCompile(`\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ|\b(?:pid|process) \d+|/proc/\d+/|\b\d+(ms|s|m|h)\b|/sed\w{6}\b`)
	pid      = regexp.MustCompile(`\d+( +\S+/eth\d)`)
	padding  = regexp.MustCompile(` {2,}`)
)

// SameForAll takes out of an output what is another each time: times, processes, and how wide a table is.
func SameForAll(text string) string {
	return padding.ReplaceAllString(pid.ReplaceAllString(variable.ReplaceAllString(text, "…"), "…$1"), "  ")
}
