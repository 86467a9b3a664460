package ocihook

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/version"
)

// recordingExec runs plugins and keeps the result of each ADD beside the record of the container. libcni caches that of a
// whole chain only, and some plugins, firewall for one, can free nothing without a prevResult: after a chain that failed
// or was killed halfway, DEL gets the last one there was.
type recordingExec struct {
	invoke.RawExec
	version.PluginDecoder
	dir string
}

// ExecPlugin implements invoke.Exec.
func (e *recordingExec) ExecPlugin(ctx context.Context, path string, stdin []byte, environ []string) ([]byte, error) {
	file := filepath.Join(e.dir, lookup(environ, "CNI_IFNAME")+".result")
	command := lookup(environ, "CNI_COMMAND")
	if command == "DEL" {
		var err error
		if stdin, err = withResult(stdin, file); err != nil {
			return nil, err
		}
	}
	out, err := e.RawExec.ExecPlugin(ctx, path, stdin, environ)
	if err == nil && command == "ADD" {
		err = replaceFile(file, out)
	}
	return out, err
}

// FindInPath implements invoke.Exec.
func (e *recordingExec) FindInPath(plugin string, paths []string) (string, error) {
	return invoke.FindInPath(plugin, paths)
}

// withResult puts the result in the file into a configuration that has none. No file is no error.
func withResult(conf []byte, file string) ([]byte, error) {
	result, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !json.Valid(result) {
		return conf, nil
	}
	if err != nil {
		return nil, err
	}
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal(conf, &keys); err != nil {
		return nil, err
	}
	if keys["prevResult"] != nil {
		return conf, nil
	}
	keys["prevResult"] = result
	return json.Marshal(keys)
}

// lookup returns the last value of a variable, which is the one that counts.
func lookup(environ []string, name string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// replaceFile writes a file so that a reader sees it whole or not at all.
func replaceFile(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
