package command

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/safefile"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/agent"
	"github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/config"
)

func (o *options) runCommand() *cobra.Command {
	var machineID string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Share names until a signal ends it",
		Long: `Publish the containers of this host, and take over those of others, until a signal ends it. For etcfiles-etcd.service.

What it has published stays in etcd for as long as the lease, the ttl of the configuration, so that one who runs it again within that time goes
on unseen. The exit code is 1 if the name of this host is another machine's.`,
		Example: "  etcfiles-etcd run",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Read(o.config)
			if err != nil {
				return err
			}
			who, err := identity(machineID, o.version)
			if err != nil {
				return err
			}
			client, err := connect(c)
			if err != nil {
				return err
			}
			defer client.Close() //nolint:errcheck // the process ends
			log := logf(cmd.ErrOrStderr())
			a := &agent.Agent{Config: c, Store: newStore(c, log), Client: client, Identity: who, Dir: o.dir(), Logf: log}
			err = a.Run(cmd.Context())
			if errors.Is(err, agent.ErrIdentity) {
				return cli.Answer("%w", err)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&machineID, "machine-id", "/etc/machine-id", "`file` with the identity of the machine, see machine-id(5)")
	_ = cmd.MarkFlagFilename("machine-id")
	return cmd
}

// identity returns who this machine is by the file of machine-id(5), which asks for hashes.
func identity(machineID, version string) (cluster.Record, error) {
	text, err := safefile.ReadLinked(machineID, maxPEM)
	id := strings.TrimSpace(string(text))
	if err == nil && (id == "" || id == "uninitialized") {
		err = fmt.Errorf("%s is empty", machineID)
	}
	if err != nil {
		return cluster.Record{}, fmt.Errorf("%w: hosts are told apart by it, systemd-machine-id-setup(1) makes it", err)
	}
	boot, err := hostsstore.BootID()
	if err != nil {
		return cluster.Record{}, err
	}
	return cluster.Record{Machine: hash(id), Boot: hash(boot), Program: version}, nil
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(program + " " + s))
	return hex.EncodeToString(sum[:16])
}
