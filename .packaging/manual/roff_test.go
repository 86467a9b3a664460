package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func program() *cobra.Command {
	root := &cobra.Command{Use: "frob", Short: "Frob things", Long: "frob frobs CNI_THINGS of <NS>, *all* of them.", Example: "  frob go *x* >out"}
	root.PersistentFlags().String("data-dir", "/var/lib/frob_x", "`directory` of the store")
	go1 := &cobra.Command{Use: "go [NAME]", Short: "Go", Long: "Go on.\n\nA second paragraph.", Example: "  frob go -o json", RunE: func(*cobra.Command, []string) error { return nil }}
	go1.Flags().StringP("output", "o", "table", "how to print")
	root.AddCommand(go1)
	return root
}

// TestCommandPage: man formats the page without a complaint, and nothing of the text is lost or read as markup.
func TestCommandPage(t *testing.T) {
	page := commandPage(page{
		Name: "frob", Section: 8, Date: time.Unix(0, 0), Version: "1.2",
		Sections: []section{{Title: "EXIT STATUS", Items: []item{{"0", "all went well"}}}}, SeeAlso: []string{"frob-list(5)"},
	}, program())
	got := formatted(t, "frob.8", page)
	for _, want := range []string{
		"FROB(8)", "January 1970", "frob - frob things", "frob frobs CNI_THINGS of <NS>, *all* of them.", "frob go *x* >out",
		"--data-dir directory", "directory of the store (default /var/lib/frob_x)", "go [NAME]", "A second paragraph.",
		"-o, --output string", "how to print (default table)", "frob go -o json", "EXIT STATUS", "all went well", "frob-list(5)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q:\n%s", want, got)
		}
	}
}

// formatted returns a page as man shows it; a complaint of groff is an error.
func formatted(t *testing.T, name string, page []byte) string {
	t.Helper()
	cmd := exec.Command("groff", "-k", "-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u", "-rLL=200n")
	var out, complaints bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(page), &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: groff: %v\n%s", name, err, &complaints)
	}
	if complaints.Len() > 0 {
		t.Errorf("%s: groff complains:\n%s", name, &complaints)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}
