package setup

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/conflist"
)

// undoNetwork plans that the networks that setup gave the plugin lose it, wherever they are, that those that it made go, and the links to the plugin
// go. What another runtime is set up with stays as it is. networks are those of the runtime now, which may be somebody else's.
func (h *Host) undoNetwork(p *Plan, networks ...network) error {
	others := h.others(p)
	recorded := p.record.madeFor("", p.record.Conflists...)
	paths := slices.Clone(recorded)
	var binDirs []string
	for _, n := range networks {
		add(&paths, h.files(n.confDir)...)
		add(&binDirs, n.binDirs...)
	}
	var users []string // configurations that keep the plugin
	var lose []conflist.Have
	dataDirs := append([]string{""}, p.record.DataDirs...)
	for _, path := range paths {
		have := conflist.Brief(h.in(path))
		if slices.Contains(recorded, path) {
			have = h.brief(path)
		}
		if !have.Plugin || slices.ContainsFunc(others, func(o *Plan) bool { return o.list == path || o.list == "" }) {
			continue
		}
		gone, ours, err := h.undoList(p, path, have)
		if err != nil {
			return err
		}
		if !gone {
			users = append(users, path)
		}
		if ours {
			lose = append(lose, have)
		}
		add(&dataDirs, have.DataDir)
	}
	if h.undoLinks(p, binDirs, others, users) {
		for _, dir := range dataDirs {
			lose = append(lose, conflist.Have{DataDir: dir}) // whatever their network is
		}
	}
	return h.refuseLiving(lose)
}

// undoList plans what becomes of a configuration with the plugin, and reports whether it will have it no longer, and whether it has it from setup.
func (h *Host) undoList(p *Plan, path string, have conflist.Have) (gone, ours bool, err error) {
	kept := h.exists(path + conflist.Suffix)
	sum, made := p.record.Files[path]
	edited := slices.Contains(p.record.Conflists, path) || p.earlier && kept
	text, err := h.read(path)
	if err != nil {
		return false, false, err
	}
	switch {
	case made && digest(string(text)) == sum:
		h.remove(p, path, fmt.Sprintf("the network %q", have.Network))
		return true, true, nil
	case made:
		p.leave("%s was written by this and changed since: remove it, or take the plugin out of it: etcfiles config --remove %[1]s", path)
		return false, true, nil
	case !edited:
		p.Notes = append(p.Notes, fmt.Sprintf("%s has the plugin from somebody else, and keeps it: etcfiles config --remove %[1]s takes it out", path))
		return false, false, nil
	}
	edit, err := conflist.Remove(h.in(path))
	if err != nil {
		p.leave("%v: take the plugin out of it", err)
		return false, true, nil
	}
	if edit.Kept == "" && kept {
		p.Notes = append(p.Notes, fmt.Sprintf("%s stays, since the file beside it was changed in another way too", path+conflist.Suffix))
	}
	h.edit(p, path, "as it was before it had the plugin", edit)
	return true, true, nil
}

// ErrInUse is the error of Undo for a network with living containers.
var ErrInUse = errors.New("end them, and run this again")

// mostNamed is how many containers an error names.
const mostNamed = 5

// refuseLiving fails where networks have living containers; one without a name stands for any. Without its plugin the end of a container would fail,
// and leave its record and addresses.
func (h *Host) refuseLiving(lose []conflist.Have) error {
	for _, have := range lose {
		if h.Living == nil {
			return nil
		}
		living, err := h.Living(have.DataDir, have.Network)
		if err != nil {
			return err
		}
		if len(living) == 0 {
			continue
		}
		more := ""
		if len(living) > mostNamed {
			living, more = living[:mostNamed], fmt.Sprintf(" and %d more", len(living)-mostNamed)
		}
		what := "there are"
		if have.Network != "" {
			what = "the network " + have.Network + " has"
		}
		return fmt.Errorf("%s living containers, whose end would fail without the plugin: %s%s: %w", what, strings.Join(living, ", "), more, ErrInUse)
	}
	return nil
}

// undoLinks plans that the links to the plugin go that setup has made, unless somebody still needs one. It reports whether there is one that is needed by
// nobody but containers.
func (h *Host) undoLinks(p *Plan, binDirs []string, others []*Plan, users []string) (ours bool) {
	for _, path := range slices.Sorted(maps.Keys(p.record.Links)) {
		if filepath.Base(path) != pluginName || !h.linked(&p.record, path) || slices.ContainsFunc(others, func(o *Plan) bool { return o.plugin == path || o.plugin == "" }) {
			continue
		}
		ours = true
		if len(users) > 0 && slices.Contains(binDirs, filepath.Dir(path)) {
			p.leave("%s is a link of this that the plugin in %s needs: take it out there, and run this again", path, strings.Join(users, ", "))
		} else {
			h.remove(p, path, "the link to the plugin")
		}
	}
	if !p.earlier || len(others) > 0 {
		return ours
	}
	for _, dir := range binDirs {
		path := filepath.Join(dir, pluginName)
		if _, ours := p.record.Links[path]; ours {
			continue
		}
		if target, err := os.Readlink(h.in(path)); err == nil && filepath.IsAbs(target) && filepath.Base(target) == pluginName {
			p.Notes = append(p.Notes, fmt.Sprintf("%s is a link to %s, which an earlier version of this may have made: remove it unless it is yours", path, target))
		}
	}
	return ours
}
