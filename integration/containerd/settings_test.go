package containerd

import (
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// TestDNS shows where resolv.conf comes from: the pod's DNS settings, then the conflist's, then the host's. CRI's own
// resolv.conf, which the store's covers, knows nothing of the conflist's.
func TestDNS(t *testing.T) {
	onEach(t, configured("dns", map[string]any{"nameservers": []string{"192.0.2.99"}}), func(t *testing.T, n *node) {
		own := n.pod("own", func(c *cri.PodSandboxConfig) {
			c.DnsConfig = &cri.DNSConfig{
				Servers: []string{"192.0.2.9", "192.0.2.10"}, Searches: []string{"shop.svc.example", "svc.example"}, Options: []string{"ndots:5"},
			}
		})
		none := n.pod("none")
		want := "search shop.svc.example svc.example\nnameserver 192.0.2.9\nnameserver 192.0.2.10\noptions ndots:5\n"
		if got := own.resolvConf(); got != want {
			t.Errorf("resolv.conf of a pod with DNS settings:\n%s\nwant\n%s", got, want)
		}
		if got, want := none.resolvConf(), "nameserver 192.0.2.99\n"; got != want {
			t.Errorf("resolv.conf of a pod without DNS settings:\n%s\nwant\n%s", got, want)
		}
		if got, _ := n.exec(none.container("main"), "/bin/cat", "/etc/resolv.conf"); got != none.resolvConf() {
			t.Errorf("/etc/resolv.conf in the container:\n%s", got)
		}
		if got := n.read(sandboxDir + none.id + "/resolv.conf"); !strings.Contains(got, nameserver) {
			t.Errorf("CRI's own resolv.conf is not the host's:\n%s", got)
		}
	})
	t.Run("host", func(t *testing.T) {
		onEach(t, ship(shipped), func(t *testing.T, n *node) {
			if got, want := n.pod("web").resolvConf(), "nameserver "+nameserver+"\n"; got != want {
				t.Errorf("resolv.conf:\n%s\nwant\n%s", got, want)
			}
		})
	})
}

// TestAnnotations gives a pod names and extra hosts by annotations.
func TestAnnotations(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		web := n.pod("web", func(c *cri.PodSandboxConfig) {
			c.Annotations = map[string]string{"etcfiles/aliases": "www, shop-front", "etcfiles/extra-hosts": "registry:192.0.2.10"}
		})
		db := n.pod("db")
		for _, p := range []*pod{web, db} {
			for _, name := range []string{"web", "www", "shop-front"} {
				p.expectName(name, web.address())
			}
		}
		web.expectName("registry", "192.0.2.10")
		db.expectName("registry")
		if got, _ := n.exec(db.container("main"), "/bin/ping", "-c", "1", "shop-front"); !strings.Contains(got, web.address()) {
			t.Errorf("ping of an alias: %s", got)
		}
		for _, p := range []*pod{web, db} {
			p.stop()
			p.remove()
		}
		n.expectNothingLeft()
	})
}

// TestHostname gives a pod a host name that is not the pod's name. CRI does not pass it to CNI, so an annotation says it.
func TestHostname(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		web := n.pod("web-0", func(c *cri.PodSandboxConfig) {
			c.Hostname = "front"
			c.Annotations = map[string]string{"etcfiles/hostname": "front", "etcfiles/domainname": "shop"}
		})
		id := web.container("main")
		for command, want := range map[string]string{
			"hostname": "front\n", "cat /etc/hostname": "front\n", "hostname -f": "front.shop\n", "hostname -i": web.address() + "\n",
		} {
			if got, _ := n.exec(id, "/bin/sh", "-c", command); got != want {
				t.Errorf("%s: %q, want %q", command, got, want)
			}
		}
		db := n.pod("db")
		db.expectName("front", web.address())
		db.expectName("web-0", web.address())
	})
}

// TestOwnHostname gives a pod a host name that is not the pod's name and that no annotation says. The store knows the pod by its name
// then; hostname and /etc/hostname in its containers are the pod's own all the same.
func TestOwnHostname(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		for _, handler := range []string{"runc", "crun"} {
			config := n.podConfig("web-" + handler)
			config.Hostname = "custom"
			p, err := n.tryPod(config, handler)
			if err != nil {
				t.Fatal(err)
			}
			id := p.container("main")
			for _, command := range []string{"hostname", "cat /etc/hostname"} {
				if got, _ := n.exec(id, "/bin/sh", "-c", command); got != "custom\n" {
					t.Errorf("%s: %s: %q", handler, command, got)
				}
			}
			if got := p.hostname(); got != "web-"+handler+"\n" {
				t.Errorf("%s: the store's hostname file: %q", handler, got)
			}
			if got, _ := n.exec(id, "/bin/cat", "/etc/hosts"); got != p.hosts() {
				t.Errorf("%s: /etc/hosts is\n%s", handler, got)
			}
			p.expectName("web-"+handler, p.address())
			p.expectName("custom")
		}
	})
}

// TestPorts publishes a port of a pod on the host; the rules for it go with the pod.
func TestPorts(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		web := n.pod("web", func(c *cri.PodSandboxConfig) {
			c.PortMappings = []*cri.PortMapping{{ContainerPort: 80, HostPort: 8080}}
		})
		web.container("server", "/bin/sh", "-c", "echo hello >/index.html; exec /bin/busybox httpd -f -p 80")
		const url = "http://10.231.10.1:8080/" // the bridge's address
		n.until("the published port answers", func() bool {
			out, err := n.command("wget", "-q", "-T", "5", "-t", "1", "-O", "-", url).Output()
			return err == nil && string(out) == "hello\n"
		})
		web.stop()
		if err := n.command("wget", "-q", "-T", "2", "-t", "1", "-O", "-", url).Run(); err == nil {
			t.Error("the port of a stopped pod answers")
		}
		web.remove()
		n.expectNothingLeft()
	})
}
