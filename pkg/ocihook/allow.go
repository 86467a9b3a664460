package ocihook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

// allowable are the words of Allow, with the annotation that each has count.
var allowable = map[string]string{
	"networks":     AnnotationNetworks,
	"ports":        AnnotationPorts,
	"ip":           AnnotationIP,
	"mac":          AnnotationMAC,
	"capabilities": AnnotationCapabilities,
	"args":         AnnotationArgs,
	"netns":        AnnotationNetns,
}

// Allow is what the annotations of a container may ask for beside its names and its DNS. Engines copy annotations of images
// into a container's configuration, so that it is for the administrator to say. nil is a hook entry of a version that knew no
// such word: everything counts but netns.
type Allow []string

// AllowBundle is what counts in a bundle that its owner has given annotations: everything but netns, which must be asked for.
var AllowBundle = Allow{"networks", "ports", "ip", "mac", "capabilities", "args"}

// AllowWords returns the words that Allow knows.
func AllowWords() []string { return slices.Sorted(maps.Keys(allowable)) }

// ParseAllow reads a comma-separated list of words, or one of none and all.
func ParseAllow(s string) (Allow, error) {
	switch s {
	case "none":
		return Allow{}, nil
	case "all":
		return AllowWords(), nil
	}
	out := Allow{}
	for _, word := range list(s) {
		if _, ok := allowable[word]; !ok {
			return nil, fmt.Errorf("%q is not one of none, all, %s", word, strings.Join(AllowWords(), ", "))
		}
		out = append(out, word)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("want none, all, or some of %s", strings.Join(AllowWords(), ", "))
	}
	return out, nil
}

// String is what ParseAllow reads.
func (a Allow) String() string {
	if a != nil && len(a) == 0 {
		return "none"
	}
	return strings.Join(a, ",")
}

func (a Allow) has(word string) bool {
	if a == nil {
		return word != "netns"
	}
	return slices.Contains(a, word)
}

// refuseAnnotations returns an error if the container has an annotation that does not count, other than the one of its
// networks, or one that does not exist.
func (h *Hook) refuseAnnotations(c *ocistate.Container) error {
	for _, key := range slices.Sorted(maps.Keys(c.Annotations)) {
		if strings.HasPrefix(key, annotationPrefix) && !slices.Contains(annotations, key) {
			return fmt.Errorf("container %s: annotation %s does not exist: is it %s? Correct it, or take it away", c.ID, key, nearest(key, annotations))
		}
	}
	for _, word := range []string{"ports", "ip", "mac", "capabilities", "args"} {
		if c.Annotations[allowable[word]] != "" && !h.Allow.has(word) {
			return notAllowed(c, allowable[word], "--allow "+word)
		}
	}
	return nil
}

func notAllowed(c *ocistate.Container, annotation, argument string) error {
	return fmt.Errorf("container %s: annotation %s: it may be the image's, and counts only if the hook has the argument %s: "+
		"put that into the hook's args, or take the annotation away", c.ID, annotation, argument)
}

// networkNames returns the names of the networks that the container is to be attached to, none for that of the first
// conflist. Where the annotation does not count for any network, it may name those of the hook's argument, or the first
// conflist's.
func (h *Hook) networkNames(c *ocistate.Container) ([]string, error) {
	names := list(c.Annotations[AnnotationNetworks])
	if len(names) == 0 {
		return h.Networks, nil
	}
	if h.Allow.has("networks") {
		return names, nil
	}
	may := h.Networks
	if len(may) == 0 {
		first, err := loadNetworks(h.ConfDir, nil)
		if err != nil {
			return nil, err
		}
		may = []string{first[0].Name}
	}
	for _, name := range names {
		if !slices.Contains(may, name) {
			return nil, fmt.Errorf("container %s: annotation %s: it may be the image's, and network %q is not among those that the hook lets it name, %s: "+
				"add it to the argument --networks of the hook, or have any count with --allow networks", c.ID, AnnotationNetworks, name, strings.Join(may, ", "))
		}
	}
	return names, nil
}
