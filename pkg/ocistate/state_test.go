package ocistate

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 4)
	const tasks = "/run/containerd/io.containerd.runtime.v2.task"
	for _, test := range []struct{ state, namespace, cniID, shortID string }{
		{`{"id":"web","bundle":"/srv/web","status":"created","root":"/srv/web/rootfs"}`, "", "default-web", "web"},
		{`{"id":"web"}`, "lab", "lab-web", "web"},
		{`{"id":"web","bundle":"` + tasks + `/k8s.io/web"}`, "", "k8s.io-web", "web"},
		{`{"id":"web","bundle":"` + tasks + `/k8s.io/web/"}`, "", "k8s.io-web", "web"},
		{`{"id":"web","bundle":"` + tasks + `/k8s.io/web"}`, "lab", "lab-web", "web"},
		{`{"id":"web","bundle":"` + tasks + `/a/b/web"}`, "", "default-web", "web"},
		{`{"id":"b-web"}`, "a", "a-b-web", "b-web"},
		{`{"id":"web"}`, "a-b", "a--b-web", "web"},
		{`{"id":"` + long + `"}`, "", "default-" + long, "0123456789ab"},
		{`{"id":"` + long[:63] + `"}`, "", "default-" + long[:63], long[:63]},
	} {
		c, err := Read(strings.NewReader(test.state), test.namespace)
		if err != nil {
			t.Errorf("%s: %v", test.state, err)
			continue
		}
		if c.CNIID() != test.cniID || c.ShortID() != test.shortID {
			t.Errorf("%s: %q and %q, want %q and %q", test.state, c.CNIID(), c.ShortID(), test.cniID, test.shortID)
		}
	}
	for _, test := range []struct{ state, namespace string }{
		{``, ""},
		{`{`, ""},
		{`[]`, ""},
		{`{}`, ""},
		{`{"id":".."}`, ""},
		{`{"id":"a/b"}`, ""},
		{`{"id":"a b"}`, ""},
		{`{"id":"a+b"}`, ""},
		{`{"id":"-b"}`, ""},
		{`{"id":"a\n"}`, ""},
		{`{"id":"a"}`, ".."},
		{`{"id":"a"}`, "-"},
		{`{"id":"a","bundle":"/x/io.containerd.runtime.v2.task/../a"}`, "b/c"},
	} {
		if c, err := Read(strings.NewReader(test.state), test.namespace); err == nil {
			t.Errorf("%q in %q is taken as %+v", test.state, test.namespace, c)
		}
	}
}
