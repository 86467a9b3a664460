// Command manual makes the manual pages and shell completions of a release, of the commands of the programs themselves.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	etcd "github.com/etcfiles/etcfiles/plugins/etcd/etcfiles-etcd/command"
	mount "github.com/etcfiles/etcfiles/plugins/hook/etcfiles-mount/command"
	hook "github.com/etcfiles/etcfiles/plugins/hook/oci-cni-hook/command"
	"github.com/etcfiles/etcfiles/plugins/meta/etcfiles/admin"
)

func main() {
	out := flag.String("out", "", "`directory` in which man/ and completions/ are made")
	version := flag.String("version", "", "of the programs")
	epoch := flag.String("epoch", os.Getenv("SOURCE_DATE_EPOCH"), "date of the pages, in `seconds`; default SOURCE_DATE_EPOCH")
	flag.Parse()
	if err := run(*out, *version, *epoch); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

// commands are those of a program.
type commands struct {
	root *cobra.Command
	page page
}

func programs(version string) []commands {
	return []commands{
		{admin.Command(version), etcfilesPage},
		{hook.Command(version), hookPage},
		{mount.Command(version), mountPage},
		{etcd.Command(version), etcdPage},
	}
}

func run(out, version, epoch string) error {
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("date of the pages, SOURCE_DATE_EPOCH: %w", err)
	}
	for _, dir := range []string{"man", "completions"} {
		if err := os.MkdirAll(filepath.Join(out, dir), 0o755); err != nil {
			return err
		}
	}
	date := time.Unix(seconds, 0)
	for _, p := range programs(version) {
		name := p.root.Name()
		p.page.Name, p.page.Section, p.page.Date, p.page.Version = name, 8, date, version
		if err := os.WriteFile(filepath.Join(out, "man", name+".8"), commandPage(p.page, p.root), 0o644); err != nil {
			return err
		}
		base := filepath.Join(out, "completions", name)
		for _, err := range []error{
			p.root.GenBashCompletionFileV2(base+".bash", true), p.root.GenZshCompletionFile(base + ".zsh"), p.root.GenFishCompletionFile(base+".fish", true),
		} {
			if err != nil {
				return err
			}
		}
	}
	for _, p := range []struct {
		page        page
		short, text string
	}{{conflistPage, conflistShort, conflistText}, {nriPage, nriShort, nriText}} {
		p.page.Date, p.page.Version = date, version
		path := filepath.Join(out, "man", fmt.Sprintf("%s.%d", p.page.Name, p.page.Section))
		if err := os.WriteFile(path, textPage(p.page, p.short, p.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
