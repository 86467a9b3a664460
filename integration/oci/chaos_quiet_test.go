package oci

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// quiet does what is done of a machine after all that: what was killed is deleted, gc, prune and check clean up. After it
// nothing is wrong, and those who stay know each other and nobody else.
func (c *chaos) quiet() {
	c.t.Helper()
	for _, of := range c.unfinished {
		c.killLeft(of)
		_, _ = c.delete(of) // it may know nothing of it
		if err := os.RemoveAll(filepath.Join(c.root(of.namespace), of.id)); err != nil {
			c.t.Fatal(err)
		}
		c.killLeft(of)
	}
	if err := c.idlePrograms(); err != nil {
		c.t.Fatal(err)
	}
	c.silent(append(append([]string{c.hook()}, c.hookFlags()...), "gc")...)
	for _, attachment := range c.undetached {
		network, name, _ := strings.Cut(attachment, "/")
		if err := c.cnitool("del", network, name); err != nil {
			c.t.Fatal(err)
		}
		if err := c.unmake(c.path("netns", name)); err != nil {
			c.t.Fatal(err)
		}
	}
	c.silent(filepath.Join(c.bin(), "etcfiles"), "--data-dir", c.data(), "prune")
	c.silent(filepath.Join(c.bin(), "etcfiles"), "--data-dir", c.data(), "check", "--repair")
	c.silent(filepath.Join(c.bin(), "etcfiles"), "--data-dir", c.data(), "check")
	for _, r := range c.stays {
		text, err := r.read("hosts")
		if err == nil {
			err = c.seen.only(text, r.id)
		}
		if err != nil {
			c.t.Fatalf("%v\n%s", err, text)
		}
	}
}

// silent runs a command that must succeed without a warning. It returns what that prints.
func (c *chaos) silent(args ...string) string {
	c.t.Helper()
	stdout, stderr, err := c.pipe("", args...)
	if err != nil || stderr != "" {
		c.t.Fatalf("%s: %v: %s%s", strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

// leave deletes those who stayed, and finds what is left of all.
func (c *chaos) leave() {
	c.t.Helper()
	for _, r := range c.stays {
		r.close()
		if err := c.deleteSilently(r.container); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := c.left(nil); err != nil {
		c.t.Error(err)
	}
	if err := worlds.Poll("a process is left", c.idle); err != nil {
		list := ""
		for _, p := range c.processes(func(string, string) bool { return true }) {
			cmdline, _ := os.ReadFile(filepath.Join(p.dir.Name(), "cmdline"))
			list += fmt.Sprintf("%q\n", cmdline)
			p.dir.Close()
		}
		c.t.Errorf("%v:\n%s", err, list)
	}
}
