package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// traced are the system calls that change files. Of the others in the second list the plugin makes none: the recorder
// does not know them.
var (
	traced = []string{
		"openat", "write", "pwrite64", "pwritev2", "ftruncate", "renameat", "unlinkat", "mkdirat", "fchmod", "fchmodat", "fsync",
	}
	unknown = []string{
		"open", "creat", "pwritev", "writev", "truncate", "rename", "renameat2", "unlink", "rmdir", "mkdir", "chmod", "fdatasync",
		"link", "linkat", "symlink", "symlinkat", "fallocate", "copy_file_range", "sendfile", "sync", "syncfs", "sync_file_range",
		"openat2", "mknod", "mknodat", "fchown", "fchownat", "chown", "lchown",
	}
)

// syscallLine is one successful call.
type syscallLine struct {
	name   string
	args   []string
	result int64
	rest   string // what -y says of the result
}

var (
	wholeLine  = regexp.MustCompile(`^\d+ +(\w+)\((.*)\) += (\d+)(.*)$`)
	cutLine    = regexp.MustCompile(`^(\d+) +(\w+)\((.*?),? *<unfinished \.\.\.>$`)
	resumeLine = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	hexByte    = regexp.MustCompile(`\\x([0-9a-f]{2})`)
)

// parseTrace returns the successful calls of a log of strace -f -y -xx, in the order of their ends.
func parseTrace(log string) []syscallLine {
	var list []syscallLine
	cut := map[string]string{} // thread to the beginning of the line
	for line := range strings.Lines(log) {
		line = strings.TrimSuffix(line, "\n")
		if m := cutLine.FindStringSubmatch(line); m != nil {
			cut[m[1]] = m[1] + " " + m[2] + "(" + m[3]
			continue
		}
		if m := resumeLine.FindStringSubmatch(line); m != nil {
			line = cut[m[1]] + m[3]
		}
		m := wholeLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n, _ := strconv.ParseInt(m[3], 10, 64)
		list = append(list, syscallLine{m[1], strings.Split(m[2], ", "), n, m[4]})
	}
	return list
}

func unhex(s string) string {
	return hexByte.ReplaceAllStringFunc(s, func(h string) string {
		b, _ := strconv.ParseUint(h[2:], 16, 8)
		return string([]byte{byte(b)})
	})
}

// text returns argument i, a string.
func (l syscallLine) text(i int) string { return unhex(strings.Trim(l.args[i], `"[]`)) }

// number returns argument i, a number.
func (l syscallLine) number(i int) int64 {
	n, err := strconv.ParseInt(l.args[i], 0, 64)
	if err != nil {
		panic(fmt.Sprintf("%s: argument %d of %v is not a number", l.name, i, l.args))
	}
	return n
}

// file returns the path that -y gives a descriptor.
func file(descriptor string) string {
	_, path, _ := strings.Cut(descriptor, "<")
	return unhex(strings.TrimSuffix(path, ">"))
}

// run runs the call under strace, which must succeed, and records its changes of files.
func (d *recorder) run(t *testing.T, c call) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	cmd := c.command("strace", "-f", "-qq", "-y", "-xx", "-s", "16777216", "-e", "signal=none", "-o", log,
		"-e", "trace="+strings.Join(traced, ",")+",?"+strings.Join(unknown, ",?"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", c.verb, c.Attachment, err, out)
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	before := len(d.events)
	for _, l := range parseTrace(string(b)) {
		if err := d.record(l); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.events) == before {
		t.Fatalf("%s %v has changed nothing", c.verb, c.Attachment)
	}
	d.operations++
	d.compare(t)
}
