package blackbox

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the stories in testdata, with the data directory in $DATA and the plugin in $ETCFILES. Beside the
// commands of testscript they have these. A place is the ID of a
// container, NS/ID, @NETWORK or NS@NETWORK; options and JSON are described at readCall.
//
//	netns [-noipv6] NAME...         make network namespaces, each with its loopback interface up
//	netns -userns NAME...           the same, each in a user namespace of its own, whose root is 100000:200000
//	rmnetns NAME...                 end them
//	renewnetns NAME...              put another namespace in their place
//	nic NAME IFNAME [ADDR...]       put an interface into one
//	cni [OPTION...] COMMAND ...     run the plugin, which must succeed
//	refuse CODES REGEXP COMMAND ... run the plugin, which must fail so and leave the store as it was
//	fail CODES REGEXP COMMAND ...   run the plugin, which must fail so
//	mtimes FILE..., samemtimes      remember when files of the data directory were written; compare
//	took DURATION                   the last run of the plugin, or of the admin tool, took no longer
//	hosts PLACE                     print a hosts file
//	live PLACE                      print what libc reads of it, sorted
//	resolves PLACE NAME ADDR...     the name has exactly these addresses, in this order; with ! it has none
//	lists PLACE ADDR NAME...        the address has exactly these names, in this order; with ! it has none
//	resolvconf ID, hostname ID      print a container's other files
//	meta ID PATH VALUE              the value at the dotted path in meta.json; with ! there is none
//	origins PLACE                   print where its values came from, by meta.json, and the names that are left out
//	gone ID                         no file is left of the container
//	empty                           no file is left in the data directory
//	mode PATH OCTAL                 the permission bits of a path in the data directory
//	type PLACE TEXT                 append to a hosts file as a user does; \n, \r and \t are understood
//	inodes, sameinodes              remember the inodes of all hosts files; compare those that are still there
//	snapshot, unchanged             remember the data directory; compare
//	lock NS, unlock NS              hold the lock of a namespace
//	stranger DIR...                 print what a process of uid 65534 can open there; it holds the lock of all that from now on
//	endstranger                     end it
//	cover FILE TARGET, uncover      from now on the plugin sees FILE at TARGET
//	readonly DIR, writable          from now on a directory is mounted read-only for the plugin
//	etcfiles [EXITCODE] ARG...      run the admin tool on the data directory
//	unit NAME                       run what a systemd unit of etcfiles runs
//	damaged                         the store is left damaged: without it "etcfiles check" must find nothing at the end
//	watch ARG...                    run "etcfiles watch" from now on
//	watching LINES                  wait until it has printed so many lines: it tells of several operations at once as of one
//	watched LINES                   wait until it has printed so many lines, end it, and print them, TIME for each time
//	process [-root] NAME [FILE TARGET]...
//	                                a process in the namespace of NAME, with files mounted; hosts:PLACE is a hosts file; with -root
//	                                it has a root directory of its own, as a container has
//	hang NAME COUNT                 so many processes there, whose /etc does not answer
//	endprocesses                    end them
//	umask OCTAL                     the umask of the plugin from now on
//	explains                        what the last etcfiles printed is what the page says, see TestTroubles
//	full DIR                        mount a file system there that has no room left
func TestScripts(t *testing.T) { runScripts(t, "testdata") }

// runScripts runs the stories in a directory.
func runScripts(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir:             dir,
		WorkdirRoot:     t.TempDir(), // removed with whatever a script leaves
		ContinueOnError: true,
		Setup: func(env *testscript.Env) error {
			w := &world{work: env.WorkDir, dataDir: filepath.Join(env.WorkDir, "data")}
			env.Setenv("DATA", w.dataDir)
			env.Setenv("ETCFILES", binary)
			env.Values[worldKey{}] = w
			env.Defer(w.close)
			env.Defer(func() { w.checkStore(env.T()) })
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"netns":        worldCmd((*world).cmdNetns),
			"rmnetns":      worldCmd((*world).cmdRmNetns),
			"renewnetns":   worldCmd((*world).cmdRenewNetns),
			"nic":          worldCmd((*world).cmdNIC),
			"lock":         worldCmd((*world).cmdLock),
			"unlock":       worldCmd((*world).cmdUnlock),
			"stranger":     worldCmd((*world).cmdStranger),
			"endstranger":  worldCmd((*world).cmdEndStranger),
			"cover":        worldCmd((*world).cmdCover),
			"uncover":      worldCmd((*world).cmdUncover),
			"readonly":     worldCmd((*world).cmdReadOnly),
			"writable":     worldCmd((*world).cmdWritable),
			"umask":        worldCmd((*world).cmdUmask),
			"type":         worldCmd((*world).cmdType),
			"etcfiles":     worldCmd((*world).cmdEtcfiles),
			"watch":        worldCmd((*world).cmdWatch),
			"watching":     worldCmd((*world).cmdWatching),
			"watched":      worldCmd((*world).cmdWatched),
			"process":      worldCmd((*world).cmdProcess),
			"hang":         worldCmd((*world).cmdHang),
			"endprocesses": worldCmd((*world).cmdEndProcesses),
			"unit":         worldCmd((*world).cmdUnit),
			"damaged":      worldCmd((*world).cmdDamaged),
			"cni":          worldCmd((*world).cmdCNI),
			"refuse":       worldCmd((*world).cmdRefuse),
			"fail":         worldCmd((*world).cmdFail),
			"mtimes":       worldCmd((*world).cmdMTimes),
			"samemtimes":   worldCmd((*world).cmdSameMTimes),
			"took":         worldCmd((*world).cmdTook),
			"hosts":        worldCmd((*world).cmdHosts),
			"resolvconf":   worldCmd((*world).cmdResolvConf),
			"hostname":     worldCmd((*world).cmdHostname),
			"live":         worldCmd((*world).cmdLive),
			"origins":      worldCmd((*world).cmdOrigins),
			"gone":         worldCmd((*world).cmdGone),
			"empty":        worldCmd((*world).cmdEmpty),
			"mode":         worldCmd((*world).cmdMode),
			"inodes":       worldCmd((*world).cmdInodes),
			"sameinodes":   worldCmd((*world).cmdSameInodes),
			"snapshot":     worldCmd((*world).cmdSnapshot),
			"unchanged":    worldCmd((*world).cmdUnchanged),
			"explains":     worldCmd((*world).cmdExplains),
			"full":         worldCmd((*world).cmdFull),
			"resolves":     cmdResolves,
			"lists":        cmdLists,
			"meta":         cmdMeta,
		},
	})
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world {
	return ts.Value(worldKey{}).(*world)
}

// worldCmd makes a command of a method that knows no negation.
func worldCmd(run func(w *world, ts *testscript.TestScript, args []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command has no negation")
		}
		run(worldOf(ts), ts, args)
	}
}
