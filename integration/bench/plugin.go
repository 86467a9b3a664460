package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/types"
)

// plugin is a CNI plugin's binary with the data directory and network namespace that it is run with.
type plugin struct {
	path    string
	dataDir string
	netns   string
	network string
	base    string // baseHostsFile; "" for none
}

// hosts returns the path of a container's hosts file.
func (p *plugin) hosts(c container) string {
	return filepath.Join(p.dataDir, "etchosts", namespace, c.id(), "hosts")
}

// run executes one CNI command for c and returns the time of the whole process, from fork to exit.
func (p *plugin) run(ctx context.Context, command string, c container) (time.Duration, error) {
	took, err := p.call(ctx, command, c)
	return took.wall, err
}

// call is run that tells also what else the process took.
func (p *plugin) call(ctx context.Context, command string, c container) (cost, error) {
	conf, err := p.conf(c)
	if err != nil {
		return cost{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(conf), &stdout, &stderr
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"CNI_COMMAND=" + command,
		"CNI_CONTAINERID=" + c.id(),
		"CNI_NETNS=" + p.netns,
		"CNI_IFNAME=eth0",
		"CNI_PATH=" + filepath.Dir(p.path),
	}
	start := time.Now()
	err = cmd.Run()
	took := time.Since(start)
	switch {
	case ctx.Err() != nil:
		return cost{}, ctx.Err()
	case err != nil:
		err = describe(err, stdout.Bytes(), stderr.Bytes())
	case command == "ADD":
		err = checkResult(stdout.Bytes(), c)
	}
	if err != nil {
		return cost{}, fmt.Errorf("%s: %s of %s: %w", filepath.Base(p.path), command, c.name(), err)
	}
	return costOf(cmd.ProcessState, took), nil
}

// conf is what the plugin reads on stdin.
func (p *plugin) conf(c container) ([]byte, error) {
	type object = map[string]any
	conf := object{
		"cniVersion":    "1.0.0",
		"name":          p.network,
		"type":          "etcfiles",
		"dataDir":       p.dataDir,
		"capabilities":  object{"etcfiles": true},
		"runtimeConfig": object{"etcfiles": object{"name": c.name(), "hostname": c.hostname()}},
		"prevResult": object{
			"cniVersion": "1.0.0",
			"interfaces": []any{object{"name": "eth0", "sandbox": p.netns}},
			"ips":        []any{object{"address": c.address().String() + "/8", "gateway": "10.0.0.1", "interface": 0}},
			"dns":        object{},
		},
	}
	if p.base != "" {
		conf["baseHostsFile"] = p.base
	}
	return json.Marshal(conf)
}

// describe adds to a process's failure the CNI error that it printed, or else all that it printed.
func describe(failure error, stdout, stderr []byte) error {
	var cniErr types.Error
	if json.Unmarshal(stdout, &cniErr) == nil && cniErr.Msg != "" {
		failure = fmt.Errorf("%w: CNI error %d: %w", failure, cniErr.Code, &cniErr)
	} else if len(stdout) > 0 {
		failure = fmt.Errorf("%w; stdout: %s", failure, bytes.TrimSpace(stdout))
	}
	if len(stderr) > 0 {
		failure = fmt.Errorf("%w; stderr: %s", failure, bytes.TrimSpace(stderr))
	}
	return failure
}

// checkResult says what is wrong with the result of an ADD unless it holds the container's address.
func checkResult(stdout []byte, c container) error {
	var result struct {
		IPs []struct {
			Address string `json:"address"`
		} `json:"ips"`
	}
	if err := json.Unmarshal(stdout, &result); err != nil {
		return fmt.Errorf("result %q: %w", stdout, err)
	}
	if len(result.IPs) != 1 || !strings.HasPrefix(result.IPs[0].Address, c.address().String()+"/") {
		return fmt.Errorf("result %s lacks the address %s", stdout, c.address())
	}
	return nil
}

// checkAdded finds out whether an ADD happened: the container and the peers find it.
func (p *plugin) checkAdded(c container, peers []container) error {
	if err := checkHosts(p.hosts(c), c, c.address().String()); err != nil {
		return fmt.Errorf("after ADD: %w", err)
	}
	if err := checkPeers(p.hosts, peers, c, true); err != nil {
		return fmt.Errorf("after ADD: %w", err)
	}
	return nil
}

// checkDeleted finds out whether a DEL happened: the peers do not find the container, and its file is gone.
func (p *plugin) checkDeleted(c container, peers []container) error {
	switch _, err := os.Lstat(p.hosts(c)); {
	case err == nil:
		return fmt.Errorf("after DEL: %s is still there", p.hosts(c))
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("after DEL: %w", err)
	}
	if err := checkPeers(p.hosts, peers, c, false); err != nil {
		return fmt.Errorf("after DEL: %w", err)
	}
	return nil
}

// populate attaches n containers one after the other and returns the time of all of it.
func (p *plugin) populate(ctx context.Context, n int) (time.Duration, error) {
	var total time.Duration
	for _, c := range everyone(n) {
		took, err := p.run(ctx, "ADD", c)
		if err != nil {
			return 0, err
		}
		total += took
	}
	return total, p.checkAdded(container(n), everyone(n))
}

// forkExec returns the time of starting /bin/true and waiting for it.
func forkExec(ctx context.Context) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, "/bin/true")
	start := time.Now()
	err := cmd.Run()
	return time.Since(start), err
}
