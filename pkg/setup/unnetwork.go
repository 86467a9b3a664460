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

// undoNetwork plans that the networks that setup gave the plugin lose it, those that it made go, and the links to the plugin go. What another
// runtime is set up with stays as it is.
func (h *Host) undoNetwork(p *Plan, networks ...network) error {
	others := h.others(p)
	stay := map[string]bool{} // configurations that keep the plugin
	var paths, binDirs []string
	for _, n := range networks {
		add(&paths, h.files(n.confDir)...)
		add(&binDirs, n.binDirs...)
	}
	for _, path := range paths {
		switch have := conflist.Brief(h.in(path)); {
		case !have.Plugin:
		case slices.ContainsFunc(others, func(o *Plan) bool { return o.list == path || o.list == "" }):
		default:
			gone, err := h.undoList(p, path, have)
			if err != nil {
				return err
			}
			stay[path] = !gone
		}
	}
	h.undoLinks(p, binDirs, others, stay)
	return nil
}

// undoList plans what becomes of a configuration with the plugin, and reports whether it will have it no longer.
func (h *Host) undoList(p *Plan, path string, have conflist.Have) (gone bool, err error) {
	kept := h.exists(path + conflist.Suffix)
	sum, made := p.record.Files[path]
	edited := slices.Contains(p.record.Conflists, path) || p.earlier && kept
	text, err := h.read(path)
	if err != nil {
		return false, err
	}
	switch {
	case made && digest(string(text)) == sum:
		h.remove(p, path, fmt.Sprintf("the network %q", have.Network))
		return true, h.refuseLiving(have)
	case made:
		p.leave("%s was written by this and changed since: remove it, or take the plugin out of it: etcfiles config --remove %[1]s", path)
		return false, nil
	case !edited:
		p.Notes = append(p.Notes, fmt.Sprintf("%s has the plugin from somebody else, and keeps it: etcfiles config --remove %[1]s takes it out", path))
		return false, nil
	}
	edit, err := conflist.Remove(h.in(path))
	if err != nil {
		p.leave("%v: take the plugin out of it", err)
		return false, nil
	}
	if edit.Kept == "" && kept {
		p.Notes = append(p.Notes, fmt.Sprintf("%s stays, since the file beside it was changed in another way too", path+conflist.Suffix))
	}
	h.edit(p, path, "as it was before it had the plugin", edit)
	return true, h.refuseLiving(have)
}

// ErrInUse is the error of Undo for a network with living containers.
var ErrInUse = errors.New("end them, and run this again")

// mostNamed is how many containers an error names.
const mostNamed = 5

// refuseLiving fails where a network has living containers: without its plugin their end would fail, and leave their records and addresses.
func (h *Host) refuseLiving(have conflist.Have) error {
	if h.Living == nil {
		return nil
	}
	living, err := h.Living(have.DataDir, have.Network)
	if err != nil || len(living) == 0 {
		return err
	}
	more := ""
	if len(living) > mostNamed {
		living, more = living[:mostNamed], fmt.Sprintf(" and %d more", len(living)-mostNamed)
	}
	return fmt.Errorf("the network %s has living containers, whose end would fail without the plugin: %s%s: %w", have.Network, strings.Join(living, ", "), more, ErrInUse)
}

// undoLinks plans that the links to the plugin go that setup has made, unless somebody still needs one.
func (h *Host) undoLinks(p *Plan, binDirs []string, others []*Plan, stay map[string]bool) {
	var users []string // configurations that have the plugin from nobody here
	for path, stays := range stay {
		if stays {
			users = append(users, path)
		}
	}
	slices.Sort(users)
	for _, path := range slices.Sorted(maps.Keys(p.record.Links)) {
		switch {
		case filepath.Base(path) != pluginName || !h.linked(&p.record, path):
		case slices.ContainsFunc(others, func(o *Plan) bool { return o.plugin == path || o.plugin == "" }):
		case len(users) > 0 && slices.Contains(binDirs, filepath.Dir(path)):
			p.leave("%s is a link of this that the plugin in %s needs: take it out there, and run this again", path, strings.Join(users, ", "))
		default:
			h.remove(p, path, "the link to the plugin")
		}
	}
	if !p.earlier || len(others) > 0 {
		return
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
}
