package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// TestSBOM: every module of a program and the version of Go are in it, each once, and every program depends on its own.
func TestSBOM(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self, err := buildinfo.ReadFile(executable)
	if err != nil {
		t.Fatal(err)
	}
	r := &release{arch: "arm64", version: "1.2.3+dirty", time: time.Unix(1e9, 0).UTC()}
	for _, name := range []string{"plugin", "hook", "listener"} {
		r.Programs = append(r.Programs, contents.Program{Name: name, Path: executable, Info: self})
	}
	path := filepath.Join(t.TempDir(), "bom.json")
	if err := r.writeSBOM(path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(content), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	refs := map[string]cdx.Component{bom.Metadata.Component.BOMRef: *bom.Metadata.Component}
	for _, c := range *bom.Components {
		if _, twice := refs[c.BOMRef]; twice {
			t.Errorf("%s is there twice", c.BOMRef)
		}
		refs[c.BOMRef] = c
	}
	needs := map[string]string{}
	for _, d := range *bom.Dependencies {
		if _, ok := refs[d.Ref]; !ok {
			t.Errorf("%s depends on something and is not there", d.Ref)
		}
		for _, ref := range *d.Dependencies {
			if _, ok := refs[ref]; !ok {
				t.Errorf("%s needs %s, which is not there", d.Ref, ref)
			}
		}
		needs[d.Ref] = strings.Join(*d.Dependencies, " ") + " "
	}
	if got := bom.Metadata.Timestamp + " " + bom.Metadata.Component.PackageURL; got !=
		"2001-09-09T01:46:40Z pkg:golang/github.com/etcfiles/etcfiles@1.2.3%2Bdirty?goarch=arm64&goos=linux" {
		t.Errorf("it is about %s", got)
	}
	want := []string{"pkg:golang/stdlib@" + strings.TrimPrefix(self.GoVersion, "go")}
	for _, m := range self.Deps {
		want = append(want, purl(m.Path, m.Version))
	}
	for _, program := range []string{"plugin", "hook", "listener"} {
		if hashes := refs[program].Hashes; hashes == nil || len(*hashes) != 1 {
			t.Errorf("%s has no checksum", program)
		}
		for _, ref := range want {
			if !strings.Contains(needs[program], ref+" ") {
				t.Errorf("%s does not need %s", program, ref)
			}
		}
	}
}
