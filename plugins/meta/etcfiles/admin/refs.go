package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/inspect"
)

// refHelp says, in the Long of commands, what a container may be called.
const refHelp = `A container is named as NAMESPACE/ID, by its ID or the beginning of it (3 characters or more), or by a name or alias; a pod also
by its Kubernetes namespace and name, such as shop/web.`

// advised has commands say of an error what to do. That there is no such namespace is the answer of all of them.
func advised(commands []*cobra.Command) {
	for _, cmd := range commands {
		run := cmd.RunE
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			err := run(cmd, args)
			switch {
			case errors.Is(err, etcfiles.ErrNoNamespace):
				return cli.Answer("%w", err)
			case errors.Is(err, etcfiles.ErrNoStore):
				return noStore(err)
			case errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
				return fmt.Errorf("%w: run it as root", err)
			}
			return err
		}
	}
}

// noStore says what to do where there is no data directory.
func noStore(err error) error {
	return fmt.Errorf("%w: no container was ever added there; if the conflist has another dataDir, name it with --data-dir", err)
}

// minPrefix is the least number of characters that stand for an ID.
const minPrefix = 3

// find returns the containers that a reference may mean: those with the ID if there are any, else the pods with the namespace
// and the name, else those with the name, else those whose ID begins so.
func find(list []*inspect.Inspected, ref string) []*inspect.Inspected {
	name := strings.TrimSuffix(ref, ".")
	called := func(i *inspect.Inspected, name string) bool { return strings.EqualFold(i.Name(), name) || i.Has(name) }
	pods, pod, ofPod := strings.Cut(ref, "/")
	for _, is := range []func(i *inspect.Inspected) bool{
		func(i *inspect.Inspected) bool { return i.Ref() == ref },
		func(i *inspect.Inspected) bool { return i.Record.ID == ref },
		func(i *inspect.Inspected) bool {
			return ofPod && pods != "" && kubernetesOf(i) == pods && called(i, pod)
		},
		func(i *inspect.Inspected) bool { return called(i, name) },
		func(i *inspect.Inspected) bool {
			return len(ref) >= minPrefix && strings.HasPrefix(i.Record.ID, ref)
		},
	} {
		var found []*inspect.Inspected
		for _, i := range list {
			if is(i) {
				found = append(found, i)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// kubernetesOf returns the Kubernetes namespace of a pod, "" for any other container.
func kubernetesOf(i *inspect.Inspected) string {
	if d := i.Record.Etcfiles; d != nil {
		return d.KubernetesNamespace
	}
	return ""
}

// findOne is find for commands that take one container; the error is one of the command line if several are meant, and the
// answer no if none is.
func (o *options) findOne(cmd *cobra.Command, list []*inspect.Inspected, ref string) (*inspect.Inspected, error) {
	found := find(list, ref)
	switch len(found) {
	case 0:
		return nil, o.unknown(cmd, ref)
	case 1:
		return found[0], nil
	}
	refs := make([]string, len(found))
	for i, f := range found {
		refs[i] = f.Ref()
	}
	return nil, cli.Misuse(cmd, "%s is several containers, name one: %s", ref, strings.Join(refs, ", "))
}

// unknown is the answer for a reference that means no container, with what is known of one that has gone.
func (o *options) unknown(cmd *cobra.Command, ref string) error {
	text := fmt.Sprintf("%s: no container in %s has this ID or name", ref, o.where())
	m := o.manager(cmd)
	namespaces, err := m.Namespaces(o.namespace)
	if err != nil {
		return cli.Answer("%s", text)
	}
	for _, namespace := range namespaces {
		for _, gone := range slices.Backward(m.Departed(namespace)) {
			if gone.ID == ref || namespace+"/"+gone.ID == ref || slices.Contains(gone.Names, ref) {
				return cli.Answer("%s; %s/%s is gone since %s: %s", text, namespace, gone.ID, exact(gone.When), gone.Why)
			}
		}
	}
	return cli.Answer("%s", text)
}

// where says what was looked through.
func (o *options) where() string {
	if o.namespace != "" {
		return "namespace " + o.namespace + " of " + o.dataDir
	}
	return o.dataDir
}
