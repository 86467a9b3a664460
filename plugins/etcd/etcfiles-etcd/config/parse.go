package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/etcfiles/etcfiles/pkg/cluster"
	"github.com/etcfiles/etcfiles/pkg/conflist"
	"github.com/etcfiles/etcfiles/pkg/iprange"
	"github.com/etcfiles/etcfiles/pkg/safefile"
)

const maxFile = 1 << 20 // bytes

// Fault is something wrong with a key.
type Fault struct {
	File, Key string
	Why       string // and what to do
}

func (f *Fault) Error() string {
	if f.Key == "" {
		return f.File + ": " + f.Why
	}
	return f.File + ": " + f.Key + ": " + f.Why
}

// Wrong returns the error for a key whose value shows to be wrong only when it is used.
func (c *Config) Wrong(key string, err error) error {
	return fmt.Errorf("%s: %s: %w", c.File, key, err)
}

// Read reads a configuration. The error joins a *Fault for everything that is wrong.
func Read(path string) (*Config, error) {
	text, err := safefile.ReadLinked(path, maxFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: write it as etcfiles-etcd(8) says", err)
	}
	if err != nil {
		return nil, err
	}
	return Parse(path, text)
}

// Parse is Read of the text of a file.
func Parse(path string, text []byte) (*Config, error) {
	p := &parser{file: path}
	c := p.config(text)
	return c, errors.Join(p.faults...)
}

// parser gathers faults.
type parser struct {
	file   string
	faults []error
}

func (p *parser) wrong(key, format string, args ...any) {
	p.faults = append(p.faults, &Fault{p.file, key, fmt.Sprintf(format, args...)})
}

// object is a JSON object of which keys are taken.
type object struct {
	*parser
	prefix string
	values map[string]json.RawMessage
}

// object opens an object that has none but the settings.
func (p *parser) object(prefix string, text []byte, settings []Setting) (object, bool) {
	o := object{p, prefix, nil}
	if err := json.Unmarshal(text, &o.values); err != nil || o.values == nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			p.wrong(strings.TrimSuffix(prefix, "."), "byte %d: not JSON: %v", syntax.Offset, syntax)
		} else {
			p.wrong(strings.TrimSuffix(prefix, "."), "want a JSON object")
		}
		return o, false
	}
	var known []string
	for _, s := range settings {
		known = append(known, s.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(o.values)) {
		if slices.Contains(known, key) {
			continue
		}
		for _, k := range known {
			if strings.EqualFold(k, key) {
				p.wrong(prefix+key, "unknown key: it is written %q", k)
				delete(o.values, key)
			}
		}
		if _, ok := o.values[key]; ok {
			p.wrong(prefix+key, "unknown key: want one of %s", strings.Join(known, ", "))
		}
	}
	return o, true
}

// take decodes the value of a key, and reports whether there is one that is fine. want is what to write.
func (o object) take(key string, into any, want string) bool {
	raw, ok := o.values[key]
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		o.wrong(o.prefix+key, "want %s", want)
		return false
	}
	return true
}

// duration takes a duration.
func (o object) duration(key string, otherwise time.Duration) time.Duration {
	var s string
	if !o.take(key, &s, `a duration, such as "30s"`) {
		return otherwise
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		o.wrong(o.prefix+key, "%q is not a duration, such as \"30s\"", s)
		return otherwise
	}
	return d
}

// path takes an absolute path.
func (o object) path(key, otherwise string) string {
	s := otherwise
	if o.take(key, &s, "a path") && !filepath.IsAbs(s) {
		o.wrong(o.prefix+key, "%q must be an absolute path", s)
	}
	return s
}

func (p *parser) config(text []byte) *Config {
	o, ok := p.object("", text, Settings)
	if !ok {
		return nil
	}
	c := &Config{
		File: p.file,
		TTL:  o.duration("ttl", defaultTTL), Hold: o.duration("hold", 0), Cert: o.path("cert", ""), Key: o.path("key", ""), CA: o.path("ca", ""),
		DataDir: o.path("dataDir", "/var/lib/etcfiles"), ConfDir: o.path("confDir", "/etc/cni/net.d"), Host: shortHostname(),
	}
	o.take("insecure", &c.Insecure, "true or false")
	o.take("host", &c.Host, "a text")
	if err := cluster.CheckHost(c.Host); err != nil {
		o.wrong("host", "%v", err)
	}
	if c.TTL < minTTL || c.TTL > maxTTL {
		o.wrong("ttl", "want at least %v and at most %v", minTTL, maxTTL)
	}
	if c.Hold > 0 && c.Hold < c.TTL {
		o.wrong("hold", "%v is less than ttl, %v: want at least that, or 0s for ever", c.Hold, c.TTL)
	}
	o.endpoints(c)
	o.identity(c)
	var networks []json.RawMessage
	if o.take("networks", &networks, "a list of objects"); len(networks) == 0 {
		o.wrong("networks", `want at least one, such as {"network": "lab"}`)
	}
	for i, raw := range networks {
		p.network(fmt.Sprintf("networks[%d]", i), raw, c)
	}
	return c
}

// shortHostname returns the first label of the machine's hostname in lower case.
func shortHostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	return name
}

func (o object) endpoints(c *Config) {
	if o.take("endpoints", &c.Endpoints, "a list of texts"); len(c.Endpoints) == 0 {
		o.wrong("endpoints", `want the URLs of etcd's members, such as ["https://10.0.0.1:2379"]`)
	}
	for i, endpoint := range c.Endpoints {
		key := fmt.Sprintf("endpoints[%d]", i)
		u, err := url.Parse(endpoint)
		switch {
		case err != nil || u.Host == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" || u.Scheme != "http" && u.Scheme != "https":
			o.wrong(key, "%q is not a URL such as https://10.0.0.1:2379", endpoint)
		case u.Scheme == "http" && !c.Insecure:
			o.wrong(key, "%s is not encrypted, and anybody could publish for any host: use https, or set insecure", endpoint)
		}
	}
}

// identity looks at the files by which this host and etcd know each other.
func (o object) identity(c *Config) {
	if c.Cert == "" && c.Key == "" && !c.Insecure {
		o.wrong("cert", "it is missing, and etcd could not tell this host from others: name the host's certificate, or set insecure")
	}
	if (c.Cert == "") != (c.Key == "") {
		o.wrong("key", "cert and key go together: give both or none")
	}
	for _, file := range []struct{ key, path string }{{"cert", c.Cert}, {"key", c.Key}, {"ca", c.CA}} {
		if file.path == "" {
			continue
		}
		if _, err := safefile.ReadLinked(file.path, maxFile); err != nil {
			o.wrong(file.key, "%v", err)
		}
	}
}

func (p *parser) network(prefix string, text []byte, c *Config) {
	o, ok := p.object(prefix+".", text, NetworkSettings)
	if !ok {
		return
	}
	n := Network{Network: cluster.Network{Namespace: "default"}, Files: FilesContainers, MaxNames: defaultMaxNames}
	o.take("namespace", &n.Namespace, "a text")
	o.take("network", &n.Name, "a text")
	o.take("shared", &n.Shared, "true or false")
	o.take("files", &n.Files, "a text")
	o.take("maxNames", &n.MaxNames, "a number")
	o.take("allowQualified", &n.AllowQualified, "true or false")
	o.take("foreign", &n.Foreign, "true or false")
	if n.Files != FilesContainers && n.Files != FilesNetwork {
		o.wrong(prefix+".files", "%q is neither %q nor %q", n.Files, FilesContainers, FilesNetwork)
	}
	if n.MaxNames < 1 || n.MaxNames > mostNames {
		o.wrong(prefix+".maxNames", "want 1 to %d: for more, set \"files\" to %q and ask a DNS server", mostNames, FilesNetwork)
	}
	n.Within = o.ranges("within")
	if err := n.Check(); err != nil {
		o.wrong(prefix+".network", "%v", err)
		return
	}
	for _, other := range c.Networks {
		if other.Network == n.Network {
			o.wrong(prefix+".network", "%v stands in the list already: take one out", n.Network)
			return
		}
	}
	n.Ranges = o.ranges("ranges")
	switch given := len(n.Ranges) > 0; {
	case given && n.Shared:
		o.wrong(prefix+".ranges", "a network that is shared has none: take one of the two out")
	case !given && !n.Shared:
		n.Ranges = o.rangesOfConflist(n, c.ConfDir)
	}
	for _, r := range n.Ranges {
		if len(n.Within) > 0 && !iprange.Covers(n.Within, r) {
			o.wrong(prefix+".within", "this host gives out %v, which is not in it: correct one of them", r)
		}
	}
	c.Networks = append(c.Networks, n)
}

// ranges takes a range, or a list of them.
func (o object) ranges(key string) []iprange.Range {
	const want = `a range such as "10.231.0.0/16", or a list of them`
	var one string
	var list []string
	raw := o.values[key]
	if json.Unmarshal(raw, &one) == nil && one != "" {
		list = []string{one}
	} else if !o.take(key, &list, want) {
		return nil
	}
	ranges, err := iprange.ParseAll(list)
	if err != nil {
		o.wrong(o.prefix+key, "%v: want %s", err, want)
	}
	return ranges
}

// rangesOfConflist returns the addresses that this host gives out by the conflist of the network.
func (o object) rangesOfConflist(n Network, confDir string) []iprange.Range {
	key := o.prefix + "network"
	path := conflist.Find(confDir, n.Name)
	if path == "" {
		o.wrong(key, "no conflist in %s has the network %s, so nothing says which addresses this host gives out: correct the name or confDir, or give ranges", confDir, n.Name)
		return nil
	}
	ranges, err := conflist.Ranges(path)
	if err != nil {
		o.wrong(key, "%v: give \"ranges\" here if this host alone gives some out, or set \"shared\" if one allocator serves all hosts", err)
	}
	return ranges
}
