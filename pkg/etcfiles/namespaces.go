package etcfiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/request"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Namespaces returns the one that is given, or for "" all that may have a container.
func (m *Manager) Namespaces(given string) ([]string, error) {
	if given != "" {
		return []string{given}, nil
	}
	return m.Dir.Namespaces()
}

// Existing returns the one that is given, or for "" all that have anything in the data directory. The error is ErrNoStore
// when there is no data directory, ErrNoNamespace when it does not have the one that is given.
func (m *Manager) Existing(given string) ([]string, error) {
	all, err := m.Dir.AllNamespaces()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, absence{ErrNoStore, fmt.Sprintf("the data directory %s does not exist", m.Dir)}
	case err != nil:
		if cause := safefile.Unwritable(string(m.Dir), err); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("data directory %s: %w", m.Dir, err)
	}
	all = slices.DeleteFunc(all, func(name string) bool { return names.CheckElement(name) != nil })
	if given == "" {
		return all, nil
	}
	if err := names.CheckElement(given); err != nil {
		return nil, &request.KeyError{Key: "namespace", Reason: err}
	}
	if !slices.Contains(all, given) {
		has := "name one that it has: " + strings.Join(all, ", ")
		if len(all) == 0 {
			has = "no container was ever added there"
		}
		return nil, absence{ErrNoNamespace, fmt.Sprintf("the data directory %s has no namespace %s: %s", m.Dir, given, has)}
	}
	return []string{given}, nil
}

// absence is an error in words of its own.
type absence struct {
	error
	text string
}

func (a absence) Error() string { return a.text }

func (a absence) Unwrap() error { return a.error }

// Each calls do for each namespace, also after an error unless the context is done, and returns all errors.
func Each(ctx context.Context, namespaces []string, do func(name string) error) error {
	var errs []error
	for _, name := range namespaces {
		if err := do(name); err != nil {
			errs = append(errs, fmt.Errorf("namespace %s: %w", name, err))
			if ctx.Err() != nil {
				break
			}
		}
	}
	return errors.Join(errs...)
}
