package command

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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
		return exec.LookPath(given)
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	for _, path := range []string{
		filepath.Join(filepath.Dir(self), adopter), adopter,
		"/opt/cni/bin/" + adopter, "/usr/lib/cni/" + adopter, "/usr/libexec/cni/" + adopter,
	} {
		if path, err := exec.LookPath(path); err == nil && filepath.IsAbs(path) {
			return path, nil
		}
	}
	fmt.Fprintf(stderr, "%s: the program %s is neither beside this one, nor in $PATH or in a directory of CNI plugins: pods will lack the FQDN and "+
		"the hostAliases that the kubelet knows; name it with --adopt\n", program, adopter)
	return "", nil
}
