package ocimount

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
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

// The same where the rootfs is a mount, as those of engines are.
func TestReadonlyMountedRootfs(t *testing.T) {
	onEach(t, func(t *testing.T, c *container) {
		c.store("default", c.id)
		if err := unix.Mount(c.rootfs, c.rootfs, "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(c.rootfs, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
		c.spec.Root.Readonly = true
		c.want(catAll+"; "+tryWrite("/etc/hosts"), allStore+"read-only\n")
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

// What the engine itself mounts is covered with --override, and what the user has asked for never.
func TestBundleMount(t *testing.T) {
	const rest = "store resolv.conf\nstore hostname\n"
	at := func(c *container, destination, source string, options ...string) {
		c.write(source, "theirs\n")
		c.spec.Mounts = append(c.spec.Mounts, specs.Mount{
			Destination: destination, Type: "bind", Source: source, Options: append([]string{"bind", "rprivate"}, options...),
		})
	}
	podmans := func(c *container) string { return c.dir + "/overlay-containers/c0ffee/userdata/hosts" }
	for _, tc := range []struct {
		name     string
		make     func(c *container)
		override bool
		script   string
		want     string
	}{
		{
			"left alone", func(c *container) { at(c, "/etc/hosts", podmans(c)) }, false,
			catAll, "theirs\n" + rest,
		},
		{
			"override", func(c *container) { at(c, "/etc/hosts", podmans(c)) }, true,
			catAll + ";" + tryWrite("/etc/hosts"), "store hosts\n" + rest + "writable\n",
		},
		{
			"override of a read-only one", func(c *container) { at(c, "/etc/hosts", podmans(c), "ro") }, true,
			catAll + ";" + tryWrite("/etc/hosts") + ";" + tryWrite("/etc/hostname"), "store hosts\n" + rest + "read-only\nwritable\n",
		},
		{
			"override of the kubelet's", func(c *container) { at(c, "/etc/hosts", c.dir+"/pods/uid/etc-hosts") }, true,
			catAll, allStore,
		},
		{
			"override of CRI's", func(c *container) {
				c.spec.Annotations["io.kubernetes.cri.sandbox-id"] = "pod1"
				c.store("k8s.io", "pod1")
				c.record("k8s.io", "pod1", hostNetns)
				at(c, "/etc/hosts", c.dir+"/io.containerd.grpc.v1.cri/sandboxes/pod1/hosts")
			}, true,
			catAll, allStore,
		},
		{
			"override of CRI-O's", func(c *container) {
				c.spec.Annotations["io.kubernetes.cri-o.SandboxID"] = "pod1"
				c.store("k8s.io", "pod1")
				c.record("k8s.io", "pod1", hostNetns)
				at(c, "/etc/resolv.conf", c.dir+"/overlay-containers/pod1/userdata/resolv.conf")
				at(c, "/etc/hosts", c.dir+"/pods/uid/etc-hosts")
			}, true,
			catAll, allStore,
		},
		{
			"no override of CRI-O's where nothing was given to etcfiles", func(c *container) {
				c.spec.Annotations["io.kubernetes.cri-o.SandboxID"] = "pod1"
				c.store("k8s.io", "pod1")
				c.record("k8s.io", "pod1", hostNetns)
				c.write(filepath.Dir(c.hostsFile("k8s.io", "pod1"))+"/inherited", "")
				at(c, "/etc/resolv.conf", c.dir+"/overlay-containers/pod1/userdata/resolv.conf")
				at(c, "/etc/hosts", c.dir+"/pods/uid/etc-hosts")
			}, true,
			catAll, "store hosts\ntheirs\nstore hostname\n",
		},
		{
			"nothing was given to etcfiles, and the runtime makes none", func(c *container) {
				c.write(filepath.Dir(c.hostsFile("default", c.id))+"/inherited", "")
			}, true,
			catAll, allStore,
		},
		{
			"the user's", func(c *container) { at(c, "/etc/hosts", c.dir+"/mine") }, true,
			catAll, "theirs\n" + rest,
		},
		{
			"the user's where the image's link leads", func(c *container) {
				if err := os.Remove(c.rootfs + "/etc/hosts"); err != nil {
					c.t.Fatal(err)
				}
				c.write(c.rootfs+"/data/hosts", "")
				c.symlink("/data/hosts", c.rootfs+"/etc/hosts")
				at(c, "/data/hosts", c.dir+"/mine")
			}, true,
			catAll, "theirs\n" + rest,
		},
		{
			"the user's by a link of the image's, without --override", func(c *container) {
				c.symlink("etc", c.rootfs+"/conf")
				at(c, "/conf/hosts", c.dir+"/mine")
			}, false,
			catAll, "theirs\n" + rest,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEach(t, func(_ *testing.T, c *container) {
				c.etc()
				c.store("default", c.id)
				tc.make(c)
				if tc.override {
					c.args = []string{"--override"}
				}
				c.want(tc.script, tc.want)
			})
		})
	}
}

// In a user namespace the hook may not read the record, and knows all the same that the runtime's resolv.conf is to stay.
func TestRuntimesDNSInAUserNamespace(t *testing.T) {
	onEach(t, func(_ *testing.T, c *container) {
		c.etc()
		c.spec.Annotations["io.kubernetes.cri.sandbox-id"] = "pod1"
		netns := c.netns("pod")
		c.joins(netns)
		c.store("k8s.io", "pod1")
		c.record("k8s.io", "pod1", netns)
		c.write(filepath.Dir(c.hostsFile("k8s.io", "pod1"))+"/inherited", "")
		source := c.dir + "/io.containerd.grpc.v1.cri/sandboxes/pod1/resolv.conf"
		c.write(source, "theirs\n")
		c.spec.Mounts = append(c.spec.Mounts, specs.Mount{Destination: "/etc/resolv.conf", Type: "bind", Source: source, Options: []string{"bind", "rprivate"}})
		c.userns()
		c.args = []string{"--override"}
		c.want(catAll, "store hosts\ntheirs\nstore hostname\n")
	})
}

// With a propagation that the bundle asks for, what is mounted in a volume reaches the host, and stays there.
func TestSharedVolume(t *testing.T) {
	for _, propagation := range []string{"shared", "rshared", "private"} {
		t.Run(propagation, func(t *testing.T) {
			onEach(t, func(t *testing.T, c *container) {
				c.etc()
				c.store("default", c.id)
				volume := c.dir + "/volume"
				c.mkdir(volume)
				if err := unix.Mount("tmpfs", volume, "tmpfs", 0, ""); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					for unix.Unmount(volume+"/hosts", 0) == nil { // of a hook that has mounted it
						t.Error("there was a mount on the host's file")
					}
					if err := unix.Unmount(volume, unix.MNT_DETACH); err != nil {
						t.Error(err)
					}
				})
				if err := unix.Mount("", volume, "", unix.MS_SHARED, ""); err != nil {
					t.Fatal(err)
				}
				c.write(volume+"/hosts", "volume\n")
				c.symlink("../conf/hosts", c.rootfs+"/etc/hosts.new")
				if err := os.Rename(c.rootfs+"/etc/hosts.new", c.rootfs+"/etc/hosts"); err != nil {
					t.Fatal(err)
				}
				c.spec.Linux.RootfsPropagation = propagation
				c.spec.Mounts = append(c.spec.Mounts, specs.Mount{Destination: "/conf", Type: "bind", Source: volume, Options: []string{"bind"}})
				c.want(catAll, "volume\nstore resolv.conf\nstore hostname\n",
					"/etc/hosts: not mounted, "+c.rootfs+"/conf is a shared mount: the file would be mounted outside of the container too, and stay there")
				if data, err := os.ReadFile(volume + "/hosts"); err != nil || string(data) != "volume\n" {
					t.Errorf("the host's file reads %q, %v", data, err)
				}
			})
		})
	}
}

// A rootfs that was mounted read-only before the runtime came stays as it is: over itself, and at another place. Where the bundle does not
// declare it read-only crun makes it writable itself.
func TestReadonlyImage(t *testing.T) {
	for name, place := range map[string]string{"over itself": "", "elsewhere": "/image"} {
		for _, declared := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, declared %v", name, declared), func(t *testing.T) {
				onEach(t, func(t *testing.T, c *container) {
					if !declared && c.command[0] != "runc" {
						return
					}
					c.store("default", c.id)
					c.mkdir(c.rootfs + "/etc")
					root := c.rootfs
					if place != "" {
						root = c.dir + place
						c.mkdir(root)
					}
					if err := unix.Mount(c.rootfs, root, "", unix.MS_BIND, ""); err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() {
						if err := unix.Unmount(root, unix.MNT_DETACH); err != nil {
							t.Error(err)
						}
					})
					if err := unix.Mount("", root, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
						t.Fatal(err)
					}
					c.spec.Root = &specs.Root{Path: root, Readonly: declared}
					var said []string
					for _, path := range []string{"/etc/hosts", "/etc/resolv.conf", "/etc/hostname"} {
						said = append(said, path+": not mounted, it is missing from the rootfs: "+path+" cannot be created: read-only file system")
					}
					c.want("ls /etc", "", said...)
					wantEmpty(t, c.rootfs+"/etc")
				})
			})
		}
	}
}

// /etc/hostname is what the hostname is: that of the namespace that a container shares or joins, and that of its bundle.
func TestHostname(t *testing.T) {
	for name, uts := range map[string]string{"shared": "", "joined": "path", "own": "new"} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, c *container) {
				c.etc()
				c.store("default", c.id)
				c.spec.Hostname = ""
				namespaces := c.spec.Linux.Namespaces
				i := slices.IndexFunc(namespaces, func(n specs.LinuxNamespace) bool { return n.Type == specs.UTSNamespace })
				want := "image hostname\n"
				switch uts {
				case "":
					c.spec.Linux.Namespaces = slices.Delete(namespaces, i, i+1)
					name, err := os.Hostname()
					if err != nil {
						t.Fatal(err)
					}
					want = name + "\n"
				case "path":
					path := c.dir + "/uts"
					c.write(path, "")
					if out, err := exec.Command("unshare", "--uts="+path, "sh", "-c", "printf 'store hostname' >/proc/sys/kernel/hostname").CombinedOutput(); err != nil {
						t.Fatalf("unshare: %v: %s", err, out)
					}
					t.Cleanup(func() {
						if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
							t.Error(err)
						}
					})
					namespaces[i].Path, want = path, "store hostname\n"
				case "new":
					c.spec.Hostname = "mine"
				}
				c.want(catAll, "store hosts\nstore resolv.conf\n"+want)
			})
		})
	}
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
