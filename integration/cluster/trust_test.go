package cluster

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestStolenKey: whoever has the key of one host can say nothing in the name of another, and nothing about addresses that are not this host's. etcd is that of a
// page by the book: TLS, client certificates, and the rights that etcfiles-etcd grant prints.
func TestStolenKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 3, withTLS("h1", "h2", "h3"))
	grant := func(h *host, args ...string) {
		t.Helper()
		h.configure()
		script := h.ns.run(h.admin(append([]string{"grant", "--host", h.name}, args...)...)...)
		w.members[0].ns.run("sh", "-ec", "etcdctl() { command "+strings.Join(w.ctl(), " ")+` "$@"; }`+"\n"+script)
	}
	for i, h := range w.hosts {
		grant(h, "--network", "lab", "--range", fmt.Sprintf("10.231.%d.128/25", i+1))
	}
	for _, args := range [][]string{{"user", "add", "root", "--no-password"}, {"role", "add", "root"}, {"user", "grant-role", "root", "root"}, {"auth", "enable"}} {
		w.etcdctl(args...)
	}
	h1, h2, h3 := w.hosts[0], w.hosts[1], w.hosts[2]
	h1.add("web", 2)
	h2.add("db", 2)
	h3.add("api", 2)
	for _, h := range w.hosts {
		h.serve()
	}
	h1.says("refused (outside, 1): host h2: it has 10.231.2.2, which is not in its ranges")
	h1.says("refused (ungranted, 1): host h1: not all of the addresses 10.231.1.0/24 of this host are granted to it")
	for i, h := range w.hosts { // the same again is no error, another range counts at once, and one more network adds to the rights
		grant(h, "--network", "lab", "--range", fmt.Sprintf("10.231.%d.0/24", i+1))
		grant(h, "--network", "more,lab")
	}
	h1.sees("web", "api db web")
	h2.sees("db", "api db web")
	for _, h := range w.hosts {
		h.well()
	}
	h3.ns.run(h3.admin("ls")...)

	// The thief is on h3, with its certificate.
	h3.service.kill()
	thief := func(args ...string) (string, error) {
		out, err := h3.ns.command(append([]string{
			"etcdctl", "--endpoints", w.members[0].client(), "--cacert", w.tls.file("ca.crt"), "--cert", w.tls.file("h3.crt"), "--key", w.tls.file("h3.key"),
		}, args...)...).CombinedOutput()
		return string(out), err
	}
	const of = "/etcfiles/1/default/"
	for _, args := range [][]string{
		{"put", of + "lab/h1/evil/eth0", "{}"},
		{"del", of + "lab/h1/web/eth0"},
		{"put", of + "lab/h33/host", "{}"},
		{"put", of + "lab/.ranges/h3", `["0.0.0.0/0"]`},
		{"get", "--prefix", of + "other/"},
		{"put", "/skydns/x", ""},
		{"get", "--prefix", "/"},
		{"auth", "disable"},
	} {
		if out, err := thief(args...); err == nil || !strings.Contains(out, "permission denied") {
			t.Errorf("%q: %v: %s", args, err, out)
		}
	}
	for _, args := range [][]string{
		{"put", of + "lab/h3/host", `{"machine":"m","ranges":["10.231.0.0/16"]}`},
		{"put", of + "lab/h3/evil/eth0", `{"addresses":["10.231.1.2","10.231.2.9","192.0.2.1"],"names":["web","db"]}`},
		{"put", of + "lab/h3/api2/eth0", `{"addresses":["10.231.3.9"],"names":["api2"]}`},
	} {
		if out, err := thief(args...); err != nil {
			t.Fatalf("%q: %v: %s", args, err, out)
		}
	}
	h1.says("host h3: it has 10.231.2.9, which is not in its ranges")
	h1.says("host h3: it has 10.231.1.2, which is the address of a container here")
	w.eventually("what h3 may say is believed", func() bool { return entries(h2.hosts("db"))["api2"] != nil })
	for path, want := range map[string]string{h1.hosts("web"): "[10.231.1.2] [10.231.2.2]", h2.hosts("db"): "[10.231.1.2] [10.231.2.2]"} {
		if e := entries(path); fmt.Sprint(e["web"], e["db"]) != want {
			t.Errorf("%s: web and db are %v %v", path, e["web"], e["db"])
		}
	}

	// Without the right to publish it is said what to do.
	w.etcdctl("role", "revoke-permission", "etcfiles-h2", "--prefix", of+"lab/h2/")
	h2.add("db2", 3)
	h2.says("etcd refuses this host's user: run what etcfiles-etcd grant prints")
	h2.sees("db", "api2 db db2 web")
}

// TestCertificateRenewed: a certificate that expires is one that is read again.
func TestCertificateRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2, withTLS("h1", "h2"))
	h1, h2 := w.hosts[0], w.hosts[1]
	w.tls.make("h2", &x509.Certificate{}, 5*time.Second)
	good := time.Now().Add(5 * time.Second)
	h1.add("web", 2)
	h2.add("db", 2)
	h1.serve()
	h2.serve()
	h2.sees("db", "db web")
	time.Sleep(time.Until(good.Add(time.Second)))
	w.members[0].kill() // the connection of before outlives the certificate
	w.members[0].start()
	h2.says("fault: ")
	h2.sees("db", "db web")
	w.tls.make("h2", &x509.Certificate{}, time.Hour)
	h1.add("api", 3)
	h2.sees("db", "api db web")
	h2.well()
}

// TestAuthorityRenewed: an authority that is replaced is one that is read again, without a new start of the service.
func TestAuthorityRenewed(t *testing.T) {
	t.Parallel()
	w, h1, h2 := pair(t, 1, withTLS("h1", "h2"))
	w.tls.renew("etcd", "root", "h1", "h2")
	w.members[0].kill()
	w.members[0].start()
	h1.add("api", 3)
	h2.sees("db", "api db web")
	h1.well()
	h2.well()
}

// TestHandshake: where TLS fails it is said why, and not only that nobody answers.
func TestHandshake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 1, withTLS("h1"))
	h := w.hosts[0]
	w.tls.make("old", &x509.Certificate{}, -time.Second)
	h.configure()
	for _, c := range []struct {
		name   string
		change object
		want   string
	}{
		{"an expired certificate", object{"cert": w.tls.file("old.crt"), "key": w.tls.file("old.key")}, "tls: "},
		{"no certificate", object{"cert": nil, "key": nil, "insecure": true}, "tls: certificate required"},
		{"no authority", object{"ca": nil}, "certificate signed by unknown authority"},
		{"no TLS there", object{"endpoints": []string{strings.Replace(w.members[0].client(), ":2379", ":2380", 1)}}, "tls: first record does not look like a TLS handshake"},
	} {
		text, err := os.ReadFile(h.path("etcd.json"))
		if err != nil {
			t.Fatal(err)
		}
		var config object
		if err := json.Unmarshal(text, &config); err != nil {
			t.Fatal(err)
		}
		for key, value := range c.change {
			if config[key] = value; value == nil {
				delete(config, key)
			}
		}
		if text, err = json.Marshal(config); err != nil {
			t.Fatal(err)
		}
		write(t, h.path("other.json"), string(text))
		w.eventually(fmt.Sprintf("with %s it is said that %s", c.name, c.want), func() bool { // a busy machine may need longer than 1.5s to learn why
			out, err := h.ns.command("etcfiles-etcd", "--config", h.path("other.json"), "ls").CombinedOutput()
			return err != nil && strings.Contains(string(out), "etcd did not answer within 1.5s: ") && strings.Contains(string(out), c.want)
		})
	}
	w.tls.make("h1", &x509.Certificate{}, -time.Second)
	h.serve()
	h.says("fault: publishing: etcd did not answer within 1.5s: remote error: tls: ")
	w.tls.make("h1", &x509.Certificate{}, time.Hour)
	h.well()
}
