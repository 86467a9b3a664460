package main

import (
	"os/exec"
	"testing"
	"time"
)

// versions are what git describe prints, in the order in which a package is to replace another.
var versions = []struct{ described, version string }{
	{"d6993593491a", "0.0.0~git20260102.030405.d6993593491a"},
	{"d6993593491a-dirty", "0.0.0~git20260102.030405.d6993593491a+dirty"},
	{"v1.2.3-rc.1", "1.2.3~rc.1"},
	{"v1.2.3-rc.1-4-gd6993593491a", "1.2.3~rc.1+4.gd6993593491a"},
	{"v1.2.3-rc.2", "1.2.3~rc.2"},
	{"v1.2.3", "1.2.3"},
	{"1.2.3-dirty", "1.2.3+dirty"},
	{"v1.2.4-5-gd6993593491a", "1.2.4+5.gd6993593491a"},
	{"v1.2.4-50-gd6993593491a-dirty", "1.2.4+50.gd6993593491a+dirty"},
	{"v1.10.0", "1.10.0"},
}

func TestPackageVersion(t *testing.T) {
	commit := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, v := range versions {
		got, err := packageVersion(v.described, commit)
		if err != nil || got != v.version {
			t.Errorf("%s: %q, %v; want %q", v.described, got, err, v.version)
		}
		if i == 0 {
			continue
		}
		if out, err := exec.Command("dpkg", "--compare-versions", versions[i-1].version, "lt", v.version).CombinedOutput(); err != nil {
			t.Errorf("dpkg: %s is not before %s: %v %s", versions[i-1].version, v.version, err, out)
		}
	}
	for _, bad := range []string{"", "unknown", "v1.2", "v1.2.3_4", "main"} {
		if got, err := packageVersion(bad, commit); err == nil {
			t.Errorf("%q became %q", bad, got)
		}
	}
}
