package oci

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func (w *world) cmdBundle(_ *testscript.TestScript, args []string) error {
	return w.newBundle(args, func(container, []string) error { return nil })
}

func (w *world) cmdContainer(_ *testscript.TestScript, args []string) error {
	return w.newBundle(args, func(c container, flags []string) error {
		if !slices.Contains(flags, "--name") {
			flags = append([]string{"--name", c.id}, flags...)
		}
		return w.addHooks(c, flags)
	})
}

// newBundle reads [-netns PATH|host] NAME [FLAG...] and makes the bundle.
func (w *world) newBundle(args []string, addHooks func(c container, flags []string) error) error {
	netns := ""
	if args[0] == "-netns" {
		netns, args = args[1], args[2:]
	}
	c := parseContainer(args[0])
	if err := w.makeBundle(c); err != nil {
		return err
	}
	if err := addHooks(c, args[1:]); err != nil || netns == "" {
		return err
	}
	return w.edit(c, func(config object) { setNetns(config, strings.TrimPrefix(netns, "host")) })
}

func (w *world) cmdConfig(_ *testscript.TestScript, args []string) error {
	var patch object
	if err := json.Unmarshal([]byte(args[1]), &patch); err != nil {
		return err
	}
	return w.edit(parseContainer(args[0]), func(config object) { merge(config, patch) })
}

func (w *world) cmdMount(_ *testscript.TestScript, args []string) error {
	return w.edit(parseContainer(args[0]), func(config object) {
		mounts := config["mounts"].([]any)
		config["mounts"] = append(mounts, object{
			"type": "bind", "source": args[1], "destination": args[2], "options": []any{"bind", "rw"},
		})
	})
}

func (w *world) cmdAddHook(_ *testscript.TestScript, args []string) error {
	return w.putHook(args, func(hooks []any) int { return len(hooks) })
}

func (w *world) cmdInsert(_ *testscript.TestScript, args []string) error {
	return w.putHook(args, func([]any) int { return 0 })
}

// putHook reads STAGE NAME SHELL and puts a hook that runs the shell's command at a place among those of the stage.
func (w *world) putHook(args []string, place func(hooks []any) int) error {
	hook := object{"path": "/bin/sh", "args": []any{"sh", "-c", args[2]}}
	return w.edit(parseContainer(args[1]), func(config object) {
		hooks, _ := config["hooks"].(object)
		if hooks == nil {
			hooks = object{}
		}
		stage, _ := hooks[args[0]].([]any)
		hooks[args[0]] = slices.Insert(stage, place(stage), any(hook))
		config["hooks"] = hooks
	})
}
