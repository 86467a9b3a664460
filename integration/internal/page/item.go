package page

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Columns is how long a line of a page may be: what an editor shows beside another window.
const Columns = 120

// span is code within a text.
var span = regexp.MustCompile("`[^`]*`")

// Item breaks an item of a list between words but not within code, as the pages do, and puts a newline at its end.
func Item(text string) string {
	var b strings.Builder
	width := 0
	whole := span.ReplaceAllStringFunc(text, func(code string) string { return strings.ReplaceAll(code, " ", "\x00") })
	for _, word := range strings.Fields(whole) {
		length := utf8.RuneCountInString(word)
		switch {
		case width == 0:
		case width+1+length > Columns:
			b.WriteString("\n  ")
			width = 2
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += length
	}
	return strings.ReplaceAll(b.String(), "\x00", " ") + "\n"
}
