package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/skel"

	"github.com/etcfiles/etcfiles/pkg/counters"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// operation is one run of a CNI command, which is logged and counted if somebody has asked for it.
type operation struct {
	*plugin
	command  string
	args     *skel.CmdArgs
	start    time.Time
	conf     *netconf.Conf // nil if stdin could not be decoded
	confErr  error
	failed   error // of a DEL, which succeeds nevertheless
	log      *journal
	report   etcfiles.Report
	warnings uint64
}

func (p *plugin) begin(command string, args *skel.CmdArgs) *operation {
	o := &operation{plugin: p, command: command, args: args, start: time.Now()}
	if o.conf, o.confErr = netconf.Parse(args.StdinData); o.conf == nil || o.conf.LogFile == "" {
		return o
	}
	log, err := openJournal(o.conf.LogFile, o.conf.LogLevel())
	if err != nil {
		o.warnf("logFile: %v: nothing is logged", err)
		return o
	}
	o.log = log
	return o
}

// maxWarning is how many bytes of a warning are written: names in it may be as long as an annotation.
const maxWarning = 1024

// warnf says what does not stop the operation. No lock is held meanwhile.
func (o *operation) warnf(format string, args ...any) {
	text := bounded(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; "), maxWarning)
	fmt.Fprintf(o.stderr, "etcfiles: warning: %s\n", text)
	o.warnings++
	o.logWarning(text)
}

// ofStore makes one line of an error for which nothing can be written into the data directory: the same reason stands in the
// way of every file there, and which of them was the first says nothing.
func (o *operation) ofStore(err error) error {
	if err == nil || errors.Is(err, etcfiles.ErrUnavailable) { // STATUS has said so
		return err
	}
	if cause := safefile.Unwritable(o.conf.DataDir, err); cause != nil {
		return fmt.Errorf("dataDir: %w", cause)
	}
	return err
}

// manager returns what does the operation and reports it.
func (o *operation) manager() *etcfiles.Manager {
	m := o.conf.Manager(o.warnf)
	m.Report = &o.report
	return m
}

// end logs and counts the operation.
func (o *operation) end(err error) {
	if err == nil {
		err = o.failed
	}
	took := time.Since(o.start)
	o.logEnd(took, err)
	if err := o.count(took, err); err != nil {
		o.warnf("the operation is not counted: %v", err)
	}
	if err := o.log.close(); err != nil {
		fmt.Fprintf(o.stderr, "etcfiles: warning: logFile: %v\n", err)
	}
}

// count adds the operation to the counters of the data directory.
func (o *operation) count(took time.Duration, err error) error {
	if o.conf == nil || !filepath.IsAbs(o.conf.DataDir) {
		return nil
	}
	var code uint
	if err != nil {
		code = cniError(err).Code
	}
	c := counters.Operation(o.command, took, code)
	c.LockWait = uint64(o.report.LockWait)
	c.Repairs, c.Pruned = uint64(o.report.Repaired), uint64(len(o.report.Dead))
	c.Warnings = o.warnings
	return counters.File(hostsstore.Dir(o.conf.DataDir).CountersPath()).Add(c)
}
