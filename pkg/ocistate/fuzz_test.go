package ocistate

import (
	"path/filepath"
	"strings"
	"testing"
)

// FuzzRead: a state that is taken has an ID and a namespace that are elements of a path, and so is what CNI knows the
// container by, from which the two can be told again.
func FuzzRead(f *testing.F) {
	f.Add(`{"id":"web","bundle":"/run/containerd/io.containerd.runtime.v2.task/k8s.io/web"}`, "")
	f.Add(`{"id":"a-b","bundle":"/x/io.containerd.runtime./../a","annotations":{"a":"b"},"pid":-1}`, "lab")
	f.Add(`{"id":"a/b"}`, "")
	f.Add(`{"id":".."}{"id":"web"}`, "a--b")
	f.Add(`{"id":"b","bundle":"/io.containerd.runtime.v2.task/a-/b"}`, "")
	f.Fuzz(func(t *testing.T, state, namespace string) {
		c, err := Read(strings.NewReader(state), namespace)
		if err != nil {
			return
		}
		for _, s := range []string{c.ID, c.Namespace, c.CNIID(), c.ShortID()} {
			if s == "" || filepath.Base(s) != s || s == "." || s == ".." || s[0] == '-' || strings.ContainsAny(s, "\n\x00 ") {
				t.Fatalf("%q in %q: %q", state, namespace, s)
			}
		}
		if namespace != "" && c.Namespace != namespace {
			t.Fatalf("%q in %q is in namespace %q", state, namespace, c.Namespace)
		}
		doubled := strings.ReplaceAll(c.Namespace, "-", "--")
		if id, ok := strings.CutPrefix(c.CNIID(), doubled+"-"); !ok || id != c.ID {
			t.Fatalf("%q in %q: %q", state, namespace, c.CNIID())
		}
	})
}
