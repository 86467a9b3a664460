package setup

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
)

// A text that was written here has a line with a digest of its other lines. If it fits, nobody has changed them since, and all of it is ours.

// A digest is long enough to notice an edit, which nobody makes in order to deceive.
const digestBytes = 8

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%x", sum[:digestBytes])
}

// sealed returns a text of TOML with its seal.
func sealed(text string) string { return "# " + sealText + digest(text) + "\n" + text }

const sealText = "Written by etcfiles setup; etcfiles setup --undo takes it away, unless it was changed: "

// intact reports whether a text of TOML has a seal that fits.
func intact(text string) bool {
	seal, rest, ok := strings.Cut(text, "\n")
	return ok && seal+"\n"+rest == sealed(rest)
}

// endOfRegion is the last line of what is appended to a file of TOML.
const endOfRegion = "# etcfiles setup: end\n"

// appended returns a file of TOML with the text at its end, in marks. The line feed before them either ends the file's last line or is an
// empty one.
func appended(file []byte, text string) []byte {
	return fmt.Append(bytes.Clone(file), "\n", sealed(text), endOfRegion)
}

// region finds what appended has put into a file: the text with its seal, and the file without it. It is "" if there is none.
func region(file []byte) (text string, rest []byte) {
	from := bytes.Index(file, []byte("# "+sealText))
	if from < 0 {
		return "", file
	}
	length := bytes.Index(file[from:], []byte(endOfRegion))
	if length < 0 {
		return "", file
	}
	text = string(file[from : from+length])
	before, after := file[:from], file[from+length+len(endOfRegion):]
	cut := bytes.TrimSuffix(before, []byte("\n"))
	if len(after) == 0 || len(cut) == 0 || bytes.HasSuffix(cut, []byte("\n")) {
		before = cut
	}
	return text, append(bytes.Clone(before), after...)
}

// sealKey is a key of a JSON object for its seal. Those who read a specification of OCI pass over what they do not know.
const sealKey = "etcfiles setup"

// sealedJSON returns the text of a JSON object, indented by tabs, with its seal.
func sealedJSON(text []byte) []byte {
	rest := bytes.TrimPrefix(text, []byte("{\n"))
	return fmt.Appendf(nil, "{\n\t%q: %q,\n%s", sealKey, digest(string(rest)), rest)
}

// unsealedJSON returns the text of a JSON object without its seal, if it has one, and whether that fits.
func unsealedJSON(text []byte) (rest []byte, fits bool) {
	seal, rest, ok := bytes.Cut(bytes.TrimPrefix(text, []byte("{\n")), []byte("\n"))
	if !ok || !bytes.HasPrefix(seal, fmt.Appendf(nil, "\t%q: ", sealKey)) {
		return text, false
	}
	rest = append([]byte("{\n"), rest...)
	return rest, bytes.Equal(text, sealedJSON(rest))
}
