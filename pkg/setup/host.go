package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Host is the machine that is set up.
type Host struct {
	// Root is the directory that is the root of the machine, "" for /. All paths below are as the machine sees them.
	Root string
	// Self is the directory of the program etcfiles, and Path where programs are looked for after that, as in $PATH.
	Self, Path string
	// Run runs a program and returns what it prints on stdout.
	Run func(program string, args ...string) ([]byte, error)
	// Living returns the living containers on a network, or on any if it is "", as their records in a data directory say; "" is the usual one. Nil: nobody
	// knows of any.
	Living func(dataDir, network string) ([]string, error)
}

// maxFile is the most of a configuration that is read, in bytes.
const maxFile = 4 << 20

func (h *Host) in(path string) string { return filepath.Join("/", h.Root, path) }

// read returns the content of a file, nil if there is none. Links are followed.
func (h *Host) read(path string) ([]byte, error) {
	text, err := safefile.ReadLinked(h.in(path), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && text == nil {
		text = []byte{}
	}
	return text, err
}

func (h *Host) exists(path string) bool {
	_, err := h.stat(path)
	return err == nil
}

// stat follows a link as the host does.
func (h *Host) stat(path string) (fs.FileInfo, error) {
	if target, err := os.Readlink(h.in(path)); err == nil && filepath.IsAbs(target) && h.Root != "" {
		path = target
	}
	return os.Stat(h.in(path))
}

// glob returns the files that the pattern matches, sorted.
func (h *Host) glob(pattern string) []string {
	found, _ := filepath.Glob(h.in(pattern))
	for i := range found {
		found[i] = strings.TrimPrefix(found[i], filepath.Join("/", h.Root))
		found[i] = filepath.Join("/", found[i])
	}
	slices.Sort(found)
	return found
}

// cniDirs are where CNI plugins are on one distribution or another.
var cniDirs = []string{"/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"}

// program returns the path of a program in one of the directories, or "".
func (h *Host) program(name string, dirs ...string) string {
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if info, err := h.stat(path); filepath.IsAbs(dir) && err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// command returns the path of a program of a runtime, or "".
func (h *Host) command(name string) string { return h.program(name, filepath.SplitList(h.Path)...) }

// own returns the path of a program of ours.
func (h *Host) own(name string) (string, error) {
	if path := h.program(name, slices.Concat([]string{h.Self}, filepath.SplitList(h.Path), cniDirs)...); path != "" {
		return path, nil
	}
	return "", fmt.Errorf("there is no program %s in %s, in $PATH or in %s: install it beside etcfiles", name, h.Self, strings.Join(cniDirs, ", "))
}
