package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// journal is the open log file, one line of logfmt (log/slog's text form) for each record. A nil journal logs nothing.
type journal struct {
	file   *os.File
	err    error // the first one of writing
	logger *slog.Logger
	detail []slog.Attr // of the operation, at level debug
}

// journalMode is what a new log file gets: it names containers and addresses.
const journalMode = 0o640

// openJournal opens the file for appending: every record is one write, so that those of processes at once do not mix. It
// follows no link, soft or hard, and waits for nothing.
func openJournal(path string, level slog.Level) (*journal, error) {
	f, err := safefile.Open(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, journalMode)
	if errors.Is(err, safefile.ErrNotRegular) {
		return nil, fmt.Errorf("%s is %w with one name", path, safefile.ErrNotRegular)
	}
	if err != nil {
		return nil, err
	}
	j := &journal{file: f}
	j.logger = slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: level}))
	return j, nil
}

// Write makes the journal what its logger writes to.
func (j *journal) Write(b []byte) (int, error) {
	n, err := j.file.Write(b)
	if j.err == nil {
		j.err = err
	}
	return n, err
}

// close closes the file and returns the first error of writing it.
func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return errors.Join(j.err, j.file.Close())
}

func (j *journal) debug() bool {
	return j != nil && j.logger.Enabled(context.Background(), slog.LevelDebug)
}

// attrs are the fields of one line; what is empty is left out.
type attrs []slog.Attr

func (a *attrs) text(key, value string) {
	if value != "" {
		*a = append(*a, slog.String(key, value))
	}
}

func (a *attrs) list(key string, values []string) { a.text(key, strings.Join(values, ",")) }

func (a *attrs) number(key string, n int) {
	if n != 0 {
		*a = append(*a, slog.Int(key, n))
	}
}

// subject returns which attachment the operation is about.
func (o *operation) subject() attrs {
	var a attrs
	namespace := o.conf.Namespace
	if o.args.ContainerID != "" {
		namespace = o.conf.Key(o.args).Namespace
	}
	a.text("namespace", namespace)
	a.text("network", o.conf.Name)
	a.text("container", o.args.ContainerID)
	a.text("ifname", o.args.IfName)
	return a
}

// logWarning writes the line of a warning.
func (o *operation) logWarning(text string) {
	if o.log == nil {
		return
	}
	a := attrs{slog.String("command", o.command)}
	o.log.logger.LogAttrs(context.Background(), slog.LevelWarn, text, append(a, o.subject()...)...)
}

// logEnd writes the line of the operation.
func (o *operation) logEnd(took time.Duration, err error) {
	if o.log == nil {
		return
	}
	r := &o.report
	a := o.subject()
	a.text("name", r.Name)
	addresses := make([]string, len(r.Addresses))
	for i, addr := range r.Addresses {
		addresses[i] = addr.String()
	}
	a.list("addresses", addresses)
	a.list("names", r.Names)
	a = append(a, o.log.detail...)
	a.number("files", r.Files)
	a.number("peers", r.Peers)
	a.number("repaired", r.Repaired)
	a.list("dead", r.Dead)
	a.list("evicted", r.Evicted)
	a.list("collected", r.Collected)
	a.list("caught_up", r.CaughtUp)
	if r.PutOff {
		a = append(a, slog.Bool("put_off", true))
	}
	a = append(a, slog.Duration("duration", took), slog.Duration("lock_wait", r.LockWait))
	level := o.level(err)
	if err != nil {
		a = append(a, slog.Int("code", int(cniError(err).Code)), slog.String("error", bounded(err.Error(), maxError)))
	}
	o.log.logger.LogAttrs(context.Background(), level, o.command, a...)
}

// level returns how much the operation matters: a refused request is the runtime's affair, any other failure is ours.
func (o *operation) level(err error) slog.Level {
	switch {
	case err != nil:
		switch cniError(err).Code {
		case types.ErrUnsupportedField, types.ErrInvalidNetworkConfig, types.ErrDecodingFailure:
			return slog.LevelWarn
		}
		return slog.LevelError
	case o.command == "CHECK" || o.command == "STATUS":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// detailRequest notes, at level debug, what was asked for.
func (o *operation) detailRequest(r *request.Add) {
	if !o.log.debug() {
		return
	}
	a := attrs{slog.String("cni_version", o.conf.CNIVersion)}
	a.text("netns", r.Netns)
	a.text("given_name", r.Name)
	a.text("hostname", r.Hostname)
	a.text("domainname", r.Domainname)
	if r.Otherwise != nil {
		a.text("args_name", r.Otherwise.Name)
		a.text("args_hostname", r.Otherwise.Hostname)
	}
	a.text("kubernetes_namespace", r.Kubernetes)
	a.list("aliases", r.Aliases)
	hosts := make([]string, len(r.ExtraHosts))
	for i, x := range r.ExtraHosts {
		hosts[i] = x.Name + ":" + extraAddress(x)
	}
	a.list("extra_hosts", hosts)
	o.log.detail = append(o.log.detail, a...)
}

func extraAddress(x request.ExtraHost) string {
	if x.Address == (netip.Addr{}) {
		return "host-gateway"
	}
	return x.Address.String()
}

// detailDNS notes, at level debug, what resolv.conf holds.
func (o *operation) detailDNS(dns types.DNS) {
	if !o.log.debug() {
		return
	}
	var a attrs
	a.list("nameservers", dns.Nameservers)
	a.list("search", dns.Search)
	a.list("options", dns.Options)
	o.log.detail = append(o.log.detail, a...)
}
