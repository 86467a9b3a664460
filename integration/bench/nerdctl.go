package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/containerd/nerdctl/pkg/dnsutil/hostsstore"
	types100 "github.com/containernetworking/cni/pkg/types/100"
)

// nerdctlStore is nerdctl's hosts store, called in this process: no process start is counted against it.
type nerdctlStore struct {
	dir   string
	store hostsstore.Store
}

// newNerdctlStore writes the store of n containers directly: n calls of Acquire would rewrite n files each.
func newNerdctlStore(dir string, n int) (*nerdctlStore, error) {
	store, err := hostsstore.NewStore(dir)
	if err != nil {
		return nil, err
	}
	s := &nerdctlStore{dir: dir, store: store}
	var text strings.Builder
	fmt.Fprintf(&text, "# %s\n127.0.0.1\tlocalhost localhost.localdomain\n::1\t\tlocalhost localhost.localdomain\n",
		hostsstore.MarkerBegin)
	for _, c := range everyone(n) {
		text.WriteString(c.line())
	}
	fmt.Fprintf(&text, "# %s\n", hostsstore.MarkerEnd)
	for _, c := range everyone(n) {
		record, err := json.Marshal(nerdctlMeta(c))
		if err != nil {
			return nil, err
		}
		if err := writeFile(s.hosts(c), []byte(text.String()), 0o644); err != nil {
			return nil, err
		}
		if err := writeFile(filepath.Join(filepath.Dir(s.hosts(c)), "meta.json"), record, 0o644); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func nerdctlMeta(c container) hostsstore.Meta {
	eth0 := 0
	return hostsstore.Meta{
		Namespace: namespace,
		ID:        c.id(),
		Hostname:  c.hostname(),
		Name:      c.name(),
		Networks: map[string]*types100.Result{network: {
			CNIVersion: "1.0.0",
			Interfaces: []*types100.Interface{{Name: "eth0", Sandbox: "/proc/1/ns/net"}},
			IPs: []*types100.IPConfig{{
				Interface: &eth0,
				Address:   net.IPNet{IP: c.address().AsSlice(), Mask: net.CIDRMask(8, 32)},
				Gateway:   net.IPv4(10, 0, 0, 1),
			}},
		}},
	}
}

func (s *nerdctlStore) hosts(c container) string {
	return hostsstore.HostsPath(s.dir, namespace, c.id())
}

// add times Acquire and finds out whether it happened.
func (s *nerdctlStore) add(ctx context.Context, c container, peers []container) (time.Duration, error) {
	took, err := timed(ctx, func() error { return s.store.Acquire(nerdctlMeta(c)) })
	if err == nil {
		err = checkPeers(s.hosts, peers, c, true)
	}
	if err != nil {
		return 0, fmt.Errorf("nerdctl Acquire: %w", err)
	}
	return took, nil
}

// remove times Release, finds out whether it happened, and removes the files that Release leaves for a restart.
func (s *nerdctlStore) remove(ctx context.Context, c container, peers []container) (time.Duration, error) {
	took, err := timed(ctx, func() error { return s.store.Release(namespace, c.id()) })
	if err == nil {
		err = errors.Join(checkPeers(s.hosts, peers, c, false), os.RemoveAll(filepath.Dir(s.hosts(c))))
	}
	if err != nil {
		return 0, fmt.Errorf("nerdctl Release: %w", err)
	}
	return took, nil
}

// timed runs what cannot be interrupted, and gives up waiting for it when ctx ends: the bench is then about to exit.
func timed(ctx context.Context, operation func() error) (time.Duration, error) {
	runtime.GC() // the store leaves its files to the finalizers
	type outcome struct {
		took time.Duration
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		start := time.Now()
		err := operation()
		done <- outcome{time.Since(start), err}
	}()
	select {
	case o := <-done:
		return o.took, o.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
