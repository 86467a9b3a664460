// Command bench compares, in one run, adding and removing one container on a network of N: the etcfiles plugin as a
// whole process, the physical floor, the least possible CNI plugin, and nerdctl's hosts store. run.sh starts it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, os.Args[1:])
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		code = 130
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		code = 1
	}
	os.Exit(code)
}

// options is the command line.
type options struct {
	sizes      []int
	reps       int
	plugin     string
	least      string
	former     string
	journal    string
	life       bool
	remote     bool
	dir        string
	nerdctlMax int
	strict     bool
}

func parseOptions(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	sizes := fs.String("n", "1 10 100 1000 5000", "the numbers of containers, separated by blanks")
	fs.IntVar(&o.reps, "reps", 15, "repetitions of which the median is taken")
	fs.StringVar(&o.plugin, "plugin", "", "the etcfiles binary")
	fs.StringVar(&o.least, "least", "", "the least plugin's binary")
	fs.StringVar(&o.former, "former", "", "the etcfiles binary of the version before")
	fs.StringVar(&o.journal, "journal", "", "an empty directory on a file system with a journal")
	fs.BoolVar(&o.life, "life", false, "measure what a node's long life asks, instead of one container more")
	fs.BoolVar(&o.remote, "remote", false, "measure what names of other hosts cost, instead of one container more")
	fs.StringVar(&o.dir, "dir", "", "an empty directory to work in")
	fs.IntVar(&o.nerdctlMax, "nerdctl-max", 1000, "the largest network that nerdctl's store is measured on")
	fs.BoolVar(&o.strict, "strict", false, "exit with 2 when the bar is not met")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	for _, field := range strings.Fields(*sizes) {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n > maxContainers {
			return o, fmt.Errorf("-n: %q is not a number from 1 to %d", field, maxContainers)
		}
		o.sizes = append(o.sizes, n)
	}
	switch {
	case len(o.sizes) == 0:
		return o, fmt.Errorf("-n: no number of containers")
	case o.reps < 1:
		return o, fmt.Errorf("-reps: %d is less than 1", o.reps)
	case o.life && (o.former == "" || o.journal == ""):
		return o, fmt.Errorf("-former and -journal are needed; run.sh gives them")
	case o.plugin == "" || o.least == "" || o.dir == "":
		return o, fmt.Errorf("-plugin, -least and -dir are needed; run.sh gives them")
	}
	return o, nil
}

// run measures every size and prints the table, after a failure that of the sizes before it; the result is the exit
// code.
func run(ctx context.Context, args []string) (int, error) {
	o, err := parseOptions(args)
	if err != nil {
		return 1, err
	}
	netns, err := newNetns(o.dir)
	if err != nil {
		return 1, err
	}
	if o.remote {
		met, err := measureRemote(ctx, o, netns, os.Stdout)
		if err == nil && o.strict && !met {
			return 2, nil
		}
		return 0, err
	}
	if o.life {
		met, err := measureLife(ctx, o, netns, os.Stdout)
		if err == nil && o.strict && !met {
			return 2, nil
		}
		return 0, err
	}
	var rows []row
	var failure error
	for _, n := range o.sizes {
		r, err := measure(ctx, o, netns, n)
		if err != nil {
			failure = fmt.Errorf("with %d containers: %w", n, err)
			break
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return 1, failure
	}
	if err := printTable(os.Stdout, rows); err != nil {
		return 1, errors.Join(failure, err)
	}
	met := printBar(os.Stdout, rows)
	switch {
	case failure != nil:
		return 1, failure
	case o.strict && !met:
		return 2, nil
	}
	return 0, nil
}

// progress tells on stderr what is going on, so that stdout is the table alone.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
