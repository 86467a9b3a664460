package admin

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/inspect"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// stored reads the store for a completion, in silence.
func (o *options) stored(cmd *cobra.Command) []*inspect.Inspected {
	cmd.SetErr(io.Discard)
	list, err := o.manager(cmd).Inspect(o.namespace)
	if err != nil {
		return nil
	}
	return list
}

// candidates returns the words that begin as what is typed, each once, sorted. Names come from containers, and a shell may
// expand or run what it completes: no other words are offered than of letters, digits, '_', '.' and '-', which is not the
// first, since that would be a flag. A slash is that of NAMESPACE/ID.
func candidates(words []string, typed string) ([]string, cobra.ShellCompDirective) {
	offered := regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)?$`)
	words = slices.DeleteFunc(words, func(word string) bool {
		return !strings.HasPrefix(word, typed) || !offered.MatchString(word)
	})
	slices.Sort(words)
	return slices.Compact(words), cobra.ShellCompDirectiveNoFileComp
}

// completeContainer completes one container: by name, alias, ID or NAMESPACE/ID.
func (o *options) completeContainer(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []string
	for _, i := range o.stored(cmd) {
		words = append(words, i.Name(), i.Record.ID, i.Ref())
		if k := kubernetesOf(i); k != "" {
			words = append(words, k+"/"+i.Name())
		}
		for _, a := range i.Attachments {
			words = append(words, aliasesOf(i, &a)...)
		}
	}
	return candidates(words, typed)
}

// completeResolve completes a container, then the names that are on its networks.
func (o *options) completeResolve(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return o.completeContainer(cmd, args, typed)
	}
	list := o.stored(cmd)
	var words []string
	for _, c := range find(list, args[0]) {
		for _, i := range list {
			if i.Namespace != c.Namespace {
				continue
			}
			for _, a := range i.Attachments {
				if c.On(a.Network) {
					words = append(words, roster.AllNames(&a)...)
				}
			}
		}
	}
	return candidates(words, typed)
}

// completeNetwork completes one network.
func (o *options) completeNetwork(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []string
	for _, i := range o.stored(cmd) {
		for _, a := range i.Attachments {
			words = append(words, a.Network)
		}
	}
	return candidates(words, typed)
}

// completeNamespace completes the flag --namespace.
func (o *options) completeNamespace(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	words, err := o.manager(cmd).Dir.Namespaces()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return candidates(words, typed)
}
