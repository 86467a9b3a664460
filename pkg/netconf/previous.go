package netconf

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	types100 "github.com/containernetworking/cni/pkg/types/100"
	cniversion "github.com/containernetworking/cni/pkg/version"

	"github.com/etcfiles/etcfiles/pkg/request"
)

// parsePrevious decodes prevResult in the form of its version.
func (c *Conf) parsePrevious() error {
	if err := cniversion.ParsePrevResult(&c.PluginConf); err != nil {
		return decodingError("prevResult", err)
	}
	return nil
}

// null returns the place of a null in a list of objects of a result, "" if there is none: CNI's types make a nil pointer of
// it, and neither they nor what reads them expects one.
func null(place string, value any) string {
	object, _ := value.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(object)) {
		at := place + "." + key
		list, _ := object[key].([]any)
		for i, entry := range list {
			if entry == nil && slices.ContainsFunc(pointerLists, func(k string) bool { return strings.EqualFold(k, key) }) {
				return fmt.Sprintf("%s[%d]", at, i)
			}
		}
		if found := null(at, object[key]); found != "" { // version 0.2.0 has routes in ip4 and ip6
			return found
		}
	}
	return ""
}

// pointerLists are the keys of a result whose lists CNI decodes into pointers.
var pointerLists = []string{"interfaces", "ips", "routes"}

var errNotChained = errors.New("no prevResult: place etcfiles last in the conflist, after the plugins that make the interface and give the address")

// previousResult returns the result of the plugins before, in the newest form.
func (c *Conf) previousResult() (*types100.Result, error) {
	if err := c.parsePrevious(); err != nil {
		return nil, err
	}
	if c.PrevResult == nil {
		return nil, fmt.Errorf("%w: %w", request.ErrInvalid, errNotChained)
	}
	result, err := types100.NewResultFromResult(c.PrevResult)
	if err != nil {
		return nil, &request.KeyError{Key: "prevResult", Reason: err}
	}
	return result, nil
}
