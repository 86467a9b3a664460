package ocimount

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// What Linux 5.6 has not yet can be done without: mount_setattr of 5.12, and what statx says of mounts since 5.8.
func TestOlderKernel(t *testing.T) {
	linux511, linux56 := []string{"mount_setattr"}, []string{"mount_setattr", "statx"}
	for _, tc := range []struct {
		name   string
		lacks  []string
		make   func(c *container)
		script string
		want   string
	}{
		{"5.11, writable", linux511, func(*container) {}, catAll + ";" + tryWrite("/etc/hosts"), allStore + "writable\n"},
		{"5.6, read-only", linux56, func(c *container) { c.spec.Root.Readonly = true }, catAll + ";" + tryWrite("/etc/hosts"), allStore + "read-only\n"},
		{"5.6, read-only in a user namespace, from a store whose mount has attributes", linux56, func(c *container) {
			data := c.dir + "/data"
			c.mkdir(data)
			if err := unix.Mount("tmpfs", data, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_NOATIME, "mode=755"); err != nil {
				c.t.Fatal(err)
			}
			c.t.Cleanup(func() {
				if err := unix.Unmount(data, unix.MNT_DETACH); err != nil {
					c.t.Error(err)
				}
			})
			c.userns()
			c.spec.Root.Readonly = true
		}, catAll + ";" + tryWrite("/etc/hosts"), allStore + "read-only\n"},
		{"5.6, over a mount of the engine's", linux56, func(c *container) {
			c.args = []string{"--override"}
			for name, source := range map[string]string{"hosts": "/overlay-containers/c0ffee/userdata/hosts", "resolv.conf": "/mine"} {
				c.write(c.dir+source, "theirs\n")
				c.spec.Mounts = append(c.spec.Mounts, specs.Mount{Destination: "/etc/" + name, Type: "bind", Source: c.dir + source, Options: []string{"bind"}})
			}
		}, catAll, "store hosts\ntheirs\nstore hostname\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEach(t, func(_ *testing.T, c *container) {
				c.lacks = tc.lacks
				tc.make(c)
				c.store("default", c.id)
				c.want(tc.script, tc.want)
			})
		})
	}
}

// Without openat2 the hook says which kernel it needs, and touches nothing. Where the store is not there it has nothing to do.
func TestKernelTooOld(t *testing.T) {
	onEach(t, func(t *testing.T, c *container) {
		c.lacks = []string{"openat2"}
		c.want("echo started", "started\n")
		c.store("default", c.id)
		stdout, _, err := c.run("echo started")
		if err == nil || stdout != "" {
			t.Errorf("the container started: %q %v", stdout, err)
		}
		var uts unix.Utsname
		if err := unix.Uname(&uts); err != nil {
			t.Fatal(err)
		}
		c.wantSaid("needs Linux 5.6 or later, for openat2, and this is " + unix.ByteSliceToString(uts.Release[:]) + ": nothing was mounted")
		if _, err := os.Stat(filepath.Join(c.rootfs, "etc")); !os.IsNotExist(err) {
			t.Errorf("something was made in the rootfs: %v", err)
		}
	})
}
