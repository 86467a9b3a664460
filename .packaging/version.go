package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	tagged   = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.]+))??(?:-(\d+)-g([0-9a-f]+))?(-dirty)?$`)
	untagged = regexp.MustCompile(`^([0-9a-f]{7,40})(-dirty)?$`)
)

// packageVersion turns what `git describe --tags --always --dirty` prints into a version that dpkg and rpm sort as it is meant:
// v1.2.3-rc.1 before v1.2.3, that before the commits that follow it, and commits without a tag, by the time of the last, before all.
func packageVersion(described string, commit time.Time) (string, error) {
	if m := tagged.FindStringSubmatch(described); m != nil {
		version := m[1]
		if m[2] != "" {
			version += "~" + m[2]
		}
		if m[3] != "" {
			version += "+" + m[3] + ".g" + m[4]
		}
		return version + strings.Replace(m[5], "-", "+", 1), nil
	}
	if m := untagged.FindStringSubmatch(described); m != nil {
		return "0.0.0~git" + commit.Format("20060102.150405") + "." + m[1] + strings.Replace(m[2], "-", "+", 1), nil
	}
	return "", fmt.Errorf("%q is no version: say VERSION=v1.2.3, or run this in a clone with git", described)
}
