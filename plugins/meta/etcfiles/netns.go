package main

import (
	"fmt"
	"strings"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// overridden reads CNI_NETNS_OVERRIDE as skel does.
func overridden(value string) bool { return value == "1" || strings.EqualFold(value, "true") }

// checkNetns refuses a CNI_NETNS that is not the network namespace of a container, before anything is written.
func (o *operation) checkNetns() error {
	refuse := func(why string) error {
		return types.NewError(types.ErrInvalidEnvironmentVariables, fmt.Sprintf("CNI_NETNS %q %s", o.args.Netns, why), "")
	}
	switch is, err := hostsstore.IsNetns(o.args.Netns); {
	case err != nil:
		return refuse(fmt.Sprintf("cannot be used: %v", err))
	case !is:
		return refuse("is not a network namespace")
	case !o.override && hostsstore.Same(o.args.Netns, "/proc/thread-self/ns/net"):
		return refuse("is the network namespace of the plugin itself")
	}
	return nil
}
