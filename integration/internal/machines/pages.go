package machines

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// Pages are the commands of scripts that do on a machine what a page says. DIR is where on the machine.
//
//	pasted PAGE BLOCK DIR   runs a block of shell as it stands
//	shown PAGE BLOCK DIR    runs the commands of a block of a terminal, each of which prints what the page says
//	saved PAGE BLOCK FILE   writes a block into a file of $WORK
//
// See bin/pasted for what is played on the machine.
var Pages = map[string]func(*testscript.TestScript, bool, []string){
	"pasted": func(ts *testscript.TestScript, neg bool, args []string) {
		text := block(ts, neg, args)
		ts.Check(ts.Exec("pasted", args[2], text))
	},
	"shown": func(ts *testscript.TestScript, neg bool, args []string) {
		steps, err := page.Steps(block(ts, neg, args))
		ts.Check(err)
		for _, step := range steps {
			_ = ts.Exec("pasted", args[2], step.Command) // what the page shows may have failed
			printed := strings.ReplaceAll(ts.ReadFile("stdout")+ts.ReadFile("stderr"), "/tmp/bundles/", "/srv/")
			got := page.SameForAll(printed)
			if diff := cmp.Diff(page.SameForAll(step.Printed), got); diff != "" {
				ts.Fatalf("%s, %q: %s (-page +printed):\n%s", args[0], args[1], step.Command, diff)
			}
		}
	},
	"saved": func(ts *testscript.TestScript, neg bool, args []string) {
		text := block(ts, neg, args)
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o644))
	},
}

// architecture makes the names of packages on the pages those for this machine.
var architecture = strings.NewReplacer("amd64", runtime.GOARCH, "x86_64", map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH])

// block returns the block that the first two of three arguments name.
func block(ts *testscript.TestScript, neg bool, args []string) string {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: PAGE BLOCK DIR-OR-FILE")
	}
	text, err := page.Find(filepath.Join(ts.Getenv("REPOSITORY"), args[0]), args[1])
	ts.Check(err)
	return architecture.Replace(text)
}
