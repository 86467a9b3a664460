package hostsstore

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// TestInherited: the file is there for a pod of whose resolv.conf nothing is explicit, as long as the record says so.
func TestInherited(t *testing.T) {
	n := Dir(t.TempDir()).Namespace("k8s.io")
	r := &Record{ID: "pod", Etcfiles: &Details{Version: FormatVersion, KubernetesNamespace: "shop", Attachments: []Attachment{attachmentOf("lab", "eth0", "10.0.0.2")}}}
	a := &r.Etcfiles.Attachments[0]
	for _, c := range []struct {
		name string
		dns  *DNSSources
		want bool
	}{
		{"of an earlier format", nil, false},
		{"nothing explicit", &DNSSources{Previous: DNS{Nameservers: []string{"192.0.2.1"}}}, true},
		{"explicit", &DNSSources{Explicit: []DNS{{Options: []string{"edns0"}}}}, false},
		{"nothing at all", &DNSSources{}, true},
	} {
		a.DNS = c.dns
		if err := n.WriteRecord(r, false); err != nil {
			t.Fatal(err)
		}
		_, err := os.Lstat(n.InheritedPath("pod"))
		if c.want != (err == nil) || !c.want && !errors.Is(err, fs.ErrNotExist) || !n.InheritedMatches(r) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	r.Etcfiles.KubernetesNamespace = ""
	if r.knowsLess() || n.InheritedMatches(r) {
		t.Error("what is not a pod has one")
	}
	if err := n.WriteFormer(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(n.InheritedPath("pod")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in the former format: %v", err)
	}
}
