package setup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/tomlkeys"
)

// conf is the configuration of a runtime that is in several files of TOML, of which each later one goes before those that it follows
// (containers.conf(5), crio.conf.d(5)).
type conf []confFile

type confFile struct {
	path string
	text *tomlkeys.Text
}

// readConf reads those of the files that are there. With an error it returns those that it could read.
func (h *Host) readConf(paths ...string) (c conf, err error) {
	var errs []error
	for _, path := range paths {
		content, err := h.read(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		text, err := tomlkeys.Parse(content)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		c = append(c, confFile{path, text})
	}
	return c, errors.Join(errs...)
}

// key returns the setting that counts and the file that it is in, or nil.
func (c conf) key(path ...string) (*tomlkeys.Part, string) {
	for _, f := range slices.Backward(c) {
		if k := f.text.Key(path...); k != nil {
			return k, f.path
		}
	}
	return nil, ""
}

// text returns a string, or what stands for one that nobody has set.
func (c conf) text(unset string, path ...string) string {
	if k, _ := c.key(path...); k != nil && k.Text != "" {
		return k.Text
	}
	return unset
}

// list returns a list, or what stands for one that nobody has set. A list with {append=true} in it is added to the one before.
func (c conf) list(unset []string, path ...string) []string {
	out := unset
	for _, f := range c {
		switch k := f.text.Key(path...); {
		case k == nil:
		case k.Mixed:
			out = slices.Concat(out, k.List)
		default:
			out = k.List
		}
	}
	return out
}

// settings are lines of TOML, table by table.
type settings struct {
	tables []string
	lines  map[string][]string
}

// add adds a line to a table.
func (s *settings) add(table, format string, args ...any) {
	if s.lines == nil {
		s.lines = map[string][]string{}
	}
	if s.lines[table] == nil {
		s.tables = append(s.tables, table)
	}
	s.lines[table] = append(s.lines[table], fmt.Sprintf(format, args...))
}

func (s *settings) String() string {
	var b strings.Builder
	for _, table := range s.tables {
		fmt.Fprintf(&b, "[%s]\n%s\n", table, strings.Join(s.lines[table], "\n"))
	}
	return b.String()
}

// what says in one line what is set.
func (s *settings) what() string {
	var all []string
	for _, table := range s.tables {
		all = append(all, s.lines[table]...)
	}
	return strings.Join(all, ", ")
}

// quoted returns a list as TOML has it.
func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// setupConf plans a drop-in with the settings, if there are any. wanted is asked of all files together, with that one as it will be.
func (h *Host) setupConf(p *Plan, path string, s *settings) error {
	there, err := h.read(path)
	if err != nil {
		return err
	}
	if there != nil && !intact(string(there)) {
		return fmt.Errorf("%s is there already, and was not written by this: move it away", path)
	}
	if len(s.tables) == 0 {
		if there != nil { // all of it is set elsewhere, or needed no longer
			h.remove(p, path, "settings that are needed no longer")
		}
		return nil
	}
	return h.write(p, path, s.what(), []byte(sealed(s.String())))
}

// without returns the configuration without one of its files.
func (c conf) without(path string) conf {
	return slices.DeleteFunc(slices.Clone(c), func(f confFile) bool { return f.path == path })
}

// override plans that somebody takes a setting out of a file that comes after the drop-in.
func (c conf) override(p *Plan, dropIn string, path ...string) {
	k, file := c.key(path...)
	if k != nil && file > dropIn && strings.HasPrefix(file, dropIn[:strings.LastIndexByte(dropIn, '/')+1]) {
		p.ByHand = append(p.ByHand, fmt.Sprintf("%s: line %d: take %s out: it comes after %s and goes before it", file, k.Line, strings.Join(path, "."), dropIn))
	}
}
