package ocihook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// undoError says that a plugin of a network could not free what it has made and, if there is a remedy, what ends that all
// the same.
type undoError struct {
	network, remedy string
	err             error
}

func (e undoError) Error() string {
	if e.remedy == "" {
		return fmt.Sprintf("network %s: %v", e.network, e.err)
	}
	return fmt.Sprintf("network %s: not freed (correct what is wrong and it is tried again, or give it up: %s): %v", e.network, e.remedy, e.err)
}

func (e undoError) Unwrap() error { return e.err }

// detach runs DEL of each network in reverse order, then unpins and drops the record. Of a network whose DEL fails the
// plugins before that one keep what they hold, an address for example that its rules are about; the other networks' are
// still run, and pin and record stay for the next try.
func (h *Hook) detach(ctx context.Context, r *record) error {
	failed := h.undo(ctx, r, false)
	if len(failed) == 0 {
		return h.forget(r)
	}
	r.Failure = errors.Join(failed...).Error()
	for i, err := range failed {
		var undo undoError
		if errors.As(err, &undo) {
			undo.remedy = h.Command + " rm " + r.ContainerID
			failed[i] = undo
		}
	}
	return errors.Join(append(failed, r.write(h.recordDir(r.ContainerID)))...)
}

// undo runs DEL of each network in reverse order and returns what failed. The plugins of a network before one that failed
// are run only if all is true. What has begun is brought to its end: that the context is done does not stop it.
func (h *Hook) undo(ctx context.Context, r *record, all bool) (failed []error) {
	ctx = context.WithoutCancel(ctx)
	netns := h.pinPath(r.ContainerID)
	if _, err := netnsAt(netns); err != nil {
		netns = "" // a path that is not a network namespace would make plugins fail
	}
	for i := len(r.Attachments) - 1; i >= 0; i-- {
		failed = append(failed, h.undoAttachment(ctx, r, &r.Attachments[i], netns, all)...)
	}
	return failed
}

func (h *Hook) undoAttachment(ctx context.Context, r *record, a *attachment, netns string, all bool) (failed []error) {
	h.keepResult(r, a)
	incomplete := a.Refusal != nil
	chain, cancel := h.limit(ctx)
	defer func() { cancel() }()
	for n := a.ran(); n > 0; n-- {
		err := h.undoPlugin(chain, r, a, n-1, netns)
		if n == 1 && (incomplete && err == nil || all && err != nil) {
			err = errors.Join(err, removeInterface(netns, a.IfName))
		}
		if err != nil {
			failed = append(failed, undoError{network: a.Network, err: err})
			if !all {
				return failed
			}
			if chain.Err() != nil { // the plugins before it are not to suffer from that
				cancel()
				chain, cancel = h.limit(ctx)
			}
		}
		// Not to call it again: its address may be another container's by then. If this cannot be written it is called.
		a.setRan(n - 1)
		_ = r.write(h.recordDir(r.ContainerID))
	}
	if err := h.uncache(r, a); err != nil {
		failed = append(failed, undoError{network: a.Network, err: err})
	}
	return failed
}

// keepResult puts the result that libcni has of an attachment beside the record, unless there is one.
func (h *Hook) keepResult(r *record, a *attachment) {
	file := resultFile(h.recordDir(r.ContainerID), a)
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	list := &libcni.NetworkConfigList{Name: a.Network, CNIVersion: a.CNIVersion}
	result, err := h.cni(r, a, h.CacheDir).GetNetworkListCachedResult(list, h.runtimeConf(r, a, ""))
	if err != nil || result == nil {
		return
	}
	if b, err := json.Marshal(result); err == nil {
		_ = safefile.Replace(file, b, recordMode, false)
	}
}

// undoPlugin runs DEL of a plugin with the configuration of its ADD and, if that fails, with the one that the network has
// today. It is no error if the plugin made nothing.
func (h *Hook) undoPlugin(ctx context.Context, r *record, a *attachment, i int, netns string) error {
	list, err := a.plugin(i)
	if err != nil {
		return err
	}
	// libcni drops what it has kept of a network with the first plugin whose DEL succeeds. So it gets a cache of nobody; the
	// result is beside the record.
	if a.ofEtcfiles(i) {
		netns = "" // by this it hears that the container has ended; with the pin it would look for a process that lives on
	}
	cni, conf := h.cni(r, a, h.recordDir(r.ContainerID)), h.runtimeConf(r, a, netns)
	if err = cni.DelNetworkList(ctx, list, conf); err == nil {
		return nil
	}
	if today := h.today(a, i); today != nil && cni.DelNetworkList(ctx, today, conf) == nil {
		return nil
	}
	if i == a.ran()-1 && refused(a.Refusal, err) {
		return nil
	}
	return err
}

// refused reports whether a plugin's answer to DEL is its answer to ADD. Then neither has come further than to its
// configuration, and the plugin has made nothing but, perhaps, the interface, before another that it calls for the address
// read its part. Where the answer is no plugin's own (no code) or may be another one the next time, that proves nothing.
func refused(add *types.Error, del error) bool {
	var answer *types.Error
	return add != nil && errors.As(del, &answer) && *answer == *add &&
		answer.Code != 0 && answer.Code != types.ErrIOFailure && answer.Code != types.ErrTryAgainLater
}

// today returns the network of an attachment with the configuration that a plugin has in the conflist of that name today,
// nil if there is none or if it is the one of ADD.
func (h *Hook) today(a *attachment, i int) *libcni.NetworkConfigList {
	networks, err := loadNetworks(h.ConfDir, []string{a.Network})
	if err != nil {
		return nil
	}
	kind, nth := a.kind(i), 0
	for _, b := range a.Plugins[:i] {
		if pluginType(b) == kind {
			nth++
		}
	}
	today := networks[0]
	for _, p := range today.Plugins {
		if p.Network.Type != kind {
			continue
		}
		if nth--; nth >= 0 {
			continue
		}
		if today.CNIVersion == a.CNIVersion && bytes.Equal(p.Bytes, a.Plugins[i]) {
			return nil
		}
		return &libcni.NetworkConfigList{Name: a.Network, CNIVersion: today.CNIVersion, Plugins: []*libcni.PluginConfig{p}}
	}
	return nil
}

// ofEtcfiles reports whether a plugin writes the three files, by the capability that is its own or by its usual name.
func (a *attachment) ofEtcfiles(i int) bool {
	var p struct {
		Type         string
		Capabilities map[string]bool
	}
	return json.Unmarshal(a.Plugins[i], &p) == nil && (p.Type == capabilityEtcfiles || p.Capabilities[capabilityEtcfiles])
}

func (a *attachment) kind(i int) string { return pluginType(a.Plugins[i]) }

func pluginType(conf []byte) string {
	var p struct{ Type string }
	_ = json.Unmarshal(conf, &p) // what is none has no type
	return p.Type
}

// uncache drops the results of an attachment.
func (h *Hook) uncache(r *record, a *attachment) error {
	return errors.Join(
		removeFile(resultFile(h.recordDir(r.ContainerID), a)),
		removeFile(filepath.Join(h.CacheDir, "results", a.Network+"-"+r.ContainerID+"-"+a.IfName)), // as libcni names it
	)
}

// forget drops all that is known of a container.
func (h *Hook) forget(r *record) error {
	if err := unpin(h.pinPath(r.ContainerID)); err != nil {
		return err
	}
	return removeFile(filepath.Join(h.recordDir(r.ContainerID), recordFile))
}

// removeFile removes a file. It is no error if there is none.
func removeFile(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
