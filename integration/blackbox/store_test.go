package blackbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// snapshot is every file below a directory with its mode and bytes. Empty directories do not count.
type snapshot map[string]string

func takeSnapshot(root string) (snapshot, error) {
	s := snapshot{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(b)
		}
		s[path] = fmt.Sprintf("%v\n%s", info.Mode(), content)
		return nil
	})
	if errors.Is(err, syscall.ENOTDIR) {
		err = nil
	}
	return s, err
}

// inodes returns the inode of every container's hosts file.
func inodes(dataDir string) (map[string]uint64, error) {
	paths, err := filepath.Glob(filepath.Join(dataDir, "etchosts", "*", "*", "hosts"))
	if err != nil {
		return nil, err
	}
	found := map[string]uint64{}
	for _, p := range paths {
		var st syscall.Stat_t
		if err := syscall.Lstat(p, &st); err != nil {
			if errors.Is(err, syscall.ENOENT) {
				continue
			}
			return nil, err
		}
		found[p] = st.Ino
	}
	return found, nil
}

// place finds a file of the data directory by the short form used in the scripts: ID or NS/ID is a container, @network
// or NS@network is a network. The namespace is "default" unless given.
type place struct{ dataDir, ns, id, network string }

func placeOf(dataDir, short string) place {
	if ns, network, ok := strings.Cut(short, "@"); ok {
		if ns == "" {
			ns = "default"
		}
		return place{dataDir, ns, "", network}
	}
	if ns, id, ok := strings.Cut(short, "/"); ok {
		return place{dataDir, ns, id, ""}
	}
	return place{dataDir, "default", short, ""}
}

func (p place) hosts() string {
	if p.network != "" {
		return filepath.Join(p.dataDir, "networks", p.ns, p.network, "hosts")
	}
	return filepath.Join(p.dataDir, "etchosts", p.ns, p.id, "hosts")
}

func (p place) meta() string { return filepath.Join(p.dataDir, "etchosts", p.ns, p.id, "meta.json") }

// own returns the path of a file that only its container reads: resolv.conf or hostname.
func (p place) own(name string) string {
	return filepath.Join(p.dataDir, "containers", p.ns, p.id, name)
}

// entries reads the hosts file; one that is not there has no entries.
func (p place) entries() ([]entry, error) {
	b, err := os.ReadFile(p.hosts())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return parseHosts(string(b)), nil
}
