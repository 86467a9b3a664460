package blackbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

const troubles = "../../plugins/meta/etcfiles/TROUBLESHOOTING.md"

// TestTroubles: each cause on the page of what to do that a story can make is made on purpose by the one of its name, and the command that
// the page names prints what the page says, word for word.
func TestTroubles(t *testing.T) {
	const dir = "testdata/troubles"
	scripts, err := filepath.Glob(dir + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, path := range scripts {
		told = append(told, heading(t, path))
	}
	causes := explanations(t)
	for title := range causes {
		if !slices.Contains(told, title) {
			t.Errorf("%s: nothing makes %q", troubles, title)
		}
	}
	for _, title := range told {
		if causes[title] == "" {
			t.Errorf("%s lacks %q", troubles, title)
		}
	}
	runScripts(t, dir)
}

// heading is the first line of a story.
func heading(t interface{ Fatal(...any) }, path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimPrefix(first, "# ")
}

// explanations returns the blocks of the page that stories make, by their names: a command and its output.
func explanations(t interface{ Fatal(...any) }) map[string]string {
	blocks, err := page.Blocks(troubles)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, b := range blocks {
		if strings.HasPrefix(b.File, "integration/blackbox/") {
			out[b.Name] = b.Text
		}
	}
	return out
}

// cmdExplains compares the last command and its output with the page.
func (w *world) cmdExplains(ts *testscript.TestScript, _ []string) {
	text := "$ etcfiles " + strings.Join(w.asked, " ") + "\n" + w.printed.String()
	text = strings.NewReplacer(
		" --bin-dir "+w.work+"/bin", "", w.work+"/bin", "/opt/cni/bin", "net.d/", "/etc/cni/net.d/", w.dataDir, "/var/lib/etcfiles",
		w.work+"/netns", "/run/netns", w.work, "",
	).Replace(text)
	title := heading(fataler{ts}, filepath.Join("testdata/troubles", ts.Name()+".txtar"))
	if diff := cmp.Diff(page.SameForAll(explanations(fataler{ts})[title]), page.SameForAll(text)); diff != "" {
		ts.Fatalf("%s, %q (-page +printed):\n%s\n%s", troubles, title, diff, text)
	}
}

type fataler struct{ *testscript.TestScript }

func (f fataler) Fatal(args ...any) { f.Fatalf("%s", fmt.Sprint(args...)) }

// cmdFull mounts a tmpfs of one page, and fills it.
func (w *world) cmdFull(ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", os.Getpagesize())))
	w.full = append(w.full, dir)
	ts.Check(os.WriteFile(filepath.Join(dir, "fill"), make([]byte, os.Getpagesize()), 0o600))
}
