package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

const usage = `usage: etcfiles rm [--data-dir DIR] [--marker WORD] NAMESPACE/CONTAINER-ID
       etcfiles version

rm takes a container out of the store with its files, also those that keepFiles has left.
Example: etcfiles rm default/web

A container runtime runs etcfiles as a CNI plugin, with CNI_COMMAND in the environment.
`

// Exit codes of the admin tool.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// runAdmin is the program as it is run by hand, with arguments. It returns the exit code.
func runAdmin(args []string, stdout, stderr io.Writer) int {
	switch args[0] {
	case "rm":
		return runRemove(args[1:], stderr)
	case "version", "--version":
		fmt.Fprintln(stdout, "etcfiles", version)
		return exitOK
	case "help", "--help", "-h":
		fmt.Fprint(stdout, usage)
		return exitOK
	}
	fmt.Fprintf(stderr, "etcfiles: unknown command %q\n%s", args[0], usage)
	return exitUsage
}

func runRemove(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("rm", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	dataDir := flags.String("data-dir", defaultDataDir, "")
	marker := flags.String("marker", defaultMarker, "")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	namespace, id, ok := strings.Cut(flags.Arg(0), "/")
	if flags.NArg() != 1 || !ok {
		flags.Usage()
		return exitUsage
	}
	m := &etcfiles.Manager{
		Dir: hostsstore.Dir(*dataDir), Marker: etchosts.Marker(*marker), LockTimeout: 30 * time.Second,
		Warnf: func(format string, args ...any) { fmt.Fprintf(stderr, "etcfiles: warning: "+format+"\n", args...) },
	}
	if err := m.Remove(context.Background(), namespace, id); err != nil {
		fmt.Fprintln(stderr, "etcfiles:", err)
		return exitFailed
	}
	return exitOK
}
