package containerd

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// imageName is the name of the image that is the pause container's and everyone's.
const imageName = "docker.io/library/etcfiles-test:latest"

// forever is the command of a container that does nothing until it is killed.
var forever = []string{"/bin/sleep", "2147483647"}

// writeImage writes an image with nothing but a static busybox, as a `docker save` archive.
func writeImage(path string) error {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("%w: install the Debian package busybox-static", err)
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	files := []file{{"bin/busybox", 0o755, program}, {"etc/nsswitch.conf", 0o644, []byte("hosts: files\n")}}
	for _, applet := range []string{"sh", "sleep", "cat", "wget", "httpd", "ping", "hostname", "kill", "mount", "echo"} {
		files = append(files, file{"bin/" + applet, 0, []byte("busybox")})
	}
	layer, err := archive(files)
	if err != nil {
		return err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": forever, "Env": []string{"PATH=/bin"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer))}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]any{map[string]any{
		"Config": "config.json", "RepoTags": []string{imageName}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return err
	}
	image, err := archive([]file{{"layer.tar", 0o644, layer}, {"config.json", 0o644, config}, {"manifest.json", 0o644, manifest}})
	if err != nil {
		return err
	}
	return os.WriteFile(path, image, 0o644)
}

// file is a file of an archive; one without a mode is a symbolic link to its data.
type file struct {
	name string
	mode int64
	data []byte
}

func archive(files []file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data))}
		if f.mode == 0 {
			header = &tar.Header{Typeflag: tar.TypeSymlink, Name: f.name, Mode: 0o777, Linkname: string(f.data)}
			f.data = nil
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}
