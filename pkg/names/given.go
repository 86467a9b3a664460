package names

import "strings"

const (
	hexID   = 32 // hexadecimal digits that an ID has at least which an engine has made up
	shortID = 12 // of these are its short form, as with docker, podman and nerdctl
)

// OfID returns the name that a container ID gives, or "" for one that gives none: an ID that an engine made up in its short
// form; else the whole without the "NAMESPACE-" that ctr and oci-cni-hook put before it. One of digits only, such as
// Apptainer's PID, is no name, nor is what is longer than 63 bytes or cannot be looked up.
func OfID(id, namespace string) string {
	for _, before := range []string{namespace, strings.ReplaceAll(namespace, "-", "--")} { // oci-cni-hook doubles dashes
		if rest, ok := strings.CutPrefix(id, before+"-"); ok && before != "" {
			id = rest
			break
		}
	}
	if madeUp(id) {
		id = id[:shortID]
	} else if strings.Trim(id, "0123456789") == "" {
		return ""
	}
	if name, err := Parse(id); err == nil && len(id) <= maxLabel {
		return name.String()
	}
	return ""
}

// ShortID returns the beginning of a container ID that a table shows: where an engine has made it up, also with something before
// a dash as in "default-", its short form, and any other whole.
func ShortID(id string) string {
	before := id[:strings.LastIndexByte(id, '-')+1]
	if made := id[len(before):]; madeUp(made) {
		return before + made[:shortID]
	}
	return id
}

// madeUp reports whether an ID is one that an engine has made up.
func madeUp(id string) bool {
	return len(id) >= hexID && strings.Trim(id, "0123456789abcdefABCDEF") == ""
}

// Label maps any text to a label of DNS in lower case (RFC 1123): what a label may not hold becomes a dash, several in a row
// one, and what is over 63 bytes is cut off. The result is "" if nothing is left.
func Label(s string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(s) {
		if r > 'z' || !alphanumeric(byte(r)) {
			dash = b.Len() > 0
			continue
		}
		if dash {
			b.WriteByte('-')
			dash = false
		}
		b.WriteRune(r)
	}
	label := b.String()
	return strings.TrimRight(label[:min(maxLabel, len(label))], "-")
}

// FirstLabel returns a name without stray dots up to its first dot, and whether there was one.
func FirstLabel(s string) (label string, dotted bool) {
	label, _, dotted = strings.Cut(TrimDots(s), ".")
	return label, dotted
}
