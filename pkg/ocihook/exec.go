package ocihook

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/types/create"
	"github.com/containernetworking/cni/pkg/version"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// recordingExec runs plugins for an attachment of a container and keeps beside its record what DEL has to know. Which
// plugins have run: what never ran has made nothing. And the result of each ADD: libcni caches that of a whole chain only,
// and some plugins, firewall for one, can free nothing without a prevResult, so that after a chain that failed or was
// killed halfway, DEL gets the last one there was.
type recordingExec struct {
	version.PluginDecoder
	dir        string
	record     *record
	attachment *attachment
}

// ExecPlugin implements invoke.Exec.
func (e *recordingExec) ExecPlugin(ctx context.Context, path string, stdin []byte, environ []string) ([]byte, error) {
	switch lookup(environ, "CNI_COMMAND") {
	case "ADD":
		return e.add(ctx, path, stdin, environ)
	case "DEL":
		stdin, err := withResult(stdin, e.resultFile())
		if err != nil {
			return nil, err
		}
		return execPlugin(ctx, path, stdin, environ)
	}
	return execPlugin(ctx, path, stdin, environ)
}

func (e *recordingExec) add(ctx context.Context, path string, stdin []byte, environ []string) ([]byte, error) {
	e.attachment.setRan(e.attachment.ran() + 1)
	if err := e.record.write(e.dir); err != nil {
		return nil, err
	}
	out, err := execPlugin(ctx, path, stdin, environ)
	if err == nil {
		return out, safefile.Replace(e.resultFile(), out, recordMode, false)
	}
	if never := (notStarted{}); errors.As(err, &never) {
		e.attachment.setRan(e.attachment.ran() - 1)
	}
	var answer *types.Error
	if errors.As(err, &answer) {
		e.attachment.Refusal = answer
	}
	return out, err
}

// FindInPath implements invoke.Exec.
func (e *recordingExec) FindInPath(plugin string, paths []string) (string, error) {
	return invoke.FindInPath(plugin, paths)
}

func (e *recordingExec) resultFile() string { return resultFile(e.dir, e.attachment) }

// resultFile returns where the last result of an attachment is, in the directory of its container.
func resultFile(dir string, a *attachment) string { return filepath.Join(dir, a.IfName+".result") }

// withResult puts the result in the file into a configuration that has none. No file is no error.
func withResult(conf []byte, file string) ([]byte, error) {
	result, err := safefile.Read(file, maxRecord)
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
	keys["prevResult"] = inVersionOf(keys["cniVersion"], result)
	return json.Marshal(keys)
}

// inVersionOf returns a result in the form of the version that a configuration has, or as it is if there is no such form:
// a conflist may have another version today than at ADD.
func inVersionOf(cniVersion, result json.RawMessage) json.RawMessage {
	var wanted string
	if json.Unmarshal(cniVersion, &wanted) != nil {
		return result
	}
	if has, err := (&version.ConfigDecoder{}).Decode(result); err != nil || has == wanted {
		return result
	}
	parsed, err := create.CreateFromBytes(result)
	if err != nil {
		return result
	}
	if parsed, err = parsed.GetAsVersion(wanted); err != nil {
		return result
	}
	if b, err := json.Marshal(parsed); err == nil {
		return b
	}
	return result
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
