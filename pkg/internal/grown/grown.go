// Package grown makes hosts files for tests as only years make them.
package grown

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
)

// Grow makes a hosts file what tens of thousands of replacements of a container leave, that shares an alias with one that
// stays: comments in front of the last marker, more than the bounds allow.
func Grow(t testing.TB, path string, marker etchosts.Marker) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	end := bytes.LastIndex(data, []byte(marker.End()))
	left := strings.Repeat("##</etcfiles>\n##<etcfiles>\n"+strings.Repeat("#", 24)+"\n", 81_000)
	if _, err := f.WriteAt([]byte(left+marker.End()), int64(end)); err != nil {
		t.Fatal(err)
	}
}
