// Package selinux knows which label files have to have for containers to read them, see selinux(8).
//
// The policy for containers lets them read and write files of one type only, which the file lxc_contexts of the policy names,
// and not what lies in /var/lib. The level is s0, as `podman run -v …:z` sets it: any container may have the file mounted, such as one
// that joins another's network namespace.
//
// github.com/opencontainers/selinux knows the file, too. It gives each process a label with a category of its own, reads /proc/filesystems where there is
// no SELinux, and makes the plugin, which starts for every container, larger by 270 KiB for what are two small files to read here.
package selinux

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/safefile"
)

// Where the kernel and the administrator say what SELinux does. The first is there only while it is enabled.
const (
	status     = "/sys/fs/selinux/enforce"
	config     = "/etc/selinux/config"
	policies   = "/etc/selinux"
	maxSetting = 1 << 20
)

// FileLabel returns the label for a file that any container may have mounted, "" where SELinux is disabled or its policy does not know
// containers.
func FileLabel() (string, error) {
	if _, err := os.Lstat(status); err != nil { // the one call where there is no SELinux
		return "", nil
	}
	text, err := setting(config, "SELINUXTYPE")
	if text == "" || err != nil {
		return "", err
	}
	if !filepath.IsLocal(text) || strings.Contains(text, "/") {
		return "", &fs.PathError{Op: "read", Path: config, Err: errors.New("SELINUXTYPE is not the name of a policy")}
	}
	path := filepath.Join(policies, text, "contexts/lxc_contexts")
	label, err := setting(path, "file")
	if label == "" || err != nil {
		return "", err
	}
	parts := strings.SplitN(label, ":", 4) // user:role:type:level
	if len(parts) < 3 {
		return "", &fs.PathError{Op: "read", Path: path, Err: errors.New("file is not a label")}
	}
	return strings.Join(append(parts[:3], "s0"), ":"), nil
}

// setting returns the value of a key in a file of lines KEY=VALUE, perhaps with blanks around them and quotes around the value; "" where there is
// none, or no such file.
func setting(path, key string) (string, error) {
	text, err := safefile.ReadLinked(path, maxSetting)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	value := ""
	for line := range strings.Lines(string(text)) {
		if name, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(name) == key {
			value = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return value, nil
}
