package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// writeSBOM writes what the programs are made of, as they say themselves, in CycloneDX 1.6: the modules of Go, and the version of
// Go, whose standard library is in them.
func (r *release) writeSBOM(path string) error {
	bom := cdx.NewBOM()
	name := "github.com/etcfiles/etcfiles"
	if r.Part == contents.Etcd {
		name += "/plugins/etcd/etcfiles-etcd"
	}
	whole := purl(name, r.version) + "?goarch=" + r.arch + "&goos=linux"
	bom.Metadata = &cdx.Metadata{
		Timestamp: r.time.Format(time.RFC3339),
		Component: &cdx.Component{
			BOMRef: whole, Type: cdx.ComponentTypeApplication, Name: string(cmp.Or(r.Part, contents.Main)), Version: r.version, PackageURL: whole,
			Licenses: &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
		},
	}
	var components []cdx.Component
	var dependencies []cdx.Dependency
	var names []string
	for _, p := range r.Programs {
		content, err := os.ReadFile(p.Path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		components = append(components, cdx.Component{
			BOMRef: p.Name, Type: cdx.ComponentTypeApplication, Name: p.Name, Version: r.version,
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		})
		names = append(names, p.Name)
		library := standardLibrary(p)
		refs := []string{library.BOMRef}
		components = append(components, library)
		for _, m := range p.Modules() {
			module := moduleComponent(contents.Actual(m))
			refs = append(refs, module.BOMRef)
			components = append(components, module)
		}
		slices.Sort(refs)
		dependencies = append(dependencies, cdx.Dependency{Ref: p.Name, Dependencies: &refs})
	}
	byRef := func(a, b cdx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) }
	slices.SortFunc(components, byRef)
	components = slices.CompactFunc(components, func(a, b cdx.Component) bool { return a.BOMRef == b.BOMRef })
	bom.Components = &components
	dependencies = append([]cdx.Dependency{{Ref: whole, Dependencies: &names}}, dependencies...)
	bom.Dependencies = &dependencies
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := cdx.NewBOMEncoder(f, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// standardLibrary is Go, under the name by which scanners look for its vulnerabilities.
func standardLibrary(p contents.Program) cdx.Component {
	version := strings.TrimPrefix(p.Info.GoVersion, "go")
	url := purl("stdlib", version)
	return cdx.Component{BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: "stdlib", Version: version, PackageURL: url}
}

// moduleComponent is a module, with its checksum as go.sum has it: of names and contents, not of one file.
func moduleComponent(m debug.Module) cdx.Component {
	url := purl(m.Path, m.Version)
	return cdx.Component{
		BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: url,
		Properties: &[]cdx.Property{{Name: "go.sum", Value: m.Sum}},
	}
}

// purl returns a package URL, https://github.com/package-url/purl-spec.
func purl(module, version string) string {
	return "pkg:golang/" + module + "@" + strings.ReplaceAll(version, "+", "%2B")
}
