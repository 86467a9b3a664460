package machines

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// MakePackages makes the packages of a version for this architecture into the directory dist, from the sources in another.
func MakePackages(source, dist, version string, env ...string) error {
	cmd := exec.Command("make", "package", "PACKAGE_ARCHS="+runtime.GOARCH, "VERSION="+version, "DIST="+dist)
	cmd.Dir = source
	cmd.Env = append(append(os.Environ(), "MAKEFLAGS="), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make package in %s: %w\n%s", source, err, out)
	}
	return nil
}
