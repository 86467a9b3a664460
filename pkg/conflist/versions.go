package conflist

import (
	"fmt"
	"slices"

	"github.com/containernetworking/cni/pkg/version"
)

// versions looks at cniVersion and cniVersions, of which libcni takes the newest that it knows.
func (l *look) versions() {
	supported := version.VersionsStartingFrom("0.3.0").SupportedVersions()
	one, list := l.list.get("cniVersion"), l.list.get("cniVersions")
	if one == nil && list == nil {
		l.wrong(l.list, "cniVersion", "it is missing: libcni takes 0.1.0 then, and etcfiles supports %v", supported)
		return
	}
	newest, at, key := "", l.list, "cniVersions"
	consider := func(n *node, k string) {
		text, ok := n.text()
		if !ok {
			l.wrong(n, k, "want a text such as \"1.0.0\"")
			return
		}
		newer, err := version.GreaterThan(text, version.Current())
		switch {
		case err != nil:
			l.wrong(n, k, "%q is not a version: %v", text, err)
		case newer && list != nil:
			l.note(n, k, "%q is newer than %s, and passed over by whoever knows cniVersions", text, version.Current())
		default:
			if older, err := version.GreaterThan(newest, text); newest == "" || err == nil && !older {
				newest, at, key = text, n, k
			}
		}
	}
	if list != nil && list.items == nil {
		l.wrong(list, "cniVersions", "want a list of versions")
	}
	for i, item := range list.list() {
		consider(item, fmt.Sprintf("cniVersions[%d]", i))
	}
	if one != nil {
		consider(one, "cniVersion")
	}
	switch {
	case newest == "": // each has been called wrong, or newer
		if !l.Wrong() {
			l.wrong(at, key, "there is none that etcfiles supports: %v", supported)
		}
	case !slices.Contains(supported, newest):
		l.wrong(at, key, "%q is none of the versions that etcfiles supports: %v", newest, supported)
	default:
		l.version = newest
	}
}
