package blackbox

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/etcfiles/etcfiles/integration/internal/plugin"
)

// checkAnswer holds the result of an ADD against the specification: the version asked, prevResult unchanged but for dns,
// and a dns that says what the container's resolv.conf says.
func (w *world) checkAnswer(c plugin.Call, n plugin.Config, r plugin.Reply) error {
	var got plugin.Object
	if err := json.Unmarshal([]byte(r.Stdout), &got); err != nil {
		return fmt.Errorf("the result is not JSON: %w: %q", err, r.Stdout)
	}
	want, err := copyObject(n.Object()["prevResult"])
	if err != nil {
		return err
	}
	plainAddresses(want)
	dns, _ := got["dns"].(plugin.Object)
	delete(got, "dns")
	delete(want, "dns")
	want["cniVersion"] = n.Version
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("the result differs from prevResult (-want +got):\n%s", diff)
	}
	return w.checkDNS(c.ID, dns)
}

// plainAddresses writes IPv4-mapped addresses as Go's CNI types do.
func plainAddresses(result plugin.Object) {
	ips, _ := result["ips"].([]any)
	for _, ip := range ips {
		fields, _ := ip.(plugin.Object)
		text, _ := fields["address"].(string)
		if addr, network, err := net.ParseCIDR(text); err == nil {
			fields["address"] = (&net.IPNet{IP: addr, Mask: network.Mask}).String()
		}
	}
}

func copyObject(v any) (plugin.Object, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var o plugin.Object
	err = json.Unmarshal(b, &o)
	return o, err
}

func (w *world) checkDNS(id string, dns plugin.Object) error {
	paths, err := filepath.Glob(filepath.Join(w.dataDir, "containers", "*", id, "resolv.conf"))
	if err != nil || len(paths) != 1 {
		return err
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		return err
	}
	for key, keyword := range map[string]string{"nameservers": "nameserver", "search": "search", "options": "options"} {
		want := directive(string(b), keyword)
		if got := texts(dns[key]); !slices.Equal(got, want) {
			return fmt.Errorf("dns.%s of the result is %q, and of resolv.conf %q", key, got, want)
		}
	}
	return nil
}

// directive collects the words of all lines of a keyword; of search the last line alone counts.
func directive(text, keyword string) []string {
	var words []string
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 && f[0] == keyword {
			if keyword == "search" {
				words = nil
			}
			words = append(words, f[1:]...)
		}
	}
	return words
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		out = append(out, fmt.Sprint(x))
	}
	return out
}
