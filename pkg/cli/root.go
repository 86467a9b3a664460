package cli

import (
	"fmt"
	"os"
	"syscall"

	"github.com/spf13/cobra"
)

// NotRoot is the exit code of a command of AsRoot that somebody else runs.
const NotRoot = 3

// AsRoot makes commands refuse to run for anybody but root, before they do anything and with the exit code NotRoot: what
// others may not read they would take for absent or wrong. The owner of the directory that owned names may run them too,
// since the store of a rootless engine belongs to its user; nil names none.
func AsRoot(owned func() string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		run := cmd.RunE
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if uid := os.Geteuid(); uid != 0 && (owned == nil || !owns(uid, owned())) {
				return notRoot{fmt.Errorf("%s: user %d may not do this: run it as root", cmd.Name(), uid)}
			}
			return run(cmd, args)
		}
	}
}

type notRoot struct{ error }

func owns(uid int, dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == uid
}
