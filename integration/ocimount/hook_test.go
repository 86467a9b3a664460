package ocimount

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// What is written in place into the store is seen by the running container.
func TestRunningContainerSeesAppends(t *testing.T) {
	onEach(t, func(t *testing.T, c *container) {
		c.etc()
		c.store("default", "default-"+c.id)
		stdout, wait := c.start("cat /etc/hosts; echo ready; until grep -q late /etc/hosts; do sleep 0.01; done; cat /etc/hosts")
		lines := bufio.NewReader(stdout)
		for _, want := range []string{"store hosts\n", "ready\n"} {
			if line, err := lines.ReadString('\n'); err != nil || line != want {
				t.Fatalf("the container printed %q, %v, want %q", line, err, want)
			}
		}
		f, err := os.OpenFile(c.hostsFile("default", "default-"+c.id), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString("late\n"); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(lines)
		if err != nil || string(rest) != "store hosts\nlate\n" {
			t.Errorf("after the append %q, %v", rest, err)
		}
		if stderr, err := wait(); err != nil {
			t.Errorf("%v: %s", err, stderr)
		}
	})
}

// hostNetns is the network namespace of a container that has none of its own.
const hostNetns = "/proc/self/ns/net"

func TestWhereTheStoreIsSearched(t *testing.T) {
	annotated := func(key string) func(c *container) {
		return func(c *container) {
			c.spec.Annotations[key] = "pod1"
			c.store("k8s.io", "pod1")
			c.record("k8s.io", "pod1", hostNetns)
			c.write(c.hostsFile("default", c.id), "not this one\n")
		}
	}
	for _, tc := range []struct {
		name string
		make func(c *container)
		want string
	}{
		{"namespace and ID", func(c *container) { c.store("default", "default-"+c.id) }, allStore},
		{"ID", func(c *container) { c.store("default", c.id) }, allStore},
		{"--namespace", func(c *container) {
			c.store("lab", "lab-"+c.id)
			c.args = []string{"--namespace=lab", "createContainer"}
		}, allStore},
		{"CRI pod", annotated("io.kubernetes.cri.sandbox-id"), allStore},
		{"CRI-O pod", annotated("io.kubernetes.cri-o.SandboxID"), allStore},
		{"nothing for it", func(c *container) { c.store("default", "other") }, allImage},
		{"no store", func(*container) {}, allImage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, c *container) {
				c.etc()
				tc.make(c)
				c.want(catAll, tc.want)
			})
		})
	}
}

// The namespace is in the path of containerd's bundles.
func TestContainerdBundle(t *testing.T) {
	onEach(t, func(t *testing.T, c *container) {
		c.etc()
		c.store("shop", "shop-"+c.id)
		bundle := filepath.Join(c.dir, "io.containerd.runtime.v2.task", "shop", c.id)
		c.mkdir(filepath.Dir(bundle))
		if err := os.Rename(c.bundle, bundle); err != nil {
			t.Fatal(err)
		}
		c.bundle, c.rootfs = bundle, bundle+"/rootfs"
		c.want(catAll, allStore)
	})
}

func TestUserNamespace(t *testing.T) {
	t.Run("missing targets are created", func(t *testing.T) {
		onEach(t, func(t *testing.T, c *container) {
			c.store("default", c.id)
			c.userns()
			c.want(catAll+"; stat -c %u:%a /etc; "+tryWrite("/etc/hosts"), allStore+"0:755\nread-only\n")
		})
	})
	t.Run("missing targets in a rootfs of another owner are left out", func(t *testing.T) {
		onEach(t, func(t *testing.T, c *container) {
			c.store("default", c.id)
			c.write(c.rootfs+"/etc/hosts", "")
			c.userns()
			if err := os.Chown(c.rootfs+"/etc", 0, 0); err != nil {
				t.Fatal(err)
			}
			c.want("cat /etc/hosts; ls /etc", "store hosts\nhosts\n",
				"/etc/resolv.conf: not mounted, it is missing from the rootfs: /etc/resolv.conf cannot be created: permission denied",
				"/etc/hostname: not mounted, it is missing from the rootfs: /etc/hostname cannot be created: permission denied")
		})
	})
}

func TestReadonlyRootfs(t *testing.T) {
	onEach(t, func(t *testing.T, c *container) {
		c.store("default", c.id)
		c.write(c.rootfs+"/etc/hosts", "")
		c.symlink("../run/resolv.conf", c.rootfs+"/etc/resolv.conf")
		c.spec.Root.Readonly = true
		c.spec.Mounts = append(c.spec.Mounts, specs.Mount{Destination: "/run", Type: "tmpfs", Source: "tmpfs"})
		c.want("cat /etc/hosts /etc/resolv.conf; ls /etc; "+tryWrite("/etc/hosts")+"; "+tryWrite("/run/x"),
			"store hosts\nstore resolv.conf\nhostname\nhosts\nresolv.conf\nread-only\nwritable\n")
	})
}

func TestWritableRootfs(t *testing.T) {
	onEach(t, func(t *testing.T, c *container) {
		c.store("default", c.id)
		c.args = []string{"--verbose"}
		c.want(tryWrite("/etc/hosts"), "writable\n",
			"/etc/hosts: mounted read-write from "+c.hostsFile("default", c.id),
			"/etc/resolv.conf: mounted read-write from "+c.dir+"/data/containers/default/"+c.id+"/resolv.conf",
			"/etc/hostname: mounted read-write from "+c.dir+"/data/containers/default/"+c.id+"/hostname")
	})
}

// Whatever the umask, what is created can be read by every user of the container.
func TestMissingTargets(t *testing.T) {
	onEach(t, func(t *testing.T, c *container) {
		c.store("default", c.id)
		c.symlink("../run/systemd/resolve/stub-resolv.conf", c.rootfs+"/etc/resolv.conf")
		c.command = append([]string{"sh", "-c", `umask 077; exec "$@"`, "sh"}, c.command...)
		c.want(catAll, allStore)
		for path, mode := range map[string]os.FileMode{
			"/etc/hosts": 0o644, "/run/systemd/resolve": 0o755 | os.ModeDir, "/run/systemd/resolve/stub-resolv.conf": 0o644,
		} {
			info, err := os.Lstat(c.rootfs + path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != mode {
				t.Errorf("%s is %v, want %v", path, info.Mode(), mode)
			}
		}
	})
}

// A link of the image leads to a place in the image, even if the host has one of the same path.
func TestHostileLinks(t *testing.T) {
	t.Run("etc", func(t *testing.T) {
		onEach(t, func(t *testing.T, c *container) {
			c.store("default", c.id)
			victim := c.dir + "/victim"
			c.mkdir(victim)
			c.symlink(victim, c.rootfs+"/etc")
			c.want(catAll, allStore)
			wantEmpty(t, victim)
		})
	})
	t.Run("hosts", func(t *testing.T) {
		onEach(t, func(t *testing.T, c *container) {
			c.store("default", c.id)
			victim := c.dir + "/victim"
			c.mkdir(victim)
			c.symlink("../../../../../.."+victim+"/shadow", c.rootfs+"/etc/hosts")
			c.symlink("../../etc/shadow", c.rootfs+"/etc/hostname")
			c.want(catAll, allStore)
			wantEmpty(t, victim)
			if info, err := os.Lstat(c.rootfs + "/etc/shadow"); err != nil || info.Size() != 0 {
				t.Errorf("the target inside of the rootfs: %v, %v", info, err)
			}
		})
	})
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("outside of the rootfs %v were made, %v", entries, err)
	}
}

func TestBundleMount(t *testing.T) {
	theirs := func(c *container, options ...string) {
		c.etc()
		c.store("default", c.id)
		c.write(c.dir+"/theirs", "theirs\n")
		c.spec.Mounts = append(c.spec.Mounts, specs.Mount{
			Destination: "/etc/hosts", Type: "bind", Source: c.dir + "/theirs", Options: append([]string{"bind"}, options...),
		})
	}
	const rest = "store resolv.conf\nstore hostname\n"
	t.Run("left alone", func(t *testing.T) {
		onEach(t, func(_ *testing.T, c *container) {
			theirs(c)
			c.want(catAll, "theirs\n"+rest)
		})
	})
	t.Run("override", func(t *testing.T) {
		onEach(t, func(_ *testing.T, c *container) {
			theirs(c)
			c.args = []string{"--override"}
			c.want(catAll+";"+tryWrite("/etc/hosts"), "store hosts\n"+rest+"writable\n")
		})
	})
	t.Run("override of a read-only one", func(t *testing.T) {
		onEach(t, func(_ *testing.T, c *container) {
			theirs(c, "ro")
			c.args = []string{"--override"}
			c.want(catAll+";"+tryWrite("/etc/hosts")+";"+tryWrite("/etc/hostname"), "store hosts\n"+rest+"read-only\nwritable\n")
		})
	})
}

// After a failure the container does not start, and the hook has said why in one line.
func TestFailure(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(c *container)
		want string
	}{
		{"directory", func(c *container) { c.mkdir(c.rootfs + "/etc/hosts") }, "/etc/hosts: the target in the rootfs is a directory"},
		{
			"procfs",
			func(c *container) { c.symlink("/proc/self/attr/exec", c.rootfs+"/etc/hostname") },
			"/etc/hostname: the target in the rootfs is in a file system of the kernel",
		},
		{
			"sandbox ID climbs",
			func(c *container) { c.spec.Annotations["io.kubernetes.cri.sandbox-id"] = "../.." },
			`annotation io.kubernetes.cri.sandbox-id "../.." is not a single path element`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, c *container) {
				c.store("default", c.id)
				tc.make(c)
				stdout, _, err := c.run("echo started")
				if err == nil || stdout != "" {
					t.Errorf("the container started: %q %v", stdout, err)
				}
				c.wantSaid(tc.want)
			})
		})
	}
}
