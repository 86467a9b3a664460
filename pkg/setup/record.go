package setup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/conflist"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// recordFile is the record of what setup has made. It is written before the first of that, and goes with the last.
const recordFile = "/etc/etcfiles/setup.json"

// recordVersion is that of the record's form. A later one is not for this to change.
const recordVersion = 1

// record is what setup has made on a host. An undo takes away nothing that a record does not have, but for what has a seal, which only setup writes.
type record struct {
	Version     int               `json:"version"`               // 0 in the first records
	Files       map[string]string `json:"files,omitempty"`       // that were not there before, with a digest of each
	Links       map[string]string `json:"links,omitempty"`       // with the target of each
	Conflists   []string          `json:"conflists,omitempty"`   // that have the plugin from setup
	Directories []string          `json:"directories,omitempty"` // that were not there before
	DataDirs    []string          `json:"dataDirs,omitempty"`    // of networks that were set up, where it is not the usual one
	Earlier     bool              `json:"earlier,omitempty"`     // a version that kept no record had set up something
}

// readRecord returns the record of the host, and whether there is one.
func (h *Host) readRecord() (r record, there bool, err error) {
	text, err := safefile.Read(h.in(recordFile), maxFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, false, fmt.Errorf("the record of what setup has made cannot be read, so nothing is changed: %w: put the file itself there", err)
	}
	if there = err == nil; there {
		if err := json.Unmarshal(text, &r); err != nil {
			return r, true, fmt.Errorf("%s: %w: remove it, and what setup has made is then yours to take away", recordFile, err)
		}
		strict := json.NewDecoder(bytes.NewReader(text))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&r); err != nil || r.Version > recordVersion {
			return r, true, fmt.Errorf("%s is of a later version of etcfiles, which is to be used for it", recordFile)
		}
	}
	if r.Files == nil {
		r.Files = map[string]string{}
	}
	if r.Links == nil {
		r.Links = map[string]string{}
	}
	return r, there, nil
}

func (r *record) clone() record {
	return record{recordVersion, maps.Clone(r.Files), maps.Clone(r.Links), slices.Clone(r.Conflists), slices.Clone(r.Directories), slices.Clone(r.DataDirs), r.Earlier}
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

// sealed reports whether a file has the seal of a setup, which nobody else writes, and is in none of the steps.
func (h *Host) sealed(steps ...Step) bool {
	paths := []string{podmanDropIn, crioDropIn}
	for _, c := range h.installations() {
		add(&paths, c.config, c.spec)
		add(&paths, h.glob(filepath.Join(filepath.Dir(c.config), "*.d", dropInFile))...)
	}
	return slices.ContainsFunc(paths, func(path string) bool {
		text, err := h.read(path)
		rest, _ := unsealedJSON(text)
		return err == nil && (bytes.Contains(text, []byte(sealText)) || len(rest) < len(text)) &&
			!slices.ContainsFunc(steps, func(s Step) bool { return s.Path == path })
	})
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
	if p.list != "" {
		if dir := conflist.Brief(h.in(p.list)).DataDir; dir != "" {
			add(&now.DataDirs, dir)
		}
	}
	for _, s := range p.Steps {
		s.note(&now)
	}
	add(&now.Directories, h.missing(recordFile)...)
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
	maps.DeleteFunc(now.Files, func(path, sum string) bool { return !h.remains(path, sum) })
	maps.DeleteFunc(now.Links, func(path, _ string) bool { return !h.linked(&now, path) })
	now.Conflists = slices.DeleteFunc(now.Conflists, func(path string) bool { return !h.brief(path).Plugin })
	if !now.empty() || h.sealed(p.Steps...) { // without a record this would look like the setup of an earlier version
		return h.planRecord(p, now, func(steps []Step, s Step) []Step { return append(steps, s) })
	}
	h.remove(p, recordFile, recordWhat)
	return nil
}

// remains reports whether of a file that setup has made something is there. A runtime's own file and a network may have become somebody else's.
func (h *Host) remains(path, sum string) bool {
	text, err := h.read(path)
	switch {
	case err != nil:
		return true
	case text == nil:
		return false
	case digest(string(text)) == sum:
		return true
	case filepath.Base(path) == containerdFile:
		return bytes.Contains(text, []byte(sealText))
	case ownerOf(path) == "":
		return h.brief(path).Plugin
	}
	return true
}

// brief reads a configuration of a network that the record has. One that is damaged may have the plugin.
func (h *Host) brief(path string) conflist.Have {
	have := conflist.Brief(h.in(path))
	if text, err := h.read(path); err != nil || text != nil && !json.Valid(text) {
		have.Plugin = true
	}
	return have
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
