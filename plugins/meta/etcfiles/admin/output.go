package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/pkg/cli"
)

// format is how a command prints: table, wide (a table with more columns) or json.
type format string

const (
	formatTable format = "table"
	formatWide  format = "wide"
	formatJSON  format = "json"
)

var formats = []string{string(formatTable), string(formatJSON), string(formatWide)}

// String and the next two make it a flag.
func (f *format) String() string { return string(*f) }

func (f *format) Set(s string) error {
	if !slices.Contains(formats, s) {
		return fmt.Errorf("want one of %s", strings.Join(formats, ", "))
	}
	*f = format(s)
	return nil
}

func (f *format) Type() string { return "table|json|wide" }

// addFormat gives a command the flag -o.
func addFormat(cmd *cobra.Command, f *format) {
	*f = formatTable
	cmd.Flags().VarP(f, "output", "o", "how to print")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

// printJSON prints a value, indented.
func printJSON(w io.Writer, v any) error { return encodeJSON(w, v, "  ") }

// printJSONLine prints a value on one line.
func printJSONLine(w io.Writer, v any) error { return encodeJSON(w, v, "") }

func encodeJSON(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", indent)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, escaped(b.String()))
	return err
}

// escaped writes those characters of a JSON text as \u that cli.Plain replaces and the encoder leaves: C1 controls, which move a
// terminal's cursor too, and their like. They stand in strings only.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r) || r == '\n':
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// cell is a field of a table; one that is bad is red on a terminal.
type cell struct {
	text string
	bad  bool
}

// printTable prints columns, two blanks apart; on a terminal, unless NO_COLOR is set, the head stands out.
func printTable(w io.Writer, head []string, rows [][]cell) error {
	widths := make([]int, len(head))
	for i, h := range head {
		widths[i] = utf8.RuneCountInString(h)
	}
	for _, row := range rows {
		for i := range row {
			row[i].text = cli.Plain(row[i].text)
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].text))
		}
	}
	colour := terminal(w)
	var b strings.Builder
	write := func(i, last int, text, before string) {
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+2)
		if i == last {
			pad = "\n"
		}
		if colour && before != "" {
			text = before + text + "\x1b[0m"
		}
		b.WriteString(text + pad)
	}
	for i, h := range head {
		write(i, len(head)-1, h, "\x1b[1m")
	}
	for _, row := range rows {
		for i, c := range row {
			before := ""
			if c.bad {
				before = "\x1b[31m"
			}
			write(i, len(row)-1, c.text, before)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// terminal reports whether w is a terminal that may be coloured, see https://no-color.org.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
