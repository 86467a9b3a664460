package request

import (
	"slices"

	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// Key identifies an attachment: container and interface on a network of a namespace.
type Key struct {
	Namespace   string
	ContainerID string
	IfName      string
	Network     string
}

// Validate refuses, as ErrInvalid, a key of which a part cannot be an element of a path.
func (k Key) Validate() error { return CheckElements(k.Namespace, k.ContainerID, k.Network) }

// CheckContainer refuses, as ErrInvalid, a namespace or an ID that cannot be an element of a path.
func CheckContainer(namespace, id string) error { return CheckElements(namespace, id, "none") }

// CheckElements is Validate for the parts.
func CheckElements(namespace, id, network string) error {
	for _, e := range []struct{ key, value string }{
		{"namespace", namespace}, {"CNI_CONTAINERID", id}, {"network name", network},
	} {
		if err := names.CheckElement(e.value); err != nil {
			return &KeyError{Key: e.key, Reason: err}
		}
	}
	return nil
}

// In returns where in the list of its container the attachment is, or -1.
func (k Key) In(list []hostsstore.Attachment) int {
	return slices.IndexFunc(list, func(a hostsstore.Attachment) bool { return a.Network == k.Network && a.IfName == k.IfName })
}

// String returns CONTAINER/INTERFACE.
func (k Key) String() string { return k.ContainerID + "/" + k.IfName }
