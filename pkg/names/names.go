// Package names decides what may be a name: what must be refused, because it would break a hosts file, and what is only
// of no use, because no resolver would look it up.
package names

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

const (
	maxLabel    = 63  // RFC 1035, section 2.3.4
	maxName     = 253 // RFC 1035, section 2.3.4, in text without the final dot
	maxHostname = 64  // __NEW_UTS_LEN of the kernel, see sethostname(2)
	maxElement  = 255 // NAME_MAX of the kernel
)

var (
	// errRefused is the error for what must not be written at all: the request is to be refused.
	errRefused = errors.New("refused")
	// errUnusable is every UnusableError.
	errUnusable = errors.New("not usable as a host name")
)

// UnusableError is the error for a name that cannot be looked up in DNS: it is to be left out with a warning.
type UnusableError struct {
	Name   string
	Reason string // such as "it is an IP address"
}

func (e *UnusableError) Error() string {
	return fmt.Sprintf("name %q is %v: %s", e.Name, errUnusable, e.Reason)
}

// Unwrap makes it an errUnusable.
func (e *UnusableError) Unwrap() error { return errUnusable }

// Name is a host name that can be written to hosts(5) and looked up; only Parse makes one.
type Name struct{ s string }

// String returns the name as it was given.
func (n Name) String() string { return n.s }

// Parse parses a host name in the sense of RFC 1123 with underscores allowed, case kept. The error is an
// UnusableError, and the name is to be left out, for a label over 63 or a name over 253 bytes, an empty label,
// anything outside [A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?, an IP address in any form of inet_aton(3), and the names of loopback and of the host,
// which no container may claim, see reserved.go. For an empty name and what Check refuses it is another: the request is to be refused.
func Parse(s string) (Name, error) {
	n, err := ParseGiven(s)
	if err == nil {
		if reason := reserved(s); reason != "" {
			return Name{}, &UnusableError{s, reason}
		}
	}
	return n, err
}

// ParseGiven is Parse for a name that whoever runs the container gives an address to: any may be given, also one that is reserved.
func ParseGiven(s string) (Name, error) {
	if s == "" {
		return Name{}, fmt.Errorf("empty name: %w", errRefused)
	}
	reason := unusable(s)
	if reason == "" { // then Check has nothing against it
		return Name{s}, nil
	}
	if err := Check(s); err != nil {
		return Name{}, err
	}
	return Name{}, &UnusableError{s, reason}
}

func unusable(s string) string {
	if digit := '0' <= s[0] && s[0] <= '9'; digit || strings.Contains(s, ":") { // a file of another host has thousands of names
		if _, err := netip.ParseAddr(s); err == nil || isNumber(s) {
			return "it is an IP address"
		}
	}
	if len(s) > maxName {
		return fmt.Sprintf("it is longer than %d bytes", maxName)
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && (i == 0 || (c != '_' && (i == len(s)-1 || (c != '-' && c != '.')))) {
			return "it holds a character that is not allowed there"
		}
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" {
			return "it has an empty label"
		}
		if len(label) > maxLabel {
			return fmt.Sprintf("a label is longer than %d bytes", maxLabel)
		}
	}
	return ""
}

// isNumber reports whether inet_aton(3) takes s for an IPv4 address, as getaddrinfo(3) of glibc and musl do before they look
// a name up: up to four parts, decimal, octal after 0 or hexadecimal after 0x, of which the last fills the bytes that are left.
func isNumber(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return false
	}
	for i, part := range parts {
		base, bits := 10, 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		if digits, ok := strings.CutPrefix(strings.ToLower(part), "0x"); ok {
			base, part = 16, digits
		} else if digits, ok := strings.CutPrefix(part, "0"); ok && digits != "" {
			base, part = 8, digits
		}
		if _, err := strconv.ParseUint(part, base, bits); err != nil {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// Check returns an error if s holds a control character, any blank, '#' or ',': it would break the
// line of a hosts file. An empty s is fine.
func Check(s string) error {
	for _, r := range s {
		if r == '#' || r == ',' || unicode.IsControl(r) || unicode.IsSpace(r) {
			return fmt.Errorf("%q: %w: it holds %q, and no blank, control character, '#' or ',' is allowed", s, errRefused, r)
		}
	}
	return nil
}

// CheckHostname is Check with the kernel's limit of 64 bytes for a hostname, see sethostname(2).
func CheckHostname(s string) error {
	if len(s) > maxHostname {
		return fmt.Errorf("%q: %w: it is %d bytes long, and the kernel takes %d", s, errRefused, len(s), maxHostname)
	}
	return Check(s)
}

// CheckElement returns an error unless s is safe as one element of a path: 1 to 255 of
// [A-Za-z0-9_.-], the first of [A-Za-z0-9]. It is the rule of the CNI specification for container IDs and network names.
func CheckElement(s string) error {
	if s == "" {
		return fmt.Errorf("empty: %w", errRefused)
	}
	if len(s) > maxElement {
		return fmt.Errorf("%.20q…: %w: it is %d bytes long, and a file name has at most %d", s, errRefused, len(s), maxElement)
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && (i == 0 || (c != '_' && c != '-' && c != '.')) {
			return fmt.Errorf("%q: %w: want letters, digits, '_', '.' and '-', the first a letter or digit", s, errRefused)
		}
	}
	return nil
}

// TrimDots takes stray dots off both ends.
func TrimDots(s string) string { return strings.Trim(s, ".") }

// Join returns host.domain, stray dots trimmed; a domain that host already ends in is not doubled.
func Join(host, domain string) string {
	host, domain = TrimDots(host), TrimDots(domain)
	if domain == "" || host == "" || strings.EqualFold(host, domain) ||
		strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(domain)) {
		return host
	}
	return host + "." + domain
}
