package oci

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// attach has cnitool attach and detach network namespaces that no runtime knows of.
func (c *chaos) attach(rng *rand.Rand) error {
	for !c.over.Load() {
		name := fmt.Sprintf("pod%d", c.numbers.Add(1))
		network := []string{"lab", "back"}[rng.IntN(2)]
		if err := c.attachOne(name, network); err != nil && !c.over.Load() {
			return err
		}
	}
	return nil
}

func (c *chaos) attachOne(name, network string) error {
	c.emptying.RLock()
	defer c.emptying.RUnlock()
	netns := c.path("netns", name)
	if err := c.makeNetns(netns); err != nil {
		return err
	}
	c.seen.may(name, []string{network})
	err := c.cnitool("add", network, name)
	if err == nil {
		c.tally.attached.Add(1)
		_ = c.cnitool("check", network, name) // what was killed may have left something half-done
		err = c.cnitool("del", network, name)
	} else {
		c.tally.failed.Add(1)
	}
	if err != nil { // a plugin may be at work still: bridge would leave rules of an ADD that ends after a DEL
		c.mu.Lock()
		defer c.mu.Unlock()
		c.undetached = append(c.undetached, network+"/"+name)
		return nil
	}
	c.seen.isGone(name)
	return c.unmake(netns)
}

// unmake ends a network namespace that makeNetns has made.
func (c *chaos) unmake(netns string) error {
	if err := c.unmount(netns); err != nil {
		return err
	}
	return os.Remove(netns)
}

// podConf has the conflists of cnitool. They are those of the hook without the plugin firewall, which leaves its rules when DEL
// has no result of an ADD, as libcni has none of one in which a later plugin was killed.
func (c *chaos) podConf() string { return c.path("pods.d") }

func (c *chaos) writePodConf() error {
	lists, err := filepath.Glob(filepath.Join(c.conf(), "*.conflist"))
	if err == nil {
		err = os.Mkdir(c.podConf(), 0o755)
	}
	for _, path := range lists {
		var list object
		err = errors.Join(err, readJSON(path, &list))
		list["plugins"] = slices.DeleteFunc(list["plugins"].([]any), func(p any) bool { return p.(object)["type"] == "firewall" })
		err = errors.Join(err, writeJSON(filepath.Join(c.podConf(), filepath.Base(path)), list))
	}
	return err
}

// cnitool runs cnitool; that it says anything on stderr is an error, too.
func (c *chaos) cnitool(verb, network, name string) error {
	_, stderr, err := c.pipe("", "env", "CNI_PATH="+c.bin(), "NETCONFPATH="+c.podConf(), "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME="+name,
		filepath.Join(c.bin(), "cnitool"), verb, network, c.path("netns", name))
	if err == nil && stderr != "" {
		err = fmt.Errorf("cnitool %s %s %s: %s", verb, network, name, stderr)
	}
	return err
}

// forgetResults removes what libcni remembers of the network namespaces of cnitool, which was killed before it could.
func (c *chaos) forgetResults() error {
	files, err := filepath.Glob("/var/lib/cni/results/*-cnitool-*")
	for _, file := range files {
		text, readErr := os.ReadFile(file)
		if readErr == nil && bytes.Contains(text, []byte(c.path("netns")+"/")) {
			err = errors.Join(err, os.Remove(file))
		}
	}
	return err
}

// tidy cleans up again and again, and deletes the index.
func (c *chaos) tidy(rng *rand.Rand) error {
	etcfiles := []string{filepath.Join(c.bin(), "etcfiles"), "--data-dir", c.data()}
	for !c.over.Load() {
		switch rng.IntN(4) {
		case 0:
			_, _ = c.run(append(append([]string{c.hook()}, c.hookFlags()...), "gc")...) // these may all be killed
		case 1:
			_, _ = c.run(append(etcfiles, "prune")...)
		case 2:
			_, _ = c.run(append(etcfiles, "check", "--repair")...)
		case 3:
			_ = os.RemoveAll(filepath.Join(c.data(), "index")) // somebody may write into it just now
		}
		time.Sleep(time.Duration(rng.Int64N(int64(200 * time.Millisecond))))
	}
	return nil
}

// fill makes the disk full for a moment, again and again, with a file that has no name.
func (c *chaos) fill(rng *rand.Rand) error {
	for !c.over.Load() {
		time.Sleep(time.Duration(rng.Int64N(int64(time.Second))))
		if err := c.fillOnce(time.Duration(rng.Int64N(int64(300 * time.Millisecond)))); err != nil {
			return err
		}
	}
	return nil
}

func (c *chaos) fillOnce(length time.Duration) error {
	c.emptying.RLock()
	defer c.emptying.RUnlock()
	f, err := os.CreateTemp(c.data(), "ballast")
	if err != nil {
		return nil // there is no room for its name
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	page := make([]byte, os.Getpagesize())
	for err == nil {
		_, err = f.Write(page)
	}
	c.tally.filled.Add(1)
	for end := time.Now().Add(length); time.Now().Before(end); { // and again when something has gone
		time.Sleep(5 * time.Millisecond)
		_, _ = f.Write(page)
	}
	return nil
}
