package setup

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// ownerOf returns the runtime that a file belongs to which setup makes, "" for a network, which any may have in use.
func ownerOf(path string) string {
	switch dir, name := filepath.Dir(path), filepath.Base(path); {
	case dir == crioHooks || dir == crioDropIns:
		return "crio"
	case name == mountFile || name == cniFile || dir == podmanDropIns:
		return "podman"
	case name == dropInFile || name == specName || name == containerdFile:
		return "containerd"
	}
	return ""
}

// contentOf says what is in such a file.
func contentOf(path string) string {
	switch name := filepath.Base(path); name {
	case mountFile:
		return "the hook that mounts the files"
	case cniFile:
		return "the hook that runs CNI"
	case adoptFile:
		return "the hook that takes over what the kubelet's hosts file has"
	case specName:
		return "the specification with the hooks"
	case dropInFile, containerdFile:
		return "base_runtime_spec"
	}
	return "settings of " + strings.TrimSuffix(filepath.Base(filepath.Dir(path)), ".d")
}

// madeFor returns the files that setup has made for a runtime, with those that are usual, which a version without a record has made.
func (r *record) madeFor(runtime string, usual ...string) []string {
	paths := slices.DeleteFunc(slices.Collect(maps.Keys(r.Files)), func(path string) bool { return ownerOf(path) != runtime })
	add(&paths, usual...)
	return paths
}

// undoFile plans that a file goes that setup has made and nobody has changed, and reports whether it will be gone.
func (h *Host) undoFile(p *Plan, path string) bool {
	text, err := h.read(path)
	_, spec := unsealedJSON(text)
	switch {
	case err != nil:
		p.leave("%v: remove it, and run this again", err)
	case text == nil:
		return true
	case p.made(path, text), spec, intact(string(text)):
		h.remove(p, path, contentOf(path))
		return true
	default:
		p.leave("%s was made or changed by hand and stays: remove it, and run this again", path)
	}
	return false
}

// made reports whether setup has made a file as it is. A version without a record has made hooks as they still are.
func (p *Plan) made(path string, text []byte) bool {
	sum, recorded := p.record.Files[path]
	return recorded && digest(string(text)) == sum || p.earlier && isHook(text)
}
