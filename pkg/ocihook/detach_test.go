package ocihook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containernetworking/cni/pkg/types"
)

// chain is a hook whose plugins a, b and c are scripts: each call is a line of the log, and a plugin's part of the conflist
// says what it answers: nothing, or an error.
type chain struct {
	*Hook
	log string
}

func newChain(t *testing.T) chain {
	t.Helper()
	dir := t.TempDir()
	c := chain{&Hook{
		ConfDir: filepath.Join(dir, "net.d"), BinDirs: []string{filepath.Join(dir, "bin")}, CacheDir: filepath.Join(dir, "cache"),
		RunDir: filepath.Join(dir, "run"), Command: "oci-cni-hook",
	}, filepath.Join(dir, "log")}
	for _, d := range []string{c.ConfDir, c.BinDirs[0], c.recordDir("default-web")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script := `#!/bin/sh
conf=$(cat)
echo "$CNI_COMMAND ${0##*/}" >>` + c.log + `
case $conf in *'"'$CNI_COMMAND'":"'*) echo "$conf" | sed 's/.*"'$CNI_COMMAND'":"\([^"]*\)".*/{"cniVersion":"1.0.0","code":999,"msg":"\1"}/'; exit 1;; esac
test $CNI_COMMAND = DEL || echo '{"cniVersion":"1.0.0"}'
`
	for _, name := range []string{"a", "b", "c"} {
		if err := os.WriteFile(filepath.Join(c.BinDirs[0], name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// conflist writes the conflist lab of plugins NAME or NAME COMMAND=ERROR...
func (c chain) conflist(t *testing.T, plugins ...string) {
	t.Helper()
	var list []map[string]string
	for _, p := range plugins {
		words := strings.Split(p, " ")
		conf := map[string]string{"type": words[0]}
		for _, w := range words[1:] {
			command, text, _ := strings.Cut(w, "=")
			conf[command] = text
		}
		list = append(list, conf)
	}
	b, err := json.Marshal(map[string]any{"cniVersion": "1.0.0", "name": "lab", "plugins": list})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.ConfDir, "lab.conflist"), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c chain) record(t *testing.T) *record {
	t.Helper()
	networks, err := loadNetworks(c.ConfDir, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &record{ContainerID: "default-web", Attachments: []attachment{newAttachment(networks[0], "eth0", nil, nil)}}
	r.Attachments[0].setRan(0)
	return r
}

func (c chain) calls(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(c.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	_ = os.Remove(c.log)
	return strings.Join(strings.Split(strings.TrimSpace(string(b)), "\n"), ", ")
}

// TestDetach: only what ran is undone; a plugin that answers DEL as it did ADD has made nothing; any other failure of one
// that ran keeps the record and what the plugins before it hold, until today's conflist or the next try frees it.
func TestDetach(t *testing.T) {
	for _, test := range []struct {
		name          string
		add           []string // the conflist at ADD
		today         []string // at DEL; nil for the same
		attach, calls string
		kept          string // the error
	}{
		{"all is well", []string{"a", "b", "c"}, nil, "ADD a, ADD b, ADD c", "DEL c, DEL b, DEL a", ""},
		{"the last refuses both", []string{"a", "b", "c ADD=typo DEL=typo"}, nil, "ADD a, ADD b, ADD c", "DEL c, DEL b, DEL a", ""},
		{"the first refuses both", []string{"a ADD=typo DEL=typo", "b", "c"}, nil, "ADD a", "DEL a", ""},
		{"what never ran would refuse", []string{"a ADD=typo", "b DEL=x", "c DEL=x"}, nil, "ADD a", "DEL a", ""},
		{"another answer", []string{"a", "b ADD=full DEL=busy"}, nil, "ADD a, ADD b", "DEL b", "busy"},
		{"an ADD that succeeded", []string{"a", "b DEL=busy", "c"}, nil, "ADD a, ADD b, ADD c", "DEL c, DEL b", "busy"},
		{"not of the one that failed", []string{"a", "b DEL=typo", "c ADD=typo"}, nil, "ADD a, ADD b, ADD c", "DEL c, DEL b", "typo"},
		{"today's", []string{"a", "b DEL=busy", "c"}, []string{"c", "b", "a"}, "ADD a, ADD b, ADD c", "DEL c, DEL b, DEL b, DEL a", ""},
		{"today's fails as well", []string{"a DEL=busy"}, []string{"a DEL=other"}, "ADD a", "DEL a, DEL a", "busy"},
		{"the second of a type", []string{"a", "a DEL=busy"}, []string{"a DEL=no", "a"}, "ADD a, ADD a", "DEL a, DEL a, DEL a", ""},
		{"gone from today's", []string{"a", "b DEL=busy"}, []string{"a"}, "ADD a, ADD b", "DEL b", "busy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t)
			c.conflist(t, test.add...)
			r := c.record(t)
			_ = c.attach(context.Background(), r)
			if got := c.calls(t); got != test.attach {
				t.Errorf("ADD called %s, want %s", got, test.attach)
			}
			if test.today != nil {
				c.conflist(t, test.today...)
			}
			err := c.detach(context.Background(), r)
			if got := c.calls(t); got != test.calls {
				t.Errorf("DEL called %s, want %s", got, test.calls)
			}
			again, readErr := readRecord(c.recordDir("default-web"))
			if readErr != nil {
				t.Fatal(readErr)
			}
			if test.kept == "" {
				if err != nil || again != nil {
					t.Errorf("%v, and this is kept: %+v", err, again)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.kept) || !strings.Contains(err.Error(), "oci-cni-hook rm default-web") {
				t.Errorf("error %v, want %q and the command that ends it", err, test.kept)
			}
			if again == nil || !strings.Contains(again.Failure, test.kept) {
				t.Fatalf("kept: %+v", again)
			}
			// What has been freed is not called again, and rm calls everything that is left, whatever fails.
			left := slices.Index([]string{"c", "b", "a"}, test.calls[len(test.calls)-1:])
			removed, kept, err := c.Remove(context.Background(), "default-web")
			if err != nil || len(kept) == 0 || !slices.Equal(removed, []string{"lab/eth0"}) {
				t.Errorf("rm: %v, %v, %v", removed, kept, err)
			}
			if calls := c.calls(t); !strings.HasPrefix(calls, "DEL "+[]string{"c", "b", "a"}[left]) {
				t.Errorf("rm called %s", calls)
			}
			if r, err := c.left("default-web"); r != nil || err != nil {
				t.Errorf("rm left %+v, %v", r, err)
			}
			if _, _, err := c.Remove(context.Background(), "default-web"); !errors.Is(err, errUnknown) {
				t.Errorf("rm again: %v", err)
			}
		})
	}
}

// TestKilledHook: a plugin whose ADD was begun and never answered has made something, for all one knows.
func TestKilledHook(t *testing.T) {
	c := newChain(t)
	c.conflist(t, "a", "b DEL=typo", "c")
	r := c.record(t)
	r.Attachments[0].setRan(2)
	if err := c.detach(context.Background(), r); err == nil {
		t.Error("the DEL of a plugin failed that may have made something, and nothing is kept")
	}
	if got := c.calls(t); got != "DEL b" {
		t.Errorf("called %s", got)
	}
}

// TestRefused: an answer proves that a plugin has made nothing only if it is its own, the same, and final.
func TestRefused(t *testing.T) {
	typo := types.NewError(types.ErrInternal, "typo", "")
	for _, test := range []struct {
		add  *types.Error
		del  error
		want bool
	}{
		{typo, typo, true},
		{typo, fmt.Errorf("plugin x: %w", types.NewError(types.ErrInternal, "typo", "")), true},
		{nil, typo, false},
		{typo, errors.New("typo"), false},
		{typo, types.NewError(types.ErrInternal, "typo", "elsewhere"), false},
		{types.NewError(0, "killed", ""), types.NewError(0, "killed", ""), false},
		{types.NewError(types.ErrTryAgainLater, "busy", ""), types.NewError(types.ErrTryAgainLater, "busy", ""), false},
		{types.NewError(types.ErrIOFailure, "full", ""), types.NewError(types.ErrIOFailure, "full", ""), false},
	} {
		if got := refused(test.add, test.del); got != test.want {
			t.Errorf("ADD %v, DEL %v: %v", test.add, test.del, got)
		}
	}
}
