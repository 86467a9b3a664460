package etcfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/names"
)

// Namespaces returns the one that is given, or for "" all that may have a container.
func (m *Manager) Namespaces(given string) ([]string, error) {
	if given != "" {
		return []string{given}, nil
	}
	return m.Dir.Namespaces()
}

// Existing returns the one that is given, or for "" all that have anything in the data directory. The error is
// fs.ErrNotExist when there is no data directory or no such namespace.
func (m *Manager) Existing(given string) ([]string, error) {
	all, err := m.Dir.AllNamespaces()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, absence(fmt.Sprintf("the data directory %s does not exist", m.Dir))
	case err != nil:
		return nil, fmt.Errorf("data directory %s: %w", m.Dir, err)
	case given == "":
		return slices.DeleteFunc(all, func(name string) bool { return names.CheckElement(name) != nil }), nil
	}
	if err := names.CheckElement(given); err != nil {
		return nil, fmt.Errorf("namespace: %w: %w", ErrInvalid, err)
	}
	if !slices.Contains(all, given) {
		return nil, absence(fmt.Sprintf("the data directory %s has no namespace %s", m.Dir, given))
	}
	return []string{given}, nil
}

// absence is fs.ErrNotExist in words of its own.
type absence string

func (a absence) Error() string { return string(a) }

func (absence) Unwrap() error { return fs.ErrNotExist }
