package ocihook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// user is a container that shares the network namespace of another, which has the record and the attachments.
type user struct {
	ContainerID  string
	Bundle       string `json:",omitempty"`
	Process      process
	PIDNamespace uint64
}

// lives reports whether the user's process lives, or cannot be seen from here.
func (u user) lives(pids uint64) bool { return u.PIDNamespace != pids || u.Process.alive() }

// liveUser returns a user that lives, nil if there is none.
func (r *record) liveUser() *user {
	if len(r.Users) == 0 {
		return nil
	}
	pids, err := pidNamespace()
	for i := range r.Users {
		if err != nil || r.Users[i].lives(pids) {
			return &r.Users[i]
		}
	}
	return nil
}

// dropUser forgets a container.
func (r *record) dropUser(cniID, bundle string) {
	r.Users = slices.DeleteFunc(r.Users, func(u user) bool { return u.is(cniID, bundle) })
}

func (u user) is(cniID, bundle string) bool {
	return u.ContainerID == cniID && (u.Bundle == "" || bundle == "" || realPath(u.Bundle) == realPath(bundle))
}

// share notes the container with the one whose network namespace it has, if there is one. DEL comes with the end of the last
// of them. If there is none, it returns the claim to be the first, which is to be held until the pin is there.
func (h *Hook) share(ctx context.Context, c *ocistate.Container, id netns) (first *claim, err error) {
	for {
		place, err := takeClaim(ctx, h.placeDir(id), lockTimeout)
		if err != nil {
			return nil, err
		}
		owner, err := h.pinned(id)
		if err == nil && owner == "" {
			return place, nil
		}
		// Not to be held while another is waited for, who may wait for it.
		if err := errors.Join(err, place.release()); err != nil {
			return nil, err
		}
		if shared, err := h.shareWith(ctx, owner, c, id); err != nil || shared {
			return nil, err
		}
	}
}

// placePrefix is what no CNI ID begins with, and the directory of a claim that is no container's does.
const placePrefix = "."

// portsPlace is the directory of the claim to publish ports.
const portsPlace = placePrefix + "ports"

// placeDir is the directory of the claim to be the first in a network namespace.
func (h *Hook) placeDir(id netns) string {
	return h.recordDir(fmt.Sprintf("%snetns-%d-%d", placePrefix, id.Device, id.Inode))
}

// freePlaces removes what killed hooks have left of such claims.
func (h *Hook) freePlaces(ctx context.Context) {
	left, _ := filepath.Glob(h.recordDir(placePrefix + "*")) // the pattern is well formed
	for _, dir := range left {
		if place, err := takeClaim(ctx, dir, 0); err == nil {
			_ = place.release()
		}
	}
}

// shareWith reports false if the owner has ended meanwhile.
func (h *Hook) shareWith(ctx context.Context, owner string, c *ocistate.Container, id netns) (shared bool, err error) {
	claim, err := takeClaim(ctx, h.recordDir(owner), lockTimeout)
	if err != nil {
		return false, fmt.Errorf("container %s has the network namespace of %s: %w", c.ID, owner, err)
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	if now, err := statNetns(h.pinPath(owner)); err != nil || now != id {
		return false, nil //nolint:nilerr // it has gone: that is the answer
	}
	r, err := h.left(owner)
	if err != nil || r == nil {
		return r == nil, err // a pin that gc has to take
	}
	pids, err := pidNamespace()
	if err != nil {
		return false, err
	}
	r.dropUser(c.CNIID(), c.Bundle)
	r.Users = append(r.Users, user{c.CNIID(), c.Bundle, processOf(c.Pid), pids})
	return true, r.write(claim.dir)
}

// leave takes a container that has ended from among the users of another. It detaches that one if it has ended, too, and
// nobody else uses what it had.
func (h *Hook) leave(ctx context.Context, c *ocistate.Container) error {
	dirs, err := os.ReadDir(filepath.Dir(h.recordDir("x")))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var failed []error
	for _, d := range dirs {
		owner := d.Name()
		if r, err := readRecord(h.recordDir(owner)); err == nil && r.usedBy(c) {
			failed = append(failed, h.leaveOf(ctx, owner, c))
		}
	}
	return errors.Join(failed...)
}

func (r *record) usedBy(c *ocistate.Container) bool {
	return r != nil && slices.ContainsFunc(r.Users, func(u user) bool { return u.is(c.CNIID(), c.Bundle) })
}

func (h *Hook) leaveOf(ctx context.Context, owner string, c *ocistate.Container) (err error) {
	claim, err := takeClaim(ctx, h.recordDir(owner), lockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.release()) }()
	r, err := readRecord(claim.dir)
	if err != nil || !r.usedBy(c) {
		return err
	}
	r.dropUser(c.CNIID(), c.Bundle)
	if r.Ended && r.liveUser() == nil {
		return h.detach(ctx, r)
	}
	return r.write(claim.dir)
}
