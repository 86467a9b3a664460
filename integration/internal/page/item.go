package page

import (
	"strings"
	"unicode/utf8"
)

// Columns is how long a line of a page may be: what an editor shows beside another window.
const Columns = 120

// Item breaks an item of a list between words, as the pages do, and puts a newline at its end.
func Item(text string) string {
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(text) {
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
	return b.String() + "\n"
}
