package admin

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/setup"
)

func setupCommand(o *options) *cobra.Command {
	var dryRun, undo bool
	cmd := &cobra.Command{
		Use:   "setup [containerd|podman|crio]",
		Short: "Set up a container runtime, or say what is set up",
		Long: `Look at the configuration that a runtime has, and change what is missing for etcfiles: the plugin comes into the conflist that
is in use (or an example network "lab" is put there, if there is none), and the hook or the base specification that mounts
the files, with a drop-in that names it. Each change is a line, and the last line is the command that is left to be run.
Files of the runtime's own are left alone where a file beside them will do. Where a table is in the way that somebody else
has written, it names the line that you are to add; the exit code is 1 then, and until it is there.

To do it again changes nothing, or after an update of the runtime what is no longer as it should be. With --undo all that
was written goes, and what was changed is as it was before; /etc/etcfiles/setup.json says until then what that is. What
you have changed since stays, and is left to you: the exit code is 1 then. What setup has not made stays too. While a
network that is to go, or to lose the plugin, has living containers, or any has while a link to the plugin is to go,
nothing is changed, and the exit code is 3. One setup waits for another. Without a runtime it says what is set up and what
is missing, or with --undo undoes all; the exit code is 1 if nothing is set up, or something is missing where a part is.

It knows Debian's and others' containerd 1.x and 2.x, that of k3s, Podman with CNI (up to 4.x) and without, and CRI-O. With
--dry-run nothing is written. Only root can do it; for others the exit code is 3.`,
		Example: `  etcfiles setup containerd --dry-run
  etcfiles setup containerd
  etcfiles setup
  etcfiles setup --undo`,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: setup.Runtimes(),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := thisHost()
			if err != nil {
				return err
			}
			host.Living = func(dataDir, network string) ([]string, error) { return o.living(cmd, dataDir, network) }
			if !dryRun && (undo || len(args) > 0) {
				unlock, err := host.Lock(cmd.Context())
				if err != nil {
					return err
				}
				defer unlock()
			}
			s := &settingUp{host: host, out: cmd.OutOrStdout(), dryRun: dryRun, said: map[string]bool{}}
			switch {
			case undo:
				return s.undo(args)
			case len(args) == 1:
				return s.setup(args[0])
			}
			return s.status()
		},
	}
	cli.AsRoot(nil, cmd)
	flags := cmd.Flags()
	flags.BoolVar(&dryRun, "dry-run", false, "say what would be changed, and change nothing")
	flags.BoolVar(&undo, "undo", false, "take away what was set up")
	return cmd
}

// thisHost is the machine that the program runs on.
func thisHost() (*setup.Host, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &setup.Host{
		Self: filepath.Dir(self), Path: os.Getenv("PATH"),
		Run: func(program string, args ...string) ([]byte, error) {
			out, err := exec.Command(program, args...).Output() //nolint:gosec // G204: the runtime's own program, of $PATH, asked by root
			if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
				lines := strings.Split(strings.TrimSpace(string(failed.Stderr)), "\n")
				err = fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, lines[len(lines)-1])
			}
			return out, err
		},
	}, nil
}

// living returns the living containers on a network, or on any if it is "", as a data directory has them; "" is that of the flags.
func (o *options) living(cmd *cobra.Command, dataDir, network string) ([]string, error) {
	there := *o
	there.dataDir, there.namespace = cmp.Or(dataDir, o.dataDir), ""
	list, err := there.manager(cmd).Inspect("")
	if errors.Is(err, etcfiles.ErrNoStore) {
		return nil, nil
	}
	var found []string
	for _, i := range list {
		if !i.State.Dead() && (network == "" || i.On(network)) {
			found = append(found, i.Namespace+"/"+i.Name())
		}
	}
	return found, err
}

// settingUp is a run of the command.
type settingUp struct {
	host   *setup.Host
	out    io.Writer
	dryRun bool
	said   map[string]bool // what is not said again of another runtime
}

func (s *settingUp) setup(name string) error {
	p, err := s.host.Setup(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	there := fmt.Sprintf("%s is set up: %s", name, strings.Join(p.There, ", "))
	if p.Join != "" {
		return s.follow(p, there, "nothing is left to do: a container has it that is started by "+p.Join)
	}
	return s.follow(p, there, "nothing is left to do: the next container has it")
}

func (s *settingUp) undo(names []string) error {
	if len(names) == 0 {
		names = setup.Runtimes()
	}
	for i, name := range names { // so that nothing is undone where not all can be
		_, err := s.host.Undo(name, names[i+1:]...)
		if errors.Is(err, setup.ErrInUse) { // by a container of whatever runtime
			return fmt.Errorf("nothing is changed: %w", err)
		}
		if err != nil {
			return fmt.Errorf("nothing is changed: %s: %w", name, err)
		}
	}
	var answer error
	for i, name := range names {
		p, err := s.host.Undo(name, names[i+1:]...)
		if err == nil {
			err = s.follow(p, name+": nothing is left of a setup", "nothing is left to do")
		}
		switch {
		case errors.Is(err, cli.ErrNo):
			answer = err
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return answer
}

// follow says what a plan does, and does it unless this is a dry run. there says that nothing was to be done, and done that nothing is left.
func (s *settingUp) follow(p *setup.Plan, there, done string) error {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(cli.Plain(fmt.Sprintf(format, args...)) + "\n") }
	if p.Found != "" {
		line("%s: %s", p.Runtime, p.Found)
	}
	for _, step := range p.Steps {
		line("%s", step)
	}
	once := func(text string) {
		if !s.said[text] {
			line("%s", text)
		}
		s.said[text] = true
	}
	for _, hand := range p.ByHand {
		once("left to you: " + hand)
	}
	for _, note := range p.Notes {
		once("note: " + note)
	}
	if p.Done() {
		line("%s", there)
	}
	if !s.dryRun {
		if err := p.Apply(); err != nil {
			return fmt.Errorf("nothing is changed: %w", err)
		}
	}
	switch {
	case p.Done():
	case s.dryRun:
		line("nothing is changed: this was --dry-run")
	case p.Restart != "":
		line("left to do: %s", p.Restart)
	case len(p.ByHand) == 0:
		line("%s", done)
	}
	if _, err := io.WriteString(s.out, b.String()); err != nil {
		return err
	}
	if len(p.ByHand) > 0 {
		return cli.ErrNo
	}
	return nil
}

// status says of every runtime what is set up.
func (s *settingUp) status() error {
	var b strings.Builder
	set, part := false, false
	for _, name := range setup.Runtimes() {
		p, err := s.host.Setup(name)
		switch {
		case errors.Is(err, setup.ErrNotInstalled):
			fmt.Fprintf(&b, "%s: not installed\n", name)
		case err != nil:
			state := "cannot be set up"
			if p != nil && p.Wired() {
				part, state = true, "set up, and does not work"
			}
			fmt.Fprintf(&b, "%s: %s: %s\n", name, state, cli.Plain(strings.ReplaceAll(err.Error(), "\n", "; ")))
		case p.Done():
			set = true
			fmt.Fprintf(&b, "%s: set up: %s\n", name, cli.Plain(strings.Join(p.There, ", ")))
		case !p.Wired():
			fmt.Fprintf(&b, "%s: not set up: etcfiles setup %[1]s --dry-run says what that would change\n", name)
		default:
			part = true
			fmt.Fprintf(&b, "%s: set up in part: %s; missing:\n", name, cli.Plain(strings.Join(p.There, ", ")))
			for _, step := range p.Steps {
				fmt.Fprintf(&b, "  %s\n", cli.Plain(step.String()))
			}
			for _, hand := range p.ByHand {
				fmt.Fprintf(&b, "  left to you: %s\n", cli.Plain(hand))
			}
		}
		if err == nil && p.Wired() {
			for _, note := range p.Notes {
				fmt.Fprintf(&b, "  note: %s\n", cli.Plain(note))
			}
		}
	}
	if _, err := io.WriteString(s.out, b.String()); err != nil {
		return err
	}
	if !set || part {
		return cli.ErrNo
	}
	return nil
}
