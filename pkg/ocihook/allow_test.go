package ocihook

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/etcfiles/etcfiles/pkg/ocistate"
)

func annotated(annotations map[string]string) *ocistate.Container {
	return &ocistate.Container{Namespace: "default", State: specs.State{ID: "web", Pid: os.Getpid(), Annotations: annotations}}
}

// TestAllow: each annotation counts where its word is said, or where a hook entry of before says none; netns only where it is
// said.
func TestAllow(t *testing.T) {
	for _, allow := range []Allow{nil, {}, AllowBundle, {"ports"}, {"netns", "mac"}, AllowWords()} {
		h := &Hook{ConfDir: confDir(t), Allow: allow}
		for word, annotation := range allowable {
			want := slices.Contains(allow, word) || allow == nil && word != "netns"
			c := annotated(map[string]string{annotation: "back"})
			err := h.refuseAnnotations(c)
			if err == nil {
				_, err = h.networkNames(c)
			}
			if err == nil {
				_, err = h.netnsPath(c)
			}
			if (err == nil) != want {
				t.Errorf("%v: %s: %v", allow, annotation, err)
			}
			if err != nil && (!strings.Contains(err.Error(), annotation) || !strings.Contains(err.Error(), "--allow")) {
				t.Errorf("%v: the error names neither the annotation %s nor the argument: %v", allow, annotation, err)
			}
		}
	}
}

func confDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	conflist := `{"cniVersion":"1.0.0","name":"lab","plugins":[{"type":"bridge"}]}`
	if err := os.WriteFile(filepath.Join(dir, "10.conflist"), []byte(conflist), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestNetworksThatMayBeNamed: those of the hook's argument, or the first conflist's, unless any counts.
func TestNetworksThatMayBeNamed(t *testing.T) {
	for _, test := range []struct {
		allow    Allow
		networks []string // of the argument
		named    string
		want     []string // nil for an error
	}{
		{Allow{}, []string{"lab", "back"}, "back", []string{"back"}},
		{Allow{}, []string{"lab", "back"}, "back, lab", []string{"back", "lab"}},
		{Allow{}, []string{"lab", "back"}, "", []string{"lab", "back"}},
		{Allow{}, []string{"lab", "back"}, "lab,host", nil},
		{Allow{}, nil, "lab", []string{"lab"}},
		{Allow{}, nil, "back", nil},
		{Allow{"ports"}, []string{"lab"}, "back", nil},
		{Allow{"networks"}, []string{"lab"}, "back", []string{"back"}},
		{nil, []string{"lab"}, "back", []string{"back"}},
	} {
		h := &Hook{ConfDir: confDir(t), Allow: test.allow, Networks: test.networks}
		got, err := h.networkNames(annotated(map[string]string{AnnotationNetworks: test.named}))
		if !slices.Equal(got, test.want) || (err == nil) != (test.want != nil) {
			t.Errorf("%+v: %v, %v", test, got, err)
		}
	}
}

func TestParseAllow(t *testing.T) {
	for s, want := range map[string]string{
		"none": "none", "ports": "ports", "ports, ip,": "ports,ip", "all": "args,capabilities,ip,mac,netns,networks,ports",
		AllowBundle.String(): "networks,ports,ip,mac,capabilities,args", "": "", "everything": "", "ports,none": "", ",": "",
	} {
		got, err := ParseAllow(s)
		if got.String() != want || (err == nil) != (want != "") {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

// TestMisspelt: an annotation that does not exist is refused with the one that is meant; those of others are theirs.
func TestMisspelt(t *testing.T) {
	for key, want := range map[string]string{
		"etcfiles/network": AnnotationNetworks, "etcfiles/port": AnnotationPorts, "etcfiles/alias": AnnotationAliases,
		"etcfiles/extrahosts": AnnotationExtraHosts, "etcfiles/extra_hosts": AnnotationExtraHosts, "etcfiles/hostnames": AnnotationHostname,
		"etcfiles/Name": AnnotationName, "etcfiles/dns-opts": AnnotationDNSOptions, "etcfiles/capability": AnnotationCapabilities,
		"etcfiles/" + strings.Repeat("x", 1<<20): "etcfiles/",
		"etcfiles.org/port":                      "", "org.example/etcfiles/port": "",
	} {
		err := (&Hook{}).refuseAnnotations(annotated(map[string]string{key: "x"}))
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), "is it "+want) {
			t.Errorf("%.40s: %v, want %q", key, err, want)
		}
	}
}
