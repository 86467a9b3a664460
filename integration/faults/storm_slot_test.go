package faults

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/vishvananda/netlink"

	"github.com/etcfiles/etcfiles/integration/internal/fleet"
)

// slot is one interface of a container, with what the model knows of it.
type slot struct {
	*storm
	fleet.Attachment                    // without network and address
	may              []fleet.Attachment // at most one of these is there
	absent           bool               // perhaps none is
	lingering        []fleet.Attachment // a removal was put off: the next operation on the namespace does it
	halfway          bool               // the record has it from an ADD that was killed
}

func (s *slot) netnsPath() string { return filepath.Join(s.netns, s.Namespace+s.ID) }

// on reports that the attachment is certainly there.
func (s *slot) on() bool { return len(s.may) == 1 && !s.absent }

// off reports that it is certainly not there.
func (s *slot) off() bool { return len(s.may) == 0 && len(s.lingering) == 0 }

// come notes that an attachment may be there from now on.
func (s *slot) come(a fleet.Attachment) error {
	if slices.Contains(s.may, a) {
		return nil
	}
	s.may = append(s.may, a)
	s.model.mayCome(a)
	return assign(s.netnsPath(), s.IfName, a.Addr, netlink.AddrReplace)
}

// gone notes that attachments are not there any more, and gives their addresses back.
func (s *slot) gone(list []fleet.Attachment) error {
	for _, a := range list {
		s.model.isGone(a)
		if err := assign(s.netnsPath(), s.IfName, a.Addr, netlink.AddrDel); err != nil {
			return err
		}
		s.pool.give(a)
	}
	return nil
}

// is settles what is there: a, or nothing if that is nil.
func (s *slot) is(a *fleet.Attachment) error {
	left := s.may
	s.may, s.absent = nil, true
	if a != nil {
		left = slices.DeleteFunc(left, func(b fleet.Attachment) bool { return b == *a })
		s.may, s.absent = []fleet.Attachment{*a}, false
	}
	return s.gone(left)
}

// added notes that an ADD has succeeded.
func (s *slot) added(a fleet.Attachment) error {
	s.halfway = false
	return errors.Join(s.is(&a), s.settleLingering())
}

// settleLingering notes that what was put off is done.
func (s *slot) settleLingering() error {
	list := s.lingering
	s.lingering = nil
	return s.gone(list)
}

// read settles what is there by the record, after the namespace was repaired.
func (s *slot) read() error {
	if err := s.settleLingering(); err != nil {
		return err
	}
	list, err := s.model.recorded(s.Namespace, s.ID)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(a fleet.Attachment) bool { return a.IfName != s.IfName })
	switch {
	case len(list) == 0 && (s.absent || len(s.may) == 0):
		return s.is(nil)
	case len(list) == 1 && slices.Contains(s.may, list[0]):
		s.halfway = s.halfway || !s.on()
		return s.is(&list[0])
	}
	return fmt.Errorf("%s/%s %s: the record has %v, possible are %v, none: %v", s.Namespace, s.ID, s.IfName, list, s.may, s.absent)
}
