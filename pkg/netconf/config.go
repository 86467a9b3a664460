package netconf

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/containernetworking/cni/pkg/types"

	"github.com/etcfiles/etcfiles/pkg/decide"
	"github.com/etcfiles/etcfiles/pkg/etcfiles"
	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/names"
	"github.com/etcfiles/etcfiles/pkg/request"
)

// What holds where the configuration says nothing.
const (
	DefaultDataDir     = "/var/lib/etcfiles"
	defaultMarker      = string(etcfiles.DefaultMarker)
	defaultLockTimeout = 30 * time.Second
	DefaultNamespace   = "default"
	podNamespace       = "k8s.io" // containerd's namespace of CRI
	podNamesAuto       = "auto"
)

// Conf is the plugin's part of a conflist, as libcni hands it over on stdin. The keys are described in the plugin's
// reference page.
type Conf struct {
	types.PluginConf

	DataDir               string          `json:"dataDir"`
	Namespace             string          `json:"namespace"`
	Domain                string          `json:"domain"`
	DNSSettings           dnsSettings     `json:"-"`
	FallbackNameservers   []string        `json:"fallbackNameservers"`
	ExtraHosts            []string        `json:"extraHosts"`
	Marker                string          `json:"marker"`
	AllowQualifiedAliases bool            `json:"allowQualifiedAliases"`
	KeepFiles             bool            `json:"keepFiles"`
	BaseHostsFile         string          `json:"baseHostsFile"`
	LockTimeoutText       string          `json:"lockTimeout"`
	PodNames              string          `json:"podNames"`
	LogFile               string          `json:"logFile"`
	LogLevelText          string          `json:"logLevel"`
	Runtime               json.RawMessage `json:"runtimeConfig"`

	lockTimeout time.Duration
	logLevel    slog.Level
	runtime     runtimeConfig
	valid       []etcfiles.Valid
	validErr    error
}

// Parse reads stdin. With an error that concerns a value only it returns what could be read as well. The error wraps
// ErrDecoding, or request.ErrInvalid for a key or value that cannot be, and names the key. Of prevResult only Request takes more than a
// look, since a DEL has no use for it.
func Parse(stdin []byte) (*Conf, error) {
	c, errs := parse(stdin)
	if len(errs) > 0 {
		return c, errs[0]
	}
	return c, nil
}

// ParseAll is Parse with every error instead of the first. Those about one key are a request.KeyError or an UnknownKeyError.
func ParseAll(stdin []byte) (*Conf, []error) {
	c, errs := parse(stdin)
	if c != nil {
		if err := c.parsePrevious(); err != nil {
			errs = append(errs, err)
		}
	}
	return c, errs
}

func parse(stdin []byte) (*Conf, []error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(stdin, &keys); err != nil {
		return nil, []error{decodingError("the configuration on stdin", fmt.Errorf("it is not a JSON object: %w", err))}
	}
	c, unknown := &Conf{}, unknownKeys("", keys, Keys, slices.Concat(libraryKeys, deviceKeys)...)
	var errs []error
	if len(unknown) > 0 || !c.decode(keys) {
		c = &Conf{}
		if err := json.Unmarshal(stdin, c); err != nil {
			var wrong *json.UnmarshalTypeError
			if !errors.As(err, &wrong) {
				return nil, []error{decodingError("the configuration on stdin", err)}
			}
			errs = append(errs, typeErrors(keys)...)
		}
	}
	errs = append(errs, unknown...)
	var capabilities map[string]json.RawMessage
	if json.Unmarshal(keys["capabilities"], &capabilities) == nil {
		errs = append(errs, unknownKeys("capabilities.", capabilities, Capabilities)...)
	}
	errs = append(errs, c.DNSSettings.decodeAll("dns", keys["dns"])...)
	c.parseValid(keys)
	errs = append(errs, c.complete()...)
	var err error
	if c.runtime, err = parseRuntimeConfig(c.Runtime); err != nil {
		errs = append(errs, err)
	}
	if place := null("prevResult", c.RawPrevResult); place != "" {
		errs = append(errs, request.Refuse(place, "it is null; see what the plugin before etcfiles prints"))
		c.RawPrevResult = nil
	}
	return c, errs
}

// typeErrors returns an error for each value of a type that its key does not take. It is slow, and for a configuration that has one.
func typeErrors(keys map[string]json.RawMessage) []error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		one, err := json.Marshal(map[string]json.RawMessage{key: keys[key]})
		var wrong *json.UnmarshalTypeError
		if err == nil && errors.As(json.Unmarshal(one, &Conf{}), &wrong) {
			errs = append(errs, wrongKey(wrong.Field, "it is a JSON %s%s", wrong.Value, wanted(wrong.Field)))
		}
	}
	return errs
}

// wanted says what one of the plugin's own keys takes instead.
func wanted(key string) string {
	for _, k := range Keys {
		switch {
		case k.Name != key:
		case key == "lockTimeout":
			return `: want a duration in a string, such as "30s"`
		default:
			return ": want a " + k.Type
		}
	}
	return ""
}

// wrongKey returns the error about a key of the configuration itself.
func wrongKey(key, format string, args ...any) error {
	return fmt.Errorf("key %w", request.Refuse(key, format, args...))
}

// ErrDecoding is the error of Parse for what is not JSON, or not the result of a plugin.
var ErrDecoding = errors.New("cannot be decoded")

func decodingError(what string, err error) error {
	return fmt.Errorf("%s %w: %w", what, ErrDecoding, err)
}

// complete puts the defaults in and refuses values that cannot be.
func (c *Conf) complete() []error {
	c.lockTimeout = defaultLockTimeout
	var errs []error
	refuse := func(key, format string, args ...any) {
		errs = append(errs, wrongKey(key, format, args...))
	}
	if c.DataDir == "" {
		c.DataDir = DefaultDataDir
	}
	if !filepath.IsAbs(c.DataDir) {
		refuse("dataDir", "%q is relative: give an absolute path", c.DataDir)
	}
	c.DataDir = filepath.Clean(c.DataDir)
	if c.BaseHostsFile != "" && !filepath.IsAbs(c.BaseHostsFile) {
		refuse("baseHostsFile", "%q is relative: give an absolute path", c.BaseHostsFile)
	}
	if c.Marker == "" {
		c.Marker = defaultMarker
	}
	if err := names.CheckElement(c.Marker); err != nil || len(c.Marker) > maxMarker {
		refuse("marker", "%q is no word of letters, digits, dots, dashes and underscores of at most %d characters", c.Marker, maxMarker)
	}
	if c.Namespace != "" {
		if err := names.CheckElement(c.Namespace); err != nil {
			refuse("namespace", "%w", err)
		}
	}
	if c.LockTimeoutText != "" {
		d, err := time.ParseDuration(c.LockTimeoutText)
		if err != nil || d <= 0 {
			refuse("lockTimeout", `%q is not a duration, such as "30s"`, c.LockTimeoutText)
		} else {
			c.lockTimeout = d
		}
	}
	if c.PodNames == "" {
		c.PodNames = podNamesAuto
	}
	if !slices.Contains([]string{podNamesAuto, decide.PodNamesShort, decide.PodNamesQualified, decide.PodNamesNone}, c.PodNames) {
		refuse("podNames", "%q is none of auto, short, qualified and none", c.PodNames)
	}
	if c.LogFile != "" && !filepath.IsAbs(c.LogFile) {
		refuse("logFile", "%q is relative: give an absolute path", c.LogFile)
		c.LogFile = ""
	}
	switch c.LogLevelText {
	case "debug":
		c.logLevel = slog.LevelDebug
	case "info", "":
		c.logLevel = slog.LevelInfo
	case "warn":
		c.logLevel = slog.LevelWarn
	case "error":
		c.logLevel = slog.LevelError
	default:
		refuse("logLevel", "%q is none of debug, info, warn and error", c.LogLevelText)
	}
	return errs
}

// LogLevel returns the least level that is logged: info unless the configuration says otherwise.
func (c *Conf) LogLevel() slog.Level { return c.logLevel }

// maxMarker keeps the marker lines short; they are written with every name that is added.
const maxMarker = 64

// Manager returns what does the operations on the data directory of the configuration. warnf takes what does not stop an
// operation.
func (c *Conf) Manager(warnf func(string, ...any)) *etcfiles.Manager {
	return &etcfiles.Manager{
		Dir: hostsstore.Dir(c.DataDir), Marker: etchosts.Marker(c.Marker), LockTimeout: c.lockTimeout,
		KeepFiles: c.KeepFiles, BaseHostsFile: c.BaseHostsFile, HostDNS: HostDNS, Warnf: warnf,
	}
}
