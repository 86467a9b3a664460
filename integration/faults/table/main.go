// Command table reads the events of go test -json and prints what the tests have injected, how many times and with what
// outcome, as the list in the page beside it. Tests give their rows as attributes with the key "torture" (see testing.T.Attr): three
// cells with " | " between them. It ends with status 1 if a test has failed or none has given a row.
//
//	go test -json ./integration/faults -args -full | go run ./integration/faults/table
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// event is one line of go test -json, see go doc test2json.
type event struct {
	Action, Package, Test string
	Output                string
	Key, Value            string // of an attribute
}

// key is the one of the attributes that are rows.
const key = "torture"

func main() {
	if err := printTable(os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

// printTable prints the rows of the tests that have passed, and to progress how far the tests are and what the failed ones say.
func printTable(events io.Reader, table, progress io.Writer) error {
	rows := map[string][]string{} // test to cells
	output := map[string]string{}
	var order []string
	failed := 0
	for d := json.NewDecoder(events); ; {
		var e event
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("standard input is no output of go test -json: %w", err)
		}
		name := e.Package + " " + e.Test
		switch e.Action {
		case "attr":
			if e.Key == key {
				rows[name] = append(rows[name], e.Value)
			}
		case "output", "build-output":
			output[name] += e.Output
		case "pass":
			if len(rows[name]) > 0 {
				order = append(order, name)
				fmt.Fprintln(progress, "passed:", name)
			}
		case "fail", "build-fail":
			failed++
			fmt.Fprintf(progress, "FAILED: %s\n%s", name, output[name])
		}
	}
	for _, name := range order {
		for _, row := range rows[name] {
			cells := strings.Split(row, " | ")
			if len(cells) != 3 {
				return fmt.Errorf("%s: a row has %d cells, not three: %s", name, len(cells), row)
			}
			fmt.Fprint(table, page.Item(fmt.Sprintf("* **%s**, %s times: %s", cells[0], cells[1], cells[2])))
		}
	}
	switch {
	case failed > 0:
		return errors.New("tests have failed, see above: their rows are left out")
	case len(order) == 0:
		return errors.New("no test has given a row")
	}
	return nil
}
