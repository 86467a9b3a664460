package admin

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/conflist"
)

// editing are the flags of config that change a file.
type editing struct {
	add, remove, dryRun bool
}

func (e *editing) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&e.add, "add", false, "put the plugin last into the conflist, in place")
	flags.BoolVar(&e.remove, "remove", false, "take the plugin out of the conflist, in place")
	flags.BoolVar(&e.dryRun, "dry-run", false, "with --add or --remove: only show the difference")
}

// asked reports whether a file is to be changed.
func (e *editing) asked() bool { return e.add || e.remove || e.dryRun }

// run changes a file, and says what it has done.
func (e *editing) run(cmd *cobra.Command, path string) error {
	switch {
	case e.add && e.remove:
		return cli.Misuse(cmd, "--add and --remove: give one of them")
	case !e.add && !e.remove:
		return cli.Misuse(cmd, "--dry-run: of what? Give --add or --remove too")
	}
	plan := conflist.Remove
	if e.add {
		plan = func(path string) (*conflist.Edit, error) { return conflist.Add(path, conflist.Plugin{}) }
	}
	edit, err := plan(path)
	if err != nil {
		return err
	}
	if e.dryRun {
		_, err := io.WriteString(cmd.OutOrStdout(), edit.Diff())
		return errors.Join(err, write(cmd.ErrOrStderr(), known(edit)))
	}
	if err := edit.Apply(); err != nil {
		return err
	}
	return write(cmd.OutOrStdout(), append([]string{e.done(edit)}, known(edit)...))
}

func write(w io.Writer, lines []string) error {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(cli.Plain(line) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// known returns what one has to know of a file that is edited.
func known(edit *conflist.Edit) []string {
	var lines []string
	if edit.Link != "" {
		lines = append(lines, fmt.Sprintf("%s leads to it by a link", edit.Link))
	}
	if edit.Stays != "" {
		lines = append(lines, fmt.Sprintf("%s stays: it is not what the file is now. Remove it when you no longer need it", edit.Stays))
	}
	if how := edit.ForGood(); how != "" {
		lines = append(lines, fmt.Sprintf("%s: %s. For good: %s", edit.Target, edit.Agent, how))
	}
	return lines
}

// done says what was done.
func (e *editing) done(edit *conflist.Edit) string {
	say := fmt.Sprintf
	switch {
	case !edit.Changed() && e.add:
		return say("%s: etcfiles is in its place already", edit.File)
	case !edit.Changed():
		return say("%s: etcfiles is not in it", edit.File)
	case edit.Target != edit.File && e.add:
		return say("%s: its plugin and etcfiles are in %s now, and the file itself is %s", edit.File, edit.Target, edit.Kept)
	case edit.Target != edit.File:
		return say("%s: etcfiles is taken out, and the other plugin is in %s again", edit.File, edit.Target)
	case e.add && edit.Kept != "":
		return say("%s: etcfiles is the last plugin now; the former file is %s", edit.File, edit.Kept)
	case e.add:
		return say("%s: etcfiles is the last plugin now", edit.File)
	}
	return say("%s: etcfiles is taken out", edit.File)
}
