package selinux

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSetting: the two files are read as their owners write them.
func TestSetting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	for _, c := range []struct{ text, key, want string }{
		{"", "SELINUXTYPE", ""},
		{"# SELINUXTYPE=mls\nSELINUX=enforcing\nSELINUXTYPE=targeted\n", "SELINUXTYPE", "targeted"},
		{"SELINUXTYPE = targeted \r\n", "SELINUXTYPE", "targeted"},
		{"SELINUXTYPE=a\nSELINUXTYPE=b", "SELINUXTYPE", "b"},
		{"process = \"p:r:t:s0\"\nfile = \"u:r:t:s0\"\nro_file=\"x:y:z:s0\"\n", "file", "u:r:t:s0"},
		{"ro_file=\"x:y:z:s0\"\n", "file", ""},
		{"file\n=\n==\n", "file", ""},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := setting(path, c.key); got != c.want || err != nil {
			t.Errorf("%q: %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	if got, err := setting(path+"-absent", "file"); got != "" || err != nil {
		t.Errorf("no file: %q, %v", got, err)
	}
	if _, err := setting(filepath.Dir(path), "file"); err == nil {
		t.Error("a directory was read")
	}
}
