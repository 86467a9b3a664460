package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/integration/internal/worlds"
)

// object is a JSON object.
type object = map[string]any

// container is how a script names a container: ID, or NS/ID for one in a bundle as containerd's.
type container struct{ namespace, id string }

func parseContainer(name string) container {
	namespace, id, ok := strings.Cut(name, "/")
	if !ok {
		return container{"default", name}
	}
	return container{namespace, id}
}

// cniID is the ID by which the CNI plugins know the container.
func (c container) cniID() string { return c.namespace + "-" + c.id }

func (w *world) bundle(c container) string {
	if c.namespace == "default" {
		return w.path("bundles", c.id)
	}
	return w.path("io.containerd.runtime.v2.task", c.namespace, c.id)
}

// root returns the directory in which the runtime keeps what it knows of the containers of a namespace.
func (w *world) root(namespace string) string { return filepath.Join(w.state(), namespace) }

// pidFile returns where the runtime writes the container's PID, as the world sees it.
func (w *world) pidFile(c container) string { return w.path("out", c.cniID()+".pid") }

// hookErrors returns where crun writes what its hooks print to stderr: without that annotation it throws it away. runc
// prints it.
func (w *world) hookErrors(c container) string { return w.path("out", c.cniID()+".hooks") }

// makeBundle makes a bundle of what the runtime's own spec command prints: busybox, asleep, in namespaces of its own.
// Bundles in a path of containerd's have an absolute root.path, the others a relative one.
func (w *world) makeBundle(c container) error {
	var config object
	if err := readJSON(w.path("spec/config.json"), &config); err != nil {
		return err
	}
	root := w.path("rootfs")
	if c.namespace == "default" {
		root = "../../rootfs"
	}
	merge(config, object{
		"annotations": object{"run.oci.hooks.stderr": w.hookErrors(c)},
		"process":     object{"terminal": false, "args": []any{"sleep", "1000"}},
		"root":        object{"path": root},
		"linux":       object{"cgroupsPath": w.Cgroup + "/" + c.cniID()},
	})
	if err := os.MkdirAll(w.bundle(c), 0o755); err != nil {
		return err
	}
	return writeJSON(w.config(c), config)
}

func (w *world) config(c container) string { return filepath.Join(w.bundle(c), "config.json") }

// addHooks has the hook's spec command add the hooks and annotations.
func (w *world) addHooks(c container, flags []string) error {
	args := append([]string{w.hook(), "spec"}, w.hookFlags()...)
	args = append(append(args, "--data-dir", w.data()), flags...)
	out, err := w.run(append(args, w.bundle(c))...)
	if err == nil && out != "" {
		return fmt.Errorf("spec printed %q", out)
	}
	return err
}

// edit changes the config.json of a bundle.
func (w *world) edit(c container, change func(config object)) error {
	var config object
	if err := readJSON(w.config(c), &config); err != nil {
		return err
	}
	change(config)
	return writeJSON(w.config(c), config)
}

// merge lays a patch over a JSON object (RFC 7386).
func merge(into, patch object) {
	for key, value := range patch {
		inner, isObject := value.(object)
		old, wasObject := into[key].(object)
		switch {
		case value == nil:
			delete(into, key)
		case isObject && wasObject:
			merge(old, inner)
		default:
			into[key] = value
		}
	}
}

// setNetns changes the network namespace in a config.json: "" for none, which is the host's, else a path.
func setNetns(config object, path string) {
	linux := config["linux"].(object)
	var out []any
	for _, n := range linux["namespaces"].([]any) {
		if n.(object)["type"] != "network" {
			out = append(out, n)
		} else if path != "" {
			out = append(out, object{"type": "network", "path": path})
		}
	}
	linux["namespaces"] = out
}

// started is a run of the runtime.
type started struct {
	cmd            *exec.Cmd
	stdout, stderr string // files
	done           chan error
}

// begin runs the runtime's run command, behind a prefix, without waiting for it.
func (w *world) begin(c container, prefix ...string) error {
	path, err := exec.LookPath(w.runtime) // in full, for an environment without PATH
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.root(c.namespace), 0o700); err != nil {
		return err
	}
	for _, path := range []string{w.pidFile(c), w.hookErrors(c)} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	// Files, since the container keeps them open for as long as it lives.
	s := &started{stdout: w.path("out", c.cniID()+".out"), stderr: w.path("out", c.cniID()+".err"), done: make(chan error, 1)}
	s.cmd = w.command(append(prefix, path, "--root", w.root(c.namespace), "run", "-d", "--pid-file", w.pidFile(c), "-b", w.bundle(c), c.id)...)
	for path, to := range map[string]func(f *os.File){
		s.stdout: func(f *os.File) { s.cmd.Stdout = f }, s.stderr: func(f *os.File) { s.cmd.Stderr = f },
	} {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		to(f)
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	w.pending[c.cniID()] = s
	go func() { s.done <- s.cmd.Wait() }()
	return nil
}

// finish waits for a run of the runtime, and returns what it printed.
func (w *world) finish(c container) (stdout, stderr string, err error) {
	s := w.pending[c.cniID()]
	if s == nil {
		return "", "", fmt.Errorf("%s is not being started", c.cniID())
	}
	delete(w.pending, c.cniID())
	select {
	case err = <-s.done:
	case <-time.After(time.Minute):
		return "", "", fmt.Errorf("the start of %s does not end", c.cniID())
	}
	out, outErr := os.ReadFile(s.stdout)
	errOut, errErr := os.ReadFile(s.stderr)
	hooks, hooksErr := os.ReadFile(w.hookErrors(c))
	if errors.Is(hooksErr, os.ErrNotExist) {
		hooksErr = nil
	}
	if err := errors.Join(outErr, errErr, hooksErr); err != nil {
		return "", "", err
	}
	return string(out), string(errOut) + string(hooks), err
}

// delete has the runtime kill and delete a container, and returns what it prints to stderr.
func (w *world) delete(c container) (stderr string, err error) {
	var buf bytes.Buffer
	cmd := w.command(w.runtime, "--root", w.root(c.namespace), "delete", "--force", c.id)
	cmd.Stderr = &buf
	if err := cmd.Run(); err != nil {
		return buf.String(), fmt.Errorf("delete %s: %w: %s", c.cniID(), err, &buf)
	}
	return buf.String(), nil
}

// deleteSilently deletes a container; the runtime must succeed and print nothing.
func (w *world) deleteSilently(c container) error {
	stderr, err := w.delete(c)
	if stderr = withoutRetries(stderr); err == nil && stderr != "" {
		return fmt.Errorf("delete %s printed %s", c.cniID(), stderr)
	}
	return err
}

// withoutRetries leaves out what runc says on a busy machine of a cgroup that it has then removed after all.
func withoutRetries(stderr string) string {
	var rest strings.Builder
	for line := range strings.Lines(stderr) {
		if !strings.Contains(line, `msg="Failed to remove cgroup (will retry)"`) {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

// pid returns the PID of the container's first process, as the world sees it.
func (w *world) pid(c container) (int, error) {
	return worlds.ReadPID(w.pidFile(c))
}

// kill kills a process of the world with SIGKILL and waits until it is gone.
func (w *world) kill(pid int) error {
	if _, err := w.run("sh", "-c", fmt.Sprintf("kill -9 %d", pid)); err != nil {
		return err
	}
	return worlds.Poll(fmt.Sprintf("process %d is still there", pid), func() bool {
		_, err := os.Stat(w.Inside(fmt.Sprintf("/proc/%d", pid)))
		return errors.Is(err, os.ErrNotExist)
	})
}

// oldest returns the oldest process of the world that was called by a program's name, 0 if there is none. That of a runtime
// is the one that was called from outside; its children have the same name.
func (w *world) oldest(program string) (int, error) {
	found, err := filepath.Glob(w.Inside("/proc/[0-9]*/cmdline"))
	if err != nil {
		return 0, err
	}
	first := 0
	for _, path := range found {
		cmdline, _ := os.ReadFile(path) // of one that has ended, nothing
		name, _, _ := strings.Cut(string(cmdline), "\x00")
		if filepath.Base(name) != program {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return 0, err
		}
		if first == 0 || pid < first {
			first = pid
		}
	}
	return first, nil
}

// callHook runs the hook by hand, with a container's state as a runtime gives it. At poststop there is no PID.
func (w *world) callHook(stage string, c container, flags []string) (stdout, stderr string, err error) {
	var config struct{ Annotations map[string]string }
	if err := readJSON(w.config(c), &config); err != nil {
		return "", "", err
	}
	state := object{
		"ociVersion": "1.0.2", "id": c.id, "bundle": w.bundle(c), "annotations": config.Annotations, "status": "stopped",
	}
	if stage != "poststop" {
		pid, err := w.pid(c)
		if err != nil {
			return "", "", err
		}
		merge(state, object{"pid": pid, "status": "creating"})
	}
	return w.callHookWith(state, append(append(w.hookFlags(), flags...), stage)...)
}

func (w *world) callHookWith(state object, args ...string) (stdout, stderr string, err error) {
	stdin, err := json.Marshal(state)
	if err != nil {
		return "", "", err
	}
	return w.pipe(string(stdin), append([]string{w.hook()}, args...)...)
}

// pipe runs a command in the world with a text on stdin.
func (w *world) pipe(stdin string, command ...string) (stdout, stderr string, err error) {
	var out, errOut bytes.Buffer
	cmd := w.command(command...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

// makeNetns makes a network namespace of the world that lives as long as the mount at the path.
func (w *world) makeNetns(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, nil, 0o444); err != nil {
		return err
	}
	_, err := w.run("unshare", "--net="+path, "ip", "link", "set", "lo", "up")
	return err
}

// unmount undoes every mount at a path of the world and below it.
func (w *world) unmount(dir string) error {
	mounts, err := w.Mounts(dir)
	for _, m := range mounts {
		_, e := w.run("umount", "-l", m)
		err = errors.Join(err, e)
	}
	return err
}

// await waits until a program runs, or until none does, and returns the PID of its oldest process.
func (w *world) await(program string, runs bool) (pid int, err error) {
	var failed error
	err = worlds.Poll(fmt.Sprintf("waited for %s to run: %v", program, runs), func() bool {
		pid, failed = w.oldest(program)
		return failed != nil || (pid != 0) == runs
	})
	return pid, errors.Join(err, failed)
}

// idle reports whether nothing runs in the world but its first process.
func (w *world) idle() bool {
	found, err := filepath.Glob(w.Inside("/proc/[0-9]*"))
	return err == nil && len(found) == 1
}
