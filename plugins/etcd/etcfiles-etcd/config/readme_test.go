package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestReadme: the page has every key, with its default and meaning.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(Settings, NetworkSettings...) {
		if row := fmt.Sprintf("\n| `%s` | %s | %s |\n", s.Name, s.Default, s.Meaning); !strings.Contains(string(page), row) {
			t.Errorf("README.md lacks %s", row)
		}
	}
}
