package command

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
)

// shownStatus is what status -o json prints.
type shownStatus struct {
	Running bool `json:"running"`
	Well    bool `json:"well"`
	*agent.Status
	Age *float64 `json:"lastWordSeconds"` // since the last word of etcd; null for none
}

func (o *options) statusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say whether the service is connected, and what it refuses",
		Long: `Say whether the service runs and is connected to etcd, what it has published and taken over, and what of other hosts it
refuses and why. The exit code is 0 if etcd has answered within the last ttl and nothing is refused, else 1. Only root can do it; for others the exit code is 3.`,
		Example: "  etcfiles-etcd status || journalctl -u etcfiles-etcd",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := o.status()
			if err != nil {
				return err
			}
			if asJSON {
				text, err := json.MarshalIndent(s, "", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), string(text))
			} else {
				s.print(cmd.OutOrStdout())
			}
			if !s.Well {
				return cli.ErrNo
			}
			return nil
		},
	}
	outputFlag(cmd, &asJSON)
	return cmd
}

// status returns what the service says, or last said.
func (o *options) status() (*shownStatus, error) {
	s := &shownStatus{}
	var err error
	if s.Status, err = o.dir().ReadStatus(); err != nil {
		return nil, err
	}
	if s.Running, err = o.dir().Runs(); err != nil {
		return nil, err
	}
	if age, heard := s.Status.Age(); heard {
		seconds := age.Round(time.Millisecond).Seconds()
		s.Age = &seconds
	}
	s.Well = s.Running && s.Status.Well()
	return s, nil
}

// print prints it for people.
func (s *shownStatus) print(w io.Writer) {
	if !s.Running {
		fmt.Fprintln(w, "etcfiles-etcd does not run here: systemctl start etcfiles-etcd")
		return
	}
	word := "etcd has not answered yet"
	if s.Age != nil {
		word = fmt.Sprintf("etcd answered %.1fs ago", *s.Age)
	}
	fmt.Fprintf(w, "host %s: %s, %d containers published\n", s.Host, word, s.Published)
	for _, n := range s.Networks {
		fmt.Fprintf(w, "network %s/%s: %d names of %d hosts\n", n.Namespace, n.Network, n.Names, n.Hosts)
		if n.Beyond > 0 {
			fmt.Fprintf(w, "  %d of them are more than maxNames or 1 MiB, and in the network's own file only: the youngest of the hosts that have most\n", n.Beyond)
		}
		for _, r := range n.Refused {
			fmt.Fprintf(w, "  refused (%s, %d): %s\n", r.Why, r.Count, cli.Plain(r.String()))
		}
	}
	if !s.Ready && len(s.Faults) == 0 {
		fmt.Fprintln(w, "the service has just been started: not everything has been published and read yet")
	}
	for _, fault := range s.Faults {
		fmt.Fprintf(w, "fault: %s\n", cli.Plain(fault))
	}
}
