package setup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Plan is what Setup or Undo will do on a host.
type Plan struct {
	// Runtime is the word for it, of Runtimes, and Found says where its configuration is.
	Runtime, Found string
	// There are the files in which all is as it should be.
	There []string
	// Steps are what Apply does, in this order.
	Steps []Step
	// ByHand are what only somebody else can do, a sentence each. As long as there is one, nothing works.
	ByHand []string
	// Notes are what one should know.
	Notes []string
	// Join is the command that starts a container with the files, "" where every new container has them.
	Join string
	// Restart is the command that has the runtime read its configuration, "" where none is needed.
	Restart string

	list   string       // the conflist that is in use, or will be
	plugin string       // the plugin's program, where the runtime finds it
	wired  bool         // the runtime's containers get the files that etcfiles keeps
	idle   bool         // what there is of it by hand is named nowhere
	check  func() error // after the steps: why they did not do what they are for

	with     []string // runtimes that are undone with this one
	record   record   // of the host, as it is before the steps
	recorded bool     // there is one
	earlier  bool     // something may have been made by a version that kept none
}

// leave adds what is left to somebody else.
func (p *Plan) leave(format string, args ...any) {
	p.ByHand = append(p.ByHand, fmt.Sprintf(format, args...))
}

// note adds an error that does not matter to what is planned.
func (p *Plan) note(err error) {
	if err != nil {
		p.Notes = append(p.Notes, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}

// Done reports whether nothing is left to do.
func (p *Plan) Done() bool { return len(p.Steps)+len(p.ByHand) == 0 }

// Wired reports whether some of it is there that Setup alone brings. A conflist with the plugin is not, since another runtime may have it in use.
func (p *Plan) Wired() bool { return p.wired }

// Step is a change of one file.
type Step struct {
	Verb string // write, change, link or remove
	Path string
	What string // what is in the file

	do, undo func() error
	note     func(*record) // that it is done
}

// String says it in one line.
func (s Step) String() string { return fmt.Sprintf("%s %s: %s", s.Verb, s.Path, s.What) }

// Apply makes the steps. If one fails, those before it are taken back, and so are all where the runtime does not read what was written.
func (p *Plan) Apply() error {
	for i, s := range p.Steps {
		if err := s.do(); err != nil {
			return errors.Join(fmt.Errorf("%s %s: %w", s.Verb, s.Path, err), back(p.Steps[:i]))
		}
	}
	if p.check == nil || len(p.ByHand) > 0 {
		return nil
	}
	if err := p.check(); err != nil {
		return errors.Join(err, back(p.Steps))
	}
	return nil
}

// back undoes steps, the last first, and all of them.
func back(steps []Step) error {
	var errs []error
	for _, s := range slices.Backward(steps) {
		if err := s.undo(); err != nil {
			errs = append(errs, fmt.Errorf("take back: %s %s: %w", s.Verb, s.Path, err))
		}
	}
	return errors.Join(errs...)
}

// ErrNotInstalled is the error for a runtime that the host does not have.
var ErrNotInstalled = errors.New("it is not installed")

// runtime is one that can be set up.
type runtime struct {
	name  string
	setup func(*Host, *Plan) error
	undo  func(*Host, *Plan) error
}

func runtimes() []runtime {
	return []runtime{
		{"containerd", (*Host).setupContainerd, (*Host).undoContainerd},
		{"podman", (*Host).setupPodman, (*Host).undoPodman},
		{"crio", (*Host).setupCRIO, (*Host).undoCRIO},
	}
}

// Runtimes returns the words for those that can be set up.
func Runtimes() []string {
	var out []string
	for _, r := range runtimes() {
		out = append(out, r.name)
	}
	return out
}

func runtimeOf(name string) (*runtime, error) {
	for _, r := range runtimes() {
		if r.name == name {
			return &r, nil
		}
	}
	return nil, fmt.Errorf("%s: want one of %s", name, strings.Join(Runtimes(), ", "))
}

// Setup looks at the host and plans what a runtime needs. The error is ErrNotInstalled where the host does not have it, or says what is in
// the way.
func (h *Host) Setup(name string) (*Plan, error) {
	r, err := runtimeOf(name)
	if err != nil {
		return nil, err
	}
	p, err := h.plan(name)
	if err != nil {
		return nil, err
	}
	if err := r.setup(h, p); err != nil {
		return p, err
	}
	return p, h.keepRecord(p)
}

// plan returns an empty plan.
func (h *Host) plan(name string) (p *Plan, err error) {
	p = &Plan{Runtime: name}
	p.record, p.recorded, err = h.readRecord()
	p.earlier = p.record.Earlier || !p.recorded && h.sealed()
	return p, err
}

// Undo plans to take away what Setup has made for a runtime, which may no longer be installed; with are others that are to be undone too, and need
// nothing any more. The error is ErrInUse where living containers need what would go.
func (h *Host) Undo(name string, with ...string) (*Plan, error) {
	r, err := runtimeOf(name)
	if err != nil {
		return nil, err
	}
	p, err := h.plan(name)
	if err != nil {
		return nil, err
	}
	p.with = with
	if err := r.undo(h, p); err != nil {
		return nil, err
	}
	if len(p.Steps) == 0 {
		p.Restart = ""
	}
	return p, h.cutRecord(p)
}

// others returns what the other runtimes of the host have that are set up, and are not undone with this one. Of one with a fault it is not known
// which network is its own: list and plugin may be "".
func (h *Host) others(p *Plan) (out []*Plan) {
	for _, r := range runtimes() {
		if r.name == p.Runtime || slices.Contains(p.with, r.name) {
			continue
		}
		o := &Plan{Runtime: r.name, record: p.record}
		if err := r.setup(h, o); o.wired && !o.idle && !errors.Is(err, ErrNotInstalled) {
			out = append(out, o)
		}
	}
	return out
}
