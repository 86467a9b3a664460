package main

import (
	"archive/tar"
	"bytes"
	"os"
	"strings"
)

// writeTarball writes a tarball to be unpacked at the root. It has no directories, so that it changes none that are there.
func writeTarball(r *release, path string, files []file) error {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := tar.Header{
			Name: strings.TrimPrefix(f.path, "/"), Mode: int64(f.mode), ModTime: r.time, Size: int64(len(f.content)),
			Uname: "root", Gname: "root", Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
		}
		if f.target != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.target
		}
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		if _, err := w.Write(f.content); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	packed, err := compress(out.Bytes())
	if err != nil {
		return err
	}
	return os.WriteFile(path, packed, 0o644)
}
