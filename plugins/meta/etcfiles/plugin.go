package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	types100 "github.com/containernetworking/cni/pkg/types/100"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
	"github.com/etcfiles/etcfiles/pkg/sandbox"
)

// plugin wires CNI's commands to the operations.
type plugin struct {
	stdout, stderr io.Writer
	override       bool   // CNI_NETNS may be the network namespace of the plugin itself
	version        string // cniVersion of the configuration; "" if there is none that the plugin speaks
}

// funcs returns the commands. A context that is done ends the wait for a lock; what has begun comes to its end.
func (p *plugin) funcs(ctx context.Context) skel.CNIFuncs {
	command := func(name string, run func(*operation, context.Context) error) func(*skel.CmdArgs) error {
		return func(args *skel.CmdArgs) error {
			o := p.begin(name, args)
			err := o.confErr
			switch {
			case err == nil:
				err = o.ofStore(run(o, ctx))
			case (name == "DEL" || name == "GC") && o.conf != nil: // what removes goes on with what could be read
				o.warnf("%v; the rest of the configuration is used", err)
				err = run(o, ctx)
			}
			o.end(err)
			if err != nil {
				return cniError(err)
			}
			return nil
		}
	}
	return skel.CNIFuncs{
		Add: command("ADD", (*operation).add), Del: command("DEL", (*operation).del),
		Check: command("CHECK", (*operation).check), GC: command("GC", (*operation).gc),
		Status: command("STATUS", (*operation).status),
	}
}

func (o *operation) add(ctx context.Context) error {
	asked, previous, err := o.conf.Request(o.args)
	if err == nil {
		err = asked.Validate()
	}
	if err == nil {
		err = o.checkNetns()
	}
	if err != nil {
		return err
	}
	o.detailRequest(asked)
	if o.keptByNerdctl() {
		return o.answer(previous)
	}
	if err := o.conf.ReadHostDNS(&asked.DNS); err != nil {
		return err
	}
	dns, err := o.manager().Add(ctx, asked)
	if err != nil {
		return err
	}
	previous.DNS = answerDNS(previous.DNS, dns)
	o.detailDNS(previous.DNS)
	if err := o.answer(previous); err != nil { // nobody has learnt of the attachment
		return errors.Join(err, o.manager().Del(context.WithoutCancel(ctx), asked.Key))
	}
	return nil
}

// answer prints the result of an ADD.
func (o *operation) answer(result *types100.Result) error {
	versioned, err := result.GetAsVersion(o.conf.CNIVersion)
	if err != nil {
		return &request.KeyError{Key: "prevResult", Reason: err}
	}
	if err := versioned.PrintTo(o.stdout); err != nil {
		return fmt.Errorf("the result could not be written to stdout: %w", err)
	}
	return nil
}

// keptByNerdctl reports whether the container is one of nerdctl's, in a store that is shared with it: nerdctl writes its record and
// its names, and a second record would take them from it.
func (o *operation) keptByNerdctl() bool {
	return o.conf.Marker == hostsstore.NerdctlMarker && hostsstore.Dir(o.conf.DataDir).KeptByNerdctl(o.args.ContainerID)
}

// answerDNS completes the dns of the result with what resolv.conf holds.
func answerDNS(previous types.DNS, written resolvconf.Result) types.DNS {
	return types.DNS{
		Nameservers: written.Nameservers, Domain: previous.Domain, Search: written.Search, Options: written.Options,
	}
}

// del succeeds on whatever is not there, also with a wrong value in the configuration: an error would keep the plugins before
// this one from freeing the address.
func (o *operation) del(ctx context.Context) error {
	keys := []request.Key{o.conf.Key(o.args)}
	var err error
	if !o.conf.NamesNamespace(o.args) {
		var more []request.Key
		more, err = o.manager().Elsewhere(keys[0], o.args.Netns)
		keys = append(keys, more...)
	}
	del := func(k request.Key) error { return o.manager().Del(ctx, k) }
	if !o.conf.OfPod(o.args) && livesOn(o.args.Netns) {
		del = func(k request.Key) error { return o.manager().Leave(ctx, k, o.args.Netns) }
	}
	for _, k := range keys {
		err = errors.Join(err, del(k))
	}
	if err != nil {
		o.failed = o.ofStore(err)
		o.warnf("nothing more can be removed for container %s: %v", o.args.ContainerID, o.failed)
	}
	return nil
}

// patience is how long a DEL looks for a process of its container: on a host with thousands of processes to see all of them
// takes tens of milliseconds.
const patience = 5 * time.Millisecond

// livesOn reports whether a process lives in the network namespace at path, or may live there: the container is running then,
// and has only left a network. The plugin's own network namespace is none of a container.
func livesOn(path string) bool {
	netns := hostsstore.NamespaceAt(path)
	id := sandbox.Namespace{Device: netns.Device, Inode: netns.Inode}
	return id.Inode != 0 && !sandbox.InOwn(id) && sandbox.Inhabited(id, patience)
}

func (o *operation) check(ctx context.Context) error {
	asked, _, err := o.conf.Request(o.args)
	if err != nil {
		return err
	}
	o.detailRequest(asked)
	if o.keptByNerdctl() {
		return nil
	}
	return o.manager().Check(ctx, asked)
}

func (o *operation) gc(ctx context.Context) error {
	valid, err := o.conf.Valid()
	if err != nil {
		return err
	}
	return o.manager().GC(ctx, o.conf.Namespace, o.conf.Name, valid)
}

func (o *operation) status(context.Context) error {
	if err := o.acceptable(); err != nil {
		return err
	}
	for _, namespace := range o.conf.Namespaces(o.args) {
		if err := o.manager().Status(namespace, o.conf.Name); err != nil {
			return err
		}
	}
	return nil
}

// acceptable refuses a configuration with which every ADD would fail.
func (o *operation) acceptable() error {
	prospect, err := o.conf.Prospect()
	if err == nil {
		err = o.conf.ReadHostDNS(&prospect.DNS)
	}
	if err != nil {
		return fmt.Errorf("%w: an ADD would be refused: %w", etcfiles.ErrUnavailable, err)
	}
	return etcfiles.Refuses(prospect)
}
