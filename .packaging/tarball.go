package main

import (
	"archive/tar"
	"bytes"
	"os"
	"strings"

	"github.com/etcfiles/etcfiles/packaging/contents"
)

// writeTarball writes a tarball to be unpacked at the root. It has no directories, so that it changes none that are there.
func writeTarball(r *release, path string, files []contents.File) error {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := tar.Header{
			Name: strings.TrimPrefix(f.Path, "/"), Mode: int64(f.Mode), ModTime: r.time, Size: int64(len(f.Content)),
			Uname: "root", Gname: "root", Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
		}
		if f.Target != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.Target
		}
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		if _, err := w.Write(f.Content); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	packed, err := contents.Compress(out.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile(path, packed, 0o644)
}
