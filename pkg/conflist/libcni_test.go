package conflist

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/containernetworking/cni/libcni"
	"github.com/google/go-cmp/cmp"
)

// TestAppended: the plugins of a list are those that libcni has, in its order.
func TestAppended(t *testing.T) {
	for name, text := range map[string]string{
		"with":    `{"cniVersion":"1.1.0","name":"with","plugins":[{"type":"b"},{"type":"a"}]}`,
		"without": `{"cniVersion":"1.1.0","name":"without"}`,
		"inline":  `{"cniVersion":"1.1.0","name":"inline","loadOnlyInlinedPlugins":true,"plugins":[{"type":"b"}]}`,
		"text":    `{"cniVersion":"1.1.0","name":"text","loadOnlyInlinedPlugins":"True","plugins":[{"type":"b"}]}`,
	} {
		path := given(t, name+".conflist", text)
		dir := filepath.Join(filepath.Dir(path), name)
		err := os.Mkdir(dir, 0o700)
		for i, file := range []string{"20-x.conf", "10-y.conf", "30-z.conflist", "40.conf.before-etcfiles"} {
			err = errors.Join(err, os.WriteFile(filepath.Join(dir, file), fmt.Appendf(nil, `{"type":"beside%d"}`, i), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
		list, err := libcni.NetworkConfFromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, p := range list.Plugins {
			want = append(want, p.Network.Type)
		}
		for _, p := range neighbourAt(path).plugins {
			got = append(got, p.name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestVersions: the version of a list is the one that libcni takes, and nothing is wrong where etcfiles supports that.
func TestVersions(t *testing.T) {
	for text, wrong := range map[string]bool{
		`"cniVersion":"1.0.0"`:                                 false,
		`"cniVersion":"0.2.0"`:                                 true,
		`"cniVersion":"9.9.9"`:                                 true,
		`"cniVersions":["0.4.0","1.1.0","1.0.0"]`:              false,
		`"cniVersions":["1.0.0","2.0.0"],"cniVersion":"0.4.0"`: false,
		`"cniVersions":["0.1.0","0.2.0"]`:                      true,
		`"cniVersions":["0.2.0"],"cniVersion":"1.0.0"`:         false,
		`"cniVersions":["2.0.0","0.3.1"],"cniVersion":"3.0.0"`: false,
		`"cniVersions":["0.3.0","0.4.0"],"cniVersion":"1.0.0"`: false,
		`"cniVersions":["1.0.0","newest"]`:                     true,
		`"cniVersions":[1]`:                                    true,
		`"cniVersions":"1.0.0"`:                                true,
		`"cniVersions":["2.0.0"]`:                              true,
	} {
		config := []byte(`{` + text + `,"name":"a","plugins":[{"type":"b"}]}`)
		top, err := decode(config)
		if err != nil {
			t.Fatal(err)
		}
		l := &look{Report: &Report{}, list: top}
		l.versions()
		if l.Wrong() != wrong {
			t.Errorf("%s: %v", text, l.Faults)
		}
		if list, err := libcni.NetworkConfFromBytes(config); !wrong && (err != nil || list.CNIVersion != l.version) {
			t.Errorf("%s: %s, and libcni takes %+v, %v", text, l.version, list, err)
		}
	}
}
