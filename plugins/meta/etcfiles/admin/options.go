package admin

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/inspect"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/netconf"
)

// options are the flags that every command has.
type options struct {
	dataDir, namespace, marker string
	lockTimeout                time.Duration
}

func (o *options) addTo(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVar(&o.dataDir, "data-dir", netconf.DefaultDataDir, "`directory` of the store, the conflist's dataDir")
	flags.StringVar(&o.namespace, "namespace", "", "one `namespace` only, such as default or k8s.io")
	flags.StringVar(&o.marker, "marker", "", "`word` in the marker lines (default the one that the hosts files have)")
	_ = root.RegisterFlagCompletionFunc("namespace", o.completeNamespace)
	_ = root.MarkPersistentFlagDirname("data-dir")
}

// addLockTimeout gives a command that takes the lock the flag --lock-timeout, and a context that a signal ends.
func (o *options) addLockTimeout(cmd *cobra.Command) {
	cli.Waiting(cmd)
	cmd.Flags().DurationVar(&o.lockTimeout, "lock-timeout", adminLockTimeout, "how long to wait for a running operation")
}

// adminLockTimeout is how long somebody at a terminal waits for a lock.
const adminLockTimeout = 5 * time.Second

// check makes what the flags say usable.
func (o *options) check(cmd *cobra.Command) error {
	if o.namespace != "" {
		if err := names.CheckElement(o.namespace); err != nil {
			return cli.Misuse(cmd, "--namespace: %w", err)
		}
	}
	if o.marker != "" {
		if err := names.CheckElement(o.marker); err != nil {
			return cli.Misuse(cmd, "--marker: %w", err)
		}
	}
	dir, err := filepath.Abs(o.dataDir)
	if err != nil {
		return err
	}
	o.dataDir = dir
	return nil
}

// manager returns what does the operations; warnings go to the command's stderr.
func (o *options) manager(cmd *cobra.Command) *inspect.Inspector {
	return inspect.Of(&etcfiles.Manager{
		Dir: hostsstore.Dir(o.dataDir), Marker: etchosts.Marker(o.marker), FindMarker: true, LockTimeout: o.lockTimeout,
		Warnf: func(format string, args ...any) {
			fmt.Fprintf(cmd.ErrOrStderr(), "etcfiles: warning: %s\n", cli.Plain(fmt.Sprintf(format, args...)))
		},
	})
}
