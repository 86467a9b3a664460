package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/netconf"
	"github.com/etcfiles/etcfiles/pkg/resolvconf"
)

// plugin wires CNI's commands to the operations.
type plugin struct {
	stdout, stderr io.Writer
}

func (p *plugin) funcs() skel.CNIFuncs {
	wrap := func(command func(*skel.CmdArgs) error) func(*skel.CmdArgs) error {
		return func(args *skel.CmdArgs) error {
			if err := command(args); err != nil {
				return cniError(err)
			}
			return nil
		}
	}
	return skel.CNIFuncs{
		Add: wrap(p.add), Del: wrap(p.del), Check: wrap(p.check), GC: wrap(p.gc), Status: wrap(p.status),
	}
}

func (p *plugin) warnf(format string, args ...any) {
	fmt.Fprintf(p.stderr, "etcfiles: warning: %s\n", strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; "))
}

func (p *plugin) add(args *skel.CmdArgs) error {
	conf, err := netconf.Parse(args.StdinData)
	if err != nil {
		return err
	}
	request, previous, err := conf.Request(args)
	if err != nil {
		return err
	}
	if err := conf.ReadHostDNS(&request.DNS); err != nil {
		return err
	}
	dns, err := conf.Manager(p.warnf).Add(context.Background(), request)
	if err != nil {
		return err
	}
	previous.DNS = answerDNS(previous.DNS, dns)
	versioned, err := previous.GetAsVersion(conf.CNIVersion)
	if err != nil {
		return fmt.Errorf("prevResult: %w: %w", etcfiles.ErrInvalid, err)
	}
	return versioned.PrintTo(p.stdout)
}

// answerDNS completes the dns of the result with what resolv.conf holds.
func answerDNS(previous types.DNS, written resolvconf.Result) types.DNS {
	return types.DNS{
		Nameservers: written.Nameservers, Domain: previous.Domain, Search: written.Search, Options: written.Options,
	}
}

// del succeeds on whatever is not there: an error would keep the plugins before this one from freeing the address.
func (p *plugin) del(args *skel.CmdArgs) error {
	conf, err := netconf.Parse(args.StdinData)
	if conf == nil {
		return err
	}
	if err != nil {
		p.warnf("%v; the rest of the configuration is used", err)
	}
	key, err := conf.Key(args)
	if err == nil {
		err = conf.Manager(p.warnf).Del(context.Background(), key)
	}
	if err != nil {
		p.warnf("nothing more can be removed for container %s: %v", args.ContainerID, err)
	}
	return nil
}

func (p *plugin) check(args *skel.CmdArgs) error {
	conf, err := netconf.Parse(args.StdinData)
	if err != nil {
		return err
	}
	request, _, err := conf.Request(args)
	if err != nil {
		return err
	}
	return conf.Manager(p.warnf).Check(context.Background(), request)
}

func (p *plugin) gc(args *skel.CmdArgs) error {
	conf, err := netconf.Parse(args.StdinData)
	if err != nil {
		return err
	}
	valid := make([]etcfiles.Valid, 0, len(conf.ValidAttachments))
	for _, a := range conf.ValidAttachments {
		valid = append(valid, etcfiles.Valid{ContainerID: a.ContainerID, IfName: a.IfName})
	}
	return conf.Manager(p.warnf).GC(context.Background(), conf.Namespace, conf.Name, valid)
}

func (p *plugin) status(args *skel.CmdArgs) error {
	conf, err := netconf.Parse(args.StdinData)
	if err != nil {
		return err
	}
	for _, namespace := range conf.Namespaces() {
		if err := conf.Manager(p.warnf).Status(namespace); err != nil {
			return err
		}
	}
	return nil
}
