package ocimount

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sandboxID = "io.kubernetes.cri.sandbox-id"

// notTheirs is what the hook says of an annotation that names a container with another network namespace.
func notTheirs(key, id string) string {
	return "the annotation " + key + " names " + id + ", which is not known to have this container's network namespace: its files are not mounted"
}

// An annotation may be the word of an image: Podman 4.3 copies those of its manifest, CRI-O those of a pod. Only who has the
// network namespace of a container gets its files.
func TestWhoHasTheNetns(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(c *container)
		want string
		said []string
	}{
		{"a container of the pod", func(c *container) {
			c.spec.Annotations[sandboxID] = "pod1"
			path := c.netns("pod")
			c.store("k8s.io", "pod1")
			c.record("k8s.io", "pod1", path)
			c.joins(path)
		}, allStore, nil},
		{"an image that names a pod", func(c *container) {
			c.spec.Annotations[sandboxID] = "pod1"
			c.store("k8s.io", "pod1")
			c.record("k8s.io", "pod1", c.netns("pod"))
			c.joins("")
		}, allImage, []string{notTheirs(sandboxID, "k8s.io/pod1")}},
		{"one with the network of the host", func(c *container) {
			c.spec.Annotations["io.kubernetes.cri-o.SandboxID"] = "pod1"
			c.store("k8s.io", "pod1")
			c.record("k8s.io", "pod1", c.netns("pod"))
		}, allImage, []string{notTheirs("io.kubernetes.cri-o.SandboxID", "k8s.io/pod1")}},
		{"one that has files of its own", func(c *container) {
			c.spec.Annotations[sandboxID] = "pod1"
			c.write(c.hostsFile("k8s.io", "pod1"), "not this one\n")
			c.record("k8s.io", "pod1", c.netns("pod"))
			path := c.netns("own")
			c.store("default", "default-"+c.id)
			c.record("default", "default-"+c.id, path)
			c.joins(path)
		}, allStore, []string{notTheirs(sandboxID, "k8s.io/pod1")}},
		{"an annotation of CRI beside that of CRI-O", func(c *container) {
			c.spec.Annotations[sandboxID] = "victim"
			c.spec.Annotations["io.kubernetes.cri-o.SandboxID"] = "pod1"
			c.write(c.hostsFile("k8s.io", "victim"), "not this one\n")
			c.record("k8s.io", "victim", c.netns("victim"))
			path := c.netns("pod")
			c.store("k8s.io", "pod1")
			c.record("k8s.io", "pod1", path)
			c.joins(path)
		}, allStore, []string{notTheirs(sandboxID, "k8s.io/victim")}},
		{"an annotation that names files without a record", func(c *container) {
			c.spec.Annotations[sandboxID] = "pod1"
			c.store("k8s.io", "pod1")
			c.joins("")
		}, allImage, []string{notTheirs(sandboxID, "k8s.io/pod1")}},
		{"the own ID and files without a record", func(c *container) {
			c.store("default", c.id)
			c.joins("")
		}, allStore, nil},
		{"a record of an earlier version", func(c *container) {
			c.spec.Annotations[sandboxID] = "pod1"
			path := c.netns("pod")
			c.store("k8s.io", "pod1")
			c.record("k8s.io", "pod1", path)
			if err := os.Remove(filepath.Dir(c.hostsFile("k8s.io", "pod1")) + "/netns"); err != nil {
				c.t.Fatal(err)
			}
			c.joins(path)
		}, allStore, nil},
		{"the ID of one container is what CNI calls another", func(c *container) {
			c.store("default", c.id) // of a container whose ID lacks a "default-"
			c.record("default", c.id, c.netns("other"))
			c.joins("")
		}, allImage, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, c *container) {
				c.etc()
				tc.make(c)
				c.want(catAll, tc.want, tc.said...)
			})
		})
	}
}

// Root of a user namespace walks through the directories of the store, which it cannot open, and cannot read the record.
func TestWhoHasTheNetnsInAUserNamespace(t *testing.T) {
	for name, joins := range map[string]bool{"its own": true, "another": false} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, c *container) {
				c.etc()
				c.userns()
				c.spec.Annotations[sandboxID] = "pod1"
				path := c.netns("pod")
				c.store("k8s.io", "pod1")
				c.record("k8s.io", "pod1", path)
				if joins {
					c.joins(path)
					c.want(catAll, allStore)
					return
				}
				c.joins("")
				c.want(catAll, allImage, notTheirs(sandboxID, "k8s.io/pod1"))
			})
		})
	}
}

// Who joins the network namespace of a container has the files of that one, except a hostname that is not its own.
func TestJoinedNetns(t *testing.T) {
	web := func(c *container, namespace string) string {
		path := c.netns("web-" + namespace)
		c.store(namespace, namespace+"-web")
		c.record(namespace, namespace+"-web", path)
		return path
	}
	for _, tc := range []struct {
		name string
		make func(c *container)
		want string
	}{
		{"a container's", func(c *container) { c.joins(web(c, "default")) }, allStore},
		{"one of another namespace of the store", func(c *container) { c.joins(web(c, "shop")) }, allStore},
		{"one of another namespace than the hook's", func(c *container) {
			c.joins(web(c, "shop"))
			c.args = []string{"--namespace=lab"}
		}, allImage},
		{"with a hostname of its own", func(c *container) {
			c.joins(web(c, "default"))
			c.spec.Hostname = "side"
		}, "store hosts\nstore resolv.conf\nimage hostname\n"},
		{"nobody's", func(c *container) {
			web(c, "default")
			c.joins(c.netns("none"))
		}, allImage},
		{"a new one", func(c *container) {
			web(c, "default")
			c.joins("")
		}, allImage},
		{"one whose number a container had that has ended", func(c *container) {
			path := c.netns("again")
			c.store("default", "default-web")
			c.record("default", "default-web", path)
			meta := filepath.Dir(c.hostsFile("default", "default-web")) + "/meta.json"
			text, err := os.ReadFile(meta)
			if err != nil {
				c.t.Fatal(err)
			}
			c.write(meta, strings.Replace(string(text), path, c.dir+"/ended", 1))
			c.joins(path)
		}, allImage},
		{"the first of two that have it", func(c *container) {
			path := web(c, "default")
			c.write(c.hostsFile("default", "another"), "not this one\n")
			c.record("default", "another", path)
			c.joins(path)
		}, allStore},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onEach(t, func(_ *testing.T, c *container) {
				c.etc()
				tc.make(c)
				c.want(catAll, tc.want)
			})
		})
	}
}

// Root of a user namespace can read no list of the store: it has no files then, and says so.
func TestJoinedNetnsInAUserNamespace(t *testing.T) {
	onEach(t, func(_ *testing.T, c *container) {
		c.etc()
		c.userns()
		path := c.netns("web")
		c.store("default", "default-web")
		c.record("default", "default-web", path)
		c.joins(path)
		c.want(catAll, allImage, "whose network namespace container "+c.id+" joins cannot be looked up in its user namespace: no files are mounted")
	})
}

// A record whose directory is for the root of the host alone is of no use to the root of a user namespace: the container starts without.
func TestUnreadableInAUserNamespace(t *testing.T) {
	onEach(t, func(t *testing.T, c *container) {
		c.etc()
		c.userns()
		path := c.netns("web")
		c.store("default", c.id)
		c.record("default", c.id, path)
		for _, kind := range []string{"etchosts", "containers"} {
			if err := os.Chmod(filepath.Join(c.dir, "data", kind, "default", c.id), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		c.joins(path)
		c.want(catAll, allImage, "the files of container "+c.id+" may not be read in its user namespace: none are mounted: "+
			"/etc/hosts: open "+c.dir+"/data/etchosts/default/"+c.id+"/hosts: permission denied")
	})
}
