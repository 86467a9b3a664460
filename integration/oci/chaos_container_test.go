package oci

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// patience is how long a command may take before it counts as one that hangs. It bounds nothing finer.
const patience = time.Minute

// running is a container whose process prints the files below its /etc that it is asked for.
type running struct {
	container
	mu    sync.Mutex
	asked *os.File
	told  *bufio.Reader
	close func()
}

// start starts a container with a new name, on one network or both, which begins with a word. It returns nil if that did
// not succeed, which may be; an error is what may not.
func (c *chaos) start(word string, rng *rand.Rand) (*running, error) {
	c.emptying.RLock()
	defer c.emptying.RUnlock()
	r := &running{container: parseContainer(fmt.Sprintf("%s%d", word, c.numbers.Add(1)))}
	networks := [][]string{{"lab"}, {"back"}, {"lab", "back"}}[rng.IntN(3)]
	flags := []string{"--name", r.id}
	for _, network := range networks {
		flags = append(flags, "--network", network)
	}
	if rng.IntN(2) == 0 {
		flags = append(flags, "--alias", "svc")
	}
	if rng.IntN(2) == 0 {
		flags = append(flags, "--publish", fmt.Sprintf("%d:80", 20_000+c.numbers.Load()))
	}
	c.seen.may(r.id, networks)
	since := c.seen.now()
	ok, err := c.launch(r, flags)
	var name, text string
	if ok { // the process is not what it is to be yet, and may be killed until it is
		var unread error
		if name, unread = r.read("hostname"); unread == nil {
			c.missed()
			text, unread = r.read("hosts")
		}
		ok = unread == nil
	}
	if err != nil || !ok {
		c.tally.failed.Add(1)
		if r.close != nil {
			r.close()
		}
		return nil, errors.Join(err, c.end(r.container, false))
	}
	c.tally.started.Add(1)
	if name != r.id+"\n" {
		return nil, fmt.Errorf("%s reads %q as its hostname", r.id, name)
	}
	if err == nil && !strings.Contains(text, " "+r.id+" ") {
		err = fmt.Errorf("%s does not know itself", r.id)
	}
	if err == nil {
		err = c.seen.compare(text, r.id, since)
	}
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	return r, nil
}

// launch makes the bundle and runs the runtime. It reports whether that said that the container runs.
func (c *chaos) launch(r *running, flags []string) (bool, error) {
	if err := c.makeBundle(r.container); err != nil {
		return false, err
	}
	if err := c.edit(r.container, func(config object) {
		merge(config, object{"process": object{"args": []any{"sh", "-c", "while read f; do cat /etc/$f && echo =; done"}}})
	}); err != nil {
		return false, err
	}
	if err := c.addHooks(r.container, flags); err != nil {
		return false, nil // it was killed
	}
	if err := os.MkdirAll(c.root(r.namespace), 0o700); err != nil {
		return false, err
	}
	stdin, asked, err := os.Pipe()
	if err != nil {
		return false, err
	}
	defer stdin.Close()
	told, stdout, err := os.Pipe()
	if err != nil {
		return false, errors.Join(err, asked.Close())
	}
	defer stdout.Close()
	r.asked, r.told = asked, bufio.NewReader(told)
	r.close = func() { asked.Close(); told.Close() }
	stderr, err := os.Create(c.path("out", r.cniID()+".err"))
	if err != nil {
		return false, err
	}
	defer stderr.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := c.command(c.runtime, "--root", c.root(r.namespace), "run", "-d", "--pid-file", c.pidFile(r.container), "-b", c.bundle(r.container), r.id)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	if err := cmd.Start(); err != nil {
		return false, err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err = cmd.Wait()
	if ctx.Err() != nil {
		return false, fmt.Errorf("the start of %s hangs", r.id)
	}
	return err == nil, nil
}

// read has the process in the container read a file below its /etc.
func (r *running) read(file string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.asked.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintln(r.asked, file); err != nil {
		return "", err
	}
	var text strings.Builder
	for {
		line, err := r.told.ReadString('\n')
		if err != nil {
			return text.String(), err
		}
		if line == "=\n" {
			return text.String(), nil
		}
		text.WriteString(line)
	}
}

// look has a container that stays read its hosts file, and compares that with what may be there.
func (c *chaos) look(r *running) error {
	since := c.seen.now()
	text, err := r.read("hosts")
	if err == nil {
		err = c.seen.compare(text, r.id, since)
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	c.tally.reads.Add(1)
	return nil
}

// end has the runtime delete a container, as often as it may be killed at it. If all went well, and nothing was put off, the
// container is gone. Otherwise it is of those who are looked after in the end.
func (c *chaos) end(of container, whole bool) error {
	stderr, err := c.delete(of)
	if err == nil && stderr == "" && whole {
		_, record := os.Lstat(filepath.Join(c.data(), "etchosts", of.namespace, of.cniID()))
		putOff, noDir := os.ReadDir(filepath.Join(c.data(), "pending", of.namespace))
		if errors.Is(record, os.ErrNotExist) && len(putOff) == 0 && (noDir == nil || errors.Is(noDir, os.ErrNotExist)) {
			c.seen.isGone(of.id)
			return nil
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unfinished = append(c.unfinished, of)
	return nil
}

// come has containers come and go.
func (c *chaos) come(rng *rand.Rand) error {
	for !c.over.Load() {
		r, err := c.start("comes", rng)
		if err != nil {
			return err
		}
		if r == nil {
			continue
		}
		time.Sleep(time.Duration(rng.Int64N(int64(200 * time.Millisecond))))
		if rng.IntN(3) == 0 {
			r.close() // its process ends before it is deleted
		}
		c.emptying.RLock()
		err = c.end(r.container, true)
		c.emptying.RUnlock()
		r.close()
		if err != nil {
			return err
		}
	}
	return nil
}
