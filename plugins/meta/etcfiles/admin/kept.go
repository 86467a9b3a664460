package admin

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcfiles/etcfiles/pkg/cli"
	"github.com/etcfiles/etcfiles/pkg/inspect"
	"github.com/etcfiles/etcfiles/pkg/names"
)

// keptRow is what keepFiles has left of a container.
type keptRow struct {
	Namespace string   `json:"namespace"`
	ID        string   `json:"id"`
	Hostname  string   `json:"hostname"`
	Since     string   `json:"since"` // RFC 3339
	Paths     []string `json:"paths"`
}

// listKept prints what keepFiles has left.
func (o *options) listKept(cmd *cobra.Command, out format, args []string) error {
	if len(args) > 0 {
		return cli.Misuse(cmd, "--kept takes no network: what keepFiles has left is on none")
	}
	list, err := o.manager(cmd).Kept(o.namespace)
	if err = o.noteNoStore(cmd, err); err != nil {
		return err
	}
	return printKept(cmd.OutOrStdout(), out, list)
}

func printKept(w io.Writer, out format, list []inspect.KeptFiles) error {
	rows := make([]keptRow, len(list))
	for i, k := range list {
		rows[i] = keptRow{k.Namespace, k.ID, k.Hostname, exact(k.Since), k.Files}
	}
	if out == formatJSON {
		return printJSON(w, rows)
	}
	now := time.Now()
	table := make([][]cell, len(rows))
	for i, r := range rows {
		id, since, paths := names.ShortID(r.ID), ago(now, list[i].Since), fmt.Sprint(len(r.Paths))
		if out == formatWide {
			id, since, paths = r.ID, r.Since, strings.Join(r.Paths, " ")
		}
		table[i] = []cell{{text: r.Namespace}, {text: id}, {text: cmp.Or(r.Hostname, "-")}, {text: since}, {text: paths}}
	}
	return printTable(w, []string{"NAMESPACE", "ID", "HOSTNAME", "SINCE", "FILES"}, table)
}

// age is a duration as a flag: one of Go, before which a number of days may stand, such as 30d, 1d12h or 90m.
type age struct {
	time.Duration
	given bool
}

// before returns the moment before which what is older was left. All is older than nothing, whenever its clock says that it was left.
func (a *age) before(now time.Time) time.Time {
	if a.Duration == 0 {
		return time.Unix(1<<40, 0)
	}
	return now.Add(-a.Duration)
}

const day = 24 * time.Hour

// maxDays is as many years as a Duration has.
const maxDays = 290 * 365

// String and the next two make it a flag.
func (a *age) String() string {
	if !a.given {
		return ""
	}
	return a.Duration.String()
}

func (a *age) Set(s string) error {
	text, days := s, uint64(0)
	var err error
	if before, rest, ok := strings.Cut(s, "d"); ok {
		if days, err = strconv.ParseUint(before, 10, 32); rest == "" {
			rest = "0s"
		}
		text = rest
	}
	d, parseErr := time.ParseDuration(text)
	if err != nil || parseErr != nil || d < 0 || days > maxDays {
		return fmt.Errorf("%q is not an age such as 30d, 12h or 1d12h", s)
	}
	a.Duration, a.given = time.Duration(days)*day+d, true
	return nil
}

func (*age) Type() string { return "age" }
