package blackbox

import (
	"context"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// outer is the world around the process: its umask, and mounts that only the process sees.
type outer struct {
	umask    string
	covers   []cover
	readOnly string // a directory
}

// private says whether the process needs mounts of its own.
func (o outer) private() bool { return len(o.covers) > 0 || o.readOnly != "" }

// cover is a file bind-mounted over another.
type cover struct{ file, target string }

// script is the shell text that sets the world up before the plugin replaces the shell.
func (o outer) script() string {
	var b strings.Builder
	b.WriteString("set -e\n")
	if o.umask != "" {
		fmt.Fprintf(&b, "umask %s\n", o.umask)
	}
	if o.private() {
		b.WriteString("mount --make-rprivate /\n")
	}
	for _, c := range o.covers {
		fmt.Fprintf(&b, "[ -e %[2]s ] || { mount -t tmpfs tmpfs /run; mkdir -p %[3]s; : >%[2]s; }\nmount --bind %[1]s %[2]s\n",
			c.file, c.target, path.Dir(c.target))
	}
	if o.readOnly != "" {
		fmt.Fprintf(&b, "mount --bind %[1]s %[1]s\nmount -o remount,bind,ro %[1]s\n", o.readOnly)
	}
	b.WriteString("exec \"$0\" \"$@\"\n")
	return b.String()
}

// around returns the call in that world.
func (o outer) around(c plugin.Call) plugin.Call {
	if o.umask != "" || o.private() {
		c.Prefix = []string{"/bin/sh", "-c", o.script()}
	}
	if o.private() {
		c.Attr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	}
	return c
}

// program returns the plugin's program with arguments in that world.
func (o outer) program(ctx context.Context, args ...string) *exec.Cmd {
	c := o.around(plugin.Call{})
	args = slices.Concat(c.Prefix, []string{binary}, args)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.SysProcAttr = c.Attr
	return cmd
}
