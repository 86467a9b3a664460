package blackbox

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdOrigins prints what meta.json says of where values came from, and of names that are left out.
func (w *world) cmdOrigins(ts *testscript.TestScript, args []string) {
	b, err := os.ReadFile(placeOf(w.dataDir, args[0]).meta())
	ts.Check(err)
	var record struct {
		Etcfiles struct {
			Attachments []struct {
				IfName  string
				Origins []struct{ Key, Value, From string }
				Refused []struct{ Name, Why string }
			}
		}
	}
	ts.Check(json.Unmarshal(b, &record))
	for _, a := range record.Etcfiles.Attachments {
		for _, o := range a.Origins {
			fmt.Fprintf(ts.Stdout(), "%s %s %s: %s\n", a.IfName, o.Key, o.Value, o.From)
		}
		for _, r := range a.Refused {
			fmt.Fprintf(ts.Stdout(), "%s refused %s: %s\n", a.IfName, r.Name, r.Why)
		}
	}
}
