package containerdconf

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/etcfiles/etcfiles/pkg/tomlkeys"
)

// Config is what a configuration says, one file or, as `containerd config dump` prints it, all files together with containerd's defaults.
type Config struct {
	Version  int
	Imports  []string // files that it imports, or patterns of them
	BinDirs  []string // of CNI plugins; empty where it does not say
	ConfDir  string   // of conflists
	Handler  string   // the runtime handler that pods have unless they ask for another
	BaseSpec string   // of that handler
	Table    int      // the line of that handler's table, 0 for none
	Others   []string // other runtime handlers that have no base_runtime_spec
	NRIDir   string   // of the plugins that containerd starts for its Node Resource Interface; empty where it does not say, or has that disabled
}

// Look reads a configuration. It fails where containerd runs no pods with it, or does not read it.
func Look(config []byte) (*Config, error) {
	all, err := read(config)
	if err != nil {
		return nil, err
	}
	handler := all.handler()
	table := all.handlerTable(handler)
	handlers, plugin := table[:len(table)-1], table[:2]
	value := func(path ...string) tomlkeys.Part {
		if k := all.Key(path...); k != nil {
			return *k
		}
		return tomlkeys.Part{}
	}
	cni := func(key string) tomlkeys.Part { return value(slices.Concat(plugin, []string{"cni", key})...) }
	c := &Config{
		Version:  all.version(),
		Imports:  value("imports").List,
		BinDirs:  cni("bin_dirs").List,
		ConfDir:  cni("conf_dir").Text,
		Handler:  handler,
		BaseSpec: value(append(slices.Clip(table), specKey)...).Text,
	}
	if dir := cni("bin_dir").Text; dir != "" && len(c.BinDirs) == 0 {
		c.BinDirs = []string{dir}
	}
	const nri = "io.containerd.nri.v1.nri"
	if !value("plugins", nri, "disable").Bool {
		c.NRIDir = value("plugins", nri, "plugin_path").Text
	}
	if h := all.Header(table...); h != nil {
		c.Table = h.Line
	}
	for _, h := range all.Headers {
		if len(h.Path) == len(table) && slices.Equal(h.Path[:len(handlers)], handlers) && h.Path[len(handlers)] != handler &&
			value(append(slices.Clip(h.Path), specKey)...).Text == "" {
			c.Others = append(c.Others, h.Path[len(handlers)])
		}
	}
	return c, nil
}

// Addition returns the lines which, behind those of a configuration, give a runtime handler the base_runtime_spec at the path. They
// are a configuration of their own for a drop-in of containerd 2.x, which merges tables; containerd 1.x takes of two files with settings of
// one plugin the latter only. Where the configuration has the table, or cannot be added to, the error says at which line.
func Addition(config []byte, handler, path string) (string, error) {
	text, err := tomlkeys.Parse(config)
	if err != nil {
		return "", err
	}
	all := settings{text}
	version := ""
	if len(all.Keys)+len(all.Headers) == 0 {
		version = "version = 2\n" // containerd 1.x and 2.x read it
		if all, err = parsed(version); err != nil {
			return "", err
		}
	}
	table := all.handlerTable(handler)
	if err := cmp.Or(all.refuseDisabled(), all.refuseInline(table)); err != nil {
		return "", err
	}
	if h := all.Header(table...); h != nil {
		return "", fmt.Errorf("line %d: the table [%s] is there", h.Line, dotted(table))
	}
	if handler != UsualHandler {
		return "", fmt.Errorf("the table [%s] is in another file", dotted(table))
	}
	return version + lines(table, true, path), nil
}

// DropIn returns a drop-in beside a configuration of the version, for containerd 2.x, that gives a runtime handler the base_runtime_spec at the path.
// The runtime_type of another handler than runc is that of its own table.
func DropIn(version int, handler, path string) string {
	if version != 2 {
		version = 3 // every containerd 2.x reads it
	}
	head := fmt.Sprintf("version = %d\n", version)
	all, _ := parsed(head) // as it is above
	return head + lines(all.handlerTable(handler), handler == UsualHandler, path)
}

// Line returns the setting that gives a handler the base_runtime_spec.
func Line(path string) string { return specKey + " = " + strconv.Quote(path) }

func parsed(config string) (settings, error) {
	text, err := tomlkeys.Parse([]byte(config))
	return settings{text}, err
}

// lines are the handler's table, with its type where it may be in no other file.
func lines(table []string, typed bool, path string) string {
	text := "[" + dotted(table) + "]\n"
	if typed {
		text += fmt.Sprintf("  %s = %q\n", typeKey, runtimeType)
	}
	return text + "  " + Line(path) + "\n"
}
