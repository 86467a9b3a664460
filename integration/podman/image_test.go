package podman

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
)

// writeImage writes a root file system with nothing but a static busybox, for podman-import(1).
func writeImage(path string) error {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: "bin/busybox", Mode: 0o755, Size: int64(len(program))}); err != nil {
		return err
	}
	if _, err := w.Write(program); err != nil {
		return err
	}
	for _, applet := range []string{"sh", "cat", "sleep", "nc", "httpd", "hostname", "timeout", "ping"} {
		link := &tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + applet, Mode: 0o777, Linkname: "busybox"}
		if err := w.WriteHeader(link); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}
