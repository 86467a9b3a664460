package blackbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// readCall reads the arguments of a run of the plugin:
//
//	[OPTION...] ADD|DEL|CHECK ID IFNAME NETWORK [ADDR[,ADDR...]] [JSON]
//	[OPTION...] GC NETWORK ID/IFNAME[,ID/IFNAME...] [JSON]
//	[OPTION...] STATUS NETWORK [JSON]
//	[OPTION...] VERSION
//
// The addresses make the prevResult of bridge; without them, or with "-", there is none. The JSON, an object or a file
// with one, is laid over the configuration. The network namespace is that of the name ID. The options are:
//
//	-v VERSION    cniVersion, 1.0.0 unless given (1.1.0 for GC and STATUS)
//	-args TEXT    CNI_ARGS
//	-netns PATH   CNI_NETNS: the name of a namespace, a path, or "none" for empty
//	-unset NAME   leave a CNI variable out
//	-stdin FILE   the whole of the standard input
func (w *world) readCall(ts *testscript.TestScript, args []string) (plugin.Call, plugin.Config) {
	c := w.outer.around(plugin.Call{Binary: binary})
	n := plugin.Config{DataDir: w.dataDir, Version: "1.0.0"}
	var given []string
	var stdin, netns, version string
	for len(args) > 1 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-v":
			version = args[1]
		case "-args":
			c.Args = args[1]
		case "-netns":
			netns = args[1]
		case "-unset":
			c.Without = append(c.Without, args[1])
		case "-stdin":
			stdin = ts.MkAbs(args[1])
		default:
			ts.Fatalf("unknown option %s", args[0])
		}
		args = args[2:]
	}
	if len(args) == 0 {
		ts.Fatalf("which CNI command?")
	}
	c.Command, args = args[0], args[1:]
	next := func() string {
		if len(args) == 0 {
			return ""
		}
		a := args[0]
		args = args[1:]
		return a
	}
	switch c.Command {
	case "GC":
		n.Version, n.Network = "1.1.0", next()
		n.Extra = plugin.Object{"cni.dev/valid-attachments": attachments(next())}
	case "STATUS":
		n.Version, n.Network = "1.1.0", next()
	case "VERSION":
	default:
		c.ID, c.IfName, n.Network = next(), next(), next()
		c.Netns = w.netns(c.ID)
		if len(args) > 0 && !isJSON(args[0]) {
			given = strings.Split(next(), ",")
		}
	}
	if version != "" {
		n.Version = version
	}
	switch {
	case netns == "none":
		c.Netns = ""
	case strings.HasPrefix(netns, "/"):
		c.Netns = netns
	case netns != "":
		c.Netns = w.netns(netns)
	}
	if len(given) > 0 && given[0] != "-" {
		result, err := plugin.Result(n.Version, c.IfName, c.Netns, given...)
		ts.Check(err)
		n.Result = result
	}
	w.overlay(ts, &n, args)
	c.Stdin = n.Bytes()
	if stdin != "" {
		b, err := os.ReadFile(stdin)
		ts.Check(err)
		c.Stdin = b
		if json.Unmarshal(b, &n.Extra) != nil {
			n.Extra = nil // it is to be refused
		}
	}
	return c, n
}

func isJSON(arg string) bool { return strings.HasPrefix(arg, "{") || strings.HasSuffix(arg, ".json") }

// overlay lays the JSON of a script over the configuration; $DATA and $WORK in it are replaced.
func (w *world) overlay(ts *testscript.TestScript, n *plugin.Config, args []string) {
	for _, text := range args {
		if strings.HasSuffix(text, ".json") {
			text = ts.ReadFile(text)
		}
		text = strings.NewReplacer("$DATA", w.dataDir, "$WORK", w.work).Replace(text)
		var extra plugin.Object
		if err := json.Unmarshal([]byte(text), &extra); err != nil {
			ts.Fatalf("%s: %v", text, err)
		}
		if n.Extra == nil {
			n.Extra = plugin.Object{}
		}
		for key, value := range extra {
			n.Extra[key] = value
		}
	}
}

// attachments reads ID/IFNAME,… ; "-" is an empty list.
func attachments(text string) []any {
	list := []any{}
	for _, a := range strings.Split(text, ",") {
		if id, ifName, ok := strings.Cut(a, "/"); ok {
			list = append(list, plugin.Object{"containerID": id, "ifname": ifName})
		}
	}
	return list
}

func (w *world) cmdCNI(ts *testscript.TestScript, args []string) {
	c, n := w.readCall(ts, args)
	before, err := inodes(w.dataDir)
	ts.Check(err)
	r, err := c.Succeed()
	fmt.Fprintf(ts.Stdout(), "%s", r.Stdout)
	fmt.Fprintf(ts.Stderr(), "%s", r.Stderr)
	w.took = r.Took
	ts.Check(err)
	ts.Check(w.afterSuccess(c, n, r, before))
}

// afterSuccess checks what holds after every success.
func (w *world) afterSuccess(c plugin.Call, n plugin.Config, r plugin.Reply, before map[string]uint64) error {
	after, err := inodes(w.dataDir)
	if err != nil {
		return err
	}
	for path, inode := range before {
		if now, ok := after[path]; ok && now != inode && !strings.HasSuffix(path, "/"+c.ID+"/hosts") {
			return fmt.Errorf("%s has another inode after %s %s", path, c.Command, c.ID)
		}
	}
	switch c.Command {
	case "ADD":
		return w.checkAnswer(c, n, r)
	case "VERSION":
		return nil
	}
	if len(r.Stdout) > 0 {
		return fmt.Errorf("%s printed %q", c.Command, r.Stdout)
	}
	return nil
}

// cmdRefuse is cmdFail for what changes nothing.
func (w *world) cmdRefuse(ts *testscript.TestScript, args []string) {
	before, err := takeSnapshot(w.dataDir)
	ts.Check(err)
	w.cmdFail(ts, args)
	after, err := takeSnapshot(w.dataDir)
	ts.Check(err)
	for _, s := range []snapshot{before, after} {
		delete(s, filepath.Join(w.dataDir, "counters")) // a refusal counts
		maps.DeleteFunc(s, func(path, _ string) bool {  // it notes who had the lock
			ok, _ := filepath.Match(filepath.Join(w.dataDir, "index", "*", "holder"), path)
			return ok
		})
	}
	ts.Check(sameStore(before, after))
}

// cmdFail takes the codes as 6|7, or as 100+.
func (w *world) cmdFail(ts *testscript.TestScript, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: refuse|fail CODES REGEXP COMMAND ...")
	}
	c, n := w.readCall(ts, args[2:])
	r, err := c.Run()
	ts.Check(err)
	w.took = r.Took
	fmt.Fprintf(ts.Stdout(), "%s", r.Stdout)
	fmt.Fprintf(ts.Stderr(), "%s", r.Stderr)
	e := r.Error
	if !r.Failed() {
		ts.Fatalf("not refused: %s", r.Stdout)
	}
	text := e.Msg + "; " + e.Details
	if !codeIn(args[0], e.Code) {
		ts.Fatalf("code %d, want %s: %s", e.Code, args[0], text)
	}
	if !regexp.MustCompile("(?i)" + args[1]).MatchString(text) {
		ts.Fatalf("the error does not say %q: %s", args[1], text)
	}
	// go-cni takes an error with these words for success.
	if strings.Contains(text, "not found") {
		ts.Fatalf("the error says \"not found\": %s", text)
	}
	if e.CNIVersion != n.Version && e.CNIVersion != "1.1.0" {
		ts.Fatalf("the error is of version %q for a configuration of %s", e.CNIVersion, n.Version)
	}
}

func codeIn(list string, code uint) bool {
	if least, ok := strings.CutSuffix(list, "+"); ok {
		n, err := strconv.ParseUint(least, 10, 32)
		return err == nil && uint64(code) >= n
	}
	return slices.Contains(strings.Split(list, "|"), strconv.FormatUint(uint64(code), 10))
}

func (w *world) cmdTook(ts *testscript.TestScript, args []string) {
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	if w.took > limit {
		ts.Fatalf("it took %v", w.took)
	}
}
