package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocihook"
)

// hooksDirs are where Podman and CRI-O look for hooks, the first to be preferred (oci-hooks(5)).
var hooksDirs = []string{"/etc/containers/oci/hooks.d", "/usr/share/containers/oci/hooks.d"}

// renewal returns the command that renews the hook entry of a container which has none of what its annotations may say; ""
// if it has, or if it is not known.
func renewal(r ocihook.Recorded) string {
	b, err := os.ReadFile(filepath.Join(r.Bundle, "config.json"))
	if r.Bundle == "" || err != nil {
		return ""
	}
	var config struct {
		Hooks struct{ CreateRuntime []specs.Hook }
	}
	if json.Unmarshal(b, &config) != nil {
		return ""
	}
	for _, entry := range config.Hooks.CreateRuntime {
		if filepath.Base(entry.Path) == program && len(entry.Args) > 1 && !says(entry.Args, flagAllow) {
			return renewed(entry, r)
		}
	}
	return ""
}

// renewed returns the command that renews an entry of a bundle or, as its arguments tell, of hooks.d.
func renewed(entry specs.Hook, r ocihook.Recorded) string {
	flags := slices.DeleteFunc(slices.Clone(entry.Args[1:]), func(arg string) bool {
		return arg == "hook" || arg == "createRuntime"
	})
	words := append(append([]string{program}, flags...), "spec")
	if !slices.Contains(entry.Args, "hook") {
		return shellWords(append(words, "--mount-hook", "", r.Bundle))
	}
	words = append(words, "--hooks-d", "cni")
	if !says(entry.Args, "networks") {
		var networks []string
		for _, a := range r.Attachments {
			network, _, _ := strings.Cut(a, "/")
			networks = append(networks, network)
		}
		words = append(words, "--networks", strings.Join(networks, ","))
	}
	return shellWords(words) + " >" + shellWord(hooksFile(entry.Path))
}

// hooksFile returns the file of hooks.d that a program has come from.
func hooksFile(path string) string {
	for _, dir := range hooksDirs {
		files, _ := filepath.Glob(filepath.Join(dir, "*.json")) // the pattern is well formed
		for _, file := range files {
			var entry struct{ Hook specs.Hook }
			if b, err := os.ReadFile(file); err == nil && json.Unmarshal(b, &entry) == nil && entry.Hook.Path == path {
				return file
			}
		}
	}
	return filepath.Join(hooksDirs[0], program+".json")
}

// says reports whether a flag is among arguments.
func says(args []string, flag string) bool {
	return slices.ContainsFunc(args, func(arg string) bool { return arg == "--"+flag || strings.HasPrefix(arg, "--"+flag+"=") })
}

func shellWords(words []string) string {
	var out []string
	for _, w := range words {
		out = append(out, shellWord(w))
	}
	return strings.Join(out, " ")
}

// shellWord quotes a word for a shell if that is needed.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-./=,:+@%", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
