package etcfiles

import (
	"errors"
	"fmt"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

var (
	// ErrLocked is the error when the lock of the namespace could not be acquired in time.
	ErrLocked = hostsstore.ErrLocked
	// ErrNewer is the error for a store of a later format; nothing was changed.
	ErrNewer = hostsstore.ErrNewer
	// ErrNoStore is the error when there is no data directory.
	ErrNoStore = errors.New("no data directory")
	// ErrNoNamespace is the error for a namespace that the data directory does not have.
	ErrNoNamespace = errors.New("no such namespace")
	// ErrDifferent is the error of Check when something is not as it should be.
	ErrDifferent = errors.New("differs")
	// ErrUnavailable is the error of Status when an Add would fail.
	ErrUnavailable = errors.New("unavailable")
	// ErrLimited is the same where running containers suffer too: their files can no longer be changed.
	ErrLimited = fmt.Errorf("%w: running containers are no longer told of changes", ErrUnavailable)
)

// obstructed reports that a container has made a file of its own unusable.
func obstructed(err error) bool { return etchosts.Obstructed(err) }
