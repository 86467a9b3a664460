package cluster

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/etcfiles/etcfiles/integration/internal/suite"
)

// repository is the root of the repository.
const repository = "../.."

// programs is the directory of etcfiles, etcfiles-etcd, etcd, etcdctl and the roles of the test.
var programs string

func TestMain(m *testing.M) {
	s := suite.Suite{Name: "cluster", Commands: []string{"ip", "iptables", "bridge", "busybox", "nsenter", "openssl", "unshare", "wget"}, Roles: map[string]func() error{"slow": slow, "notified": notified}}
	s.Prepare = func(dir string) error {
		programs = dir
		self, err := os.Executable()
		if err != nil {
			return err
		}
		build := exec.Command("go", "build", "-o", dir+"/", ".")
		build.Dir = filepath.Join(repository, "plugins/etcd/etcfiles-etcd")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build etcfiles-etcd: %w\n%s", err, out)
		}
		etcd, err := filepath.Abs(filepath.Join(repository, "bin/etcd"))
		if err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(etcd, "etcd")); err != nil {
			return fmt.Errorf("etcd is missing: run `make test`, or `make etcd` first: %w", err)
		}
		plugins, err := suite.ReferencePlugins()
		if err != nil {
			return err
		}
		// Not all of the reference plugins: iproute2 has a program bridge too.
		return errors.Join(buildCrowd(dir), suite.Build(dir, "./plugins/meta/etcfiles"), suite.LinkAll(dir, etcd), os.Symlink(filepath.Join(plugins, "cnitool"), filepath.Join(dir, "cnitool")),
			os.Symlink(self, filepath.Join(dir, "slow")), os.Symlink(self, filepath.Join(dir, "notified")))
	}
	if err := flag.Set("test.parallel", "6"); err != nil { // they wait most of the time
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(s.Run(m))
}
