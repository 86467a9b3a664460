package command

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// adopter is the program whose command adopt is the hook that takes over what the kubelet knows.
const adopter = "etcfiles"

// noAdopter is the word for no such hook.
const noAdopter = "none"

// adoptProgram returns the path of the program etcfiles: what was given, or the one that is found. It is "" if none is wanted or
// found: a hook whose program is missing would keep every container from starting.
func adoptProgram(stderr io.Writer, given string) (string, error) {
	switch {
	case given == noAdopter:
		return "", nil
	case given != "" && !filepath.IsAbs(given):
		return "", fmt.Errorf("--adopt %q must be an absolute path, or none: it goes into the configuration of every container", given)
	case given != "":
		return given, executable(given)
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	for _, dir := range slices.Concat([]string{filepath.Dir(self)}, filepath.SplitList(os.Getenv("PATH")),
		[]string{"/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"}) {
		if path := filepath.Join(dir, adopter); filepath.IsAbs(path) && executable(path) == nil {
			return path, nil
		}
	}
	fmt.Fprintf(stderr, "%s: the program %s is neither beside this one, nor in $PATH or in a directory of CNI plugins: pods will lack the FQDN and "+
		"the hostAliases that the kubelet knows; name it with --adopt\n", program, adopter)
	return "", nil
}

// executable says why a file cannot be run. It is not asked of os/exec: this program starts no other, and cannot.
func executable(path string) error {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0) {
		err = &os.PathError{Op: "execute", Path: path, Err: os.ErrPermission}
	}
	return err
}
