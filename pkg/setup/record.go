package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/conflist"
)

// recordFile is the record of what setup has made. It is written before the first of that, and goes with the last.
const recordFile = "/etc/etcfiles/setup.json"

// record is what setup has made on a host. An undo takes away nothing that a record does not have, but for what only setup writes and its content
// shows: the settings with a seal, and the hooks.
type record struct {
	Files       map[string]string `json:"files,omitempty"`       // that were not there before, with a digest of each
	Links       map[string]string `json:"links,omitempty"`       // with the target of each
	Conflists   []string          `json:"conflists,omitempty"`   // that have the plugin from setup
	Directories []string          `json:"directories,omitempty"` // that were not there before
	Earlier     bool              `json:"earlier,omitempty"`     // a version that kept no record had set up something
}

// readRecord returns the record of the host, and whether there is one.
func (h *Host) readRecord() (r record, there bool, err error) {
	r = record{Files: map[string]string{}, Links: map[string]string{}}
	text, err := h.read(recordFile)
	if err != nil || text == nil {
		return r, false, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, true, fmt.Errorf("%s: %w: remove it, and what setup has made is then yours to take away", recordFile, err)
	}
	return r, true, nil
}

func (r *record) clone() record {
	return record{maps.Clone(r.Files), maps.Clone(r.Links), slices.Clone(r.Conflists), slices.Clone(r.Directories), r.Earlier}
}

// empty reports whether nothing is left that was made. Directories are left where a runtime watches them.
func (r *record) empty() bool { return len(r.Files)+len(r.Links)+len(r.Conflists) == 0 }

// add adds a path to a sorted list.
func add(list *[]string, paths ...string) {
	*list = append(*list, paths...)
	slices.Sort(*list)
	*list = slices.Compact(*list)
}

// drop takes a path out of a list.
func drop(list *[]string, path string) {
	*list = slices.DeleteFunc(*list, func(s string) bool { return s == path })
}

// sealedBefore reports whether a file has the seal of a setup, which nobody else writes.
func (h *Host) sealedBefore() bool {
	c := h.containerd()
	drops := h.glob(filepath.Join(filepath.Dir(c.config), "*.d", dropInFile))
	for _, path := range append(drops, c.config, podmanDropIn, crioDropIn) {
		if text, err := h.read(path); err == nil && bytes.Contains(text, []byte(sealText)) {
			return true
		}
	}
	text, err := h.read(c.spec)
	rest, _ := unsealedJSON(text)
	return err == nil && len(rest) < len(text)
}

// linked reports whether a link is there as setup has made it.
func (h *Host) linked(r *record, path string) bool {
	target, err := os.Readlink(h.in(path))
	return err == nil && r.Links[path] == target
}

// missing returns the directories above a path that are not there.
func (h *Host) missing(path string) (dirs []string) {
	for dir := filepath.Dir(path); !h.exists(dir) && dir != "/"; dir = filepath.Dir(dir) {
		dirs = append(dirs, dir)
	}
	return dirs
}

// keepRecord plans, before all other steps, that the record has what they make.
func (h *Host) keepRecord(p *Plan) error {
	if len(p.Steps) == 0 {
		return nil
	}
	now := p.record.clone()
	now.Earlier = p.earlier
	for _, s := range p.Steps {
		s.note(&now)
	}
	add(&now.Directories, h.missing(recordFile)...)
	if now.empty() {
		return nil
	}
	return h.planRecord(p, now, func(steps []Step, s Step) []Step { return append([]Step{s}, steps...) })
}

// cutRecord plans, behind all other steps, that the record no longer has what they take away, nor what is no more.
func (h *Host) cutRecord(p *Plan) error {
	if !p.recorded {
		return nil
	}
	now := p.record.clone()
	for _, s := range p.Steps {
		s.note(&now)
	}
	maps.DeleteFunc(now.Files, func(path, sum string) bool { // also what is somebody else's now, but for a network that still has the plugin
		text, err := h.read(path)
		return err == nil && (text == nil || digest(string(text)) != sum && !conflist.Brief(h.in(path)).Plugin)
	})
	maps.DeleteFunc(now.Links, func(path, _ string) bool { return !h.linked(&now, path) })
	now.Conflists = slices.DeleteFunc(now.Conflists, func(path string) bool { return !conflist.Brief(h.in(path)).Plugin })
	if !now.empty() {
		return h.planRecord(p, now, func(steps []Step, s Step) []Step { return append(steps, s) })
	}
	h.remove(p, recordFile, recordWhat)
	return nil
}

const recordWhat = "what setup has made, for its undo"

func (h *Host) planRecord(p *Plan, now record, place func([]Step, Step) []Step) error {
	text, err := json.MarshalIndent(now, "", "\t")
	if err != nil {
		return err
	}
	steps, there := p.Steps, p.There
	p.Steps = nil
	if err := h.write(p, recordFile, recordWhat, append(text, '\n')); err != nil {
		return err
	}
	if len(p.Steps) > 0 {
		steps = place(steps, p.Steps[0])
	}
	p.Steps, p.There = steps, there
	return nil
}
