// Package straced finds the system calls at which strace(1) can disturb a program.
package straced

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Changing are the system calls by which the plugin changes files.
var Changing = []string{
	"pwrite64", "pwritev2", "write", "renameat", "unlinkat", "mkdirat", "ftruncate", "fchmod", "fchmodat", "fsync", "openat",
}

// Command returns strace with a log and further arguments, to be put before a command. A program in Go is to run with
// GOMAXPROCS=2: then Go leaves a goroutine on its thread for as long as its calls are short, and strace counts for each
// thread by itself.
func Command(log string, args ...string) []string {
	return append([]string{"strace", "-f", "-qq", "-y", "-s", "0", "-o", log}, args...)
}

// Point is one system call: the Number-th of its Name in its Thread.
type Point struct {
	Thread string
	Name   string
	Number int
	Text   string // as strace prints it
}

func (p Point) String() string { return fmt.Sprintf("%s no. %d", p.Name, p.Number) }

// Kill returns strace's arguments for kill -9 before the call.
func (p Point) Kill() []string {
	return []string{"-e", "trace=" + p.Name, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", p.Name, p.Number)}
}

// Killed reports whether a log tells of a kill.
func Killed(log string) bool { return strings.Contains(log, "killed by SIGKILL") }

var callLine = regexp.MustCompile(`^(\d+) +([a-z]\w+)\(`)

// Points returns the calls of the names in a log that concern files below a directory.
func Points(log string, names []string, dir string) []Point {
	var list []Point
	numbers := map[string]int{}
	for l := range strings.Lines(log) {
		m := callLine.FindStringSubmatch(l)
		if m == nil || !slices.Contains(names, m[2]) {
			continue
		}
		numbers[m[1]+m[2]]++
		if strings.Contains(l, dir) {
			list = append(list, Point{m[1], m[2], numbers[m[1]+m[2]], l})
		}
	}
	return list
}

// Changes returns those of the points that change a file: an openat that creates nothing is none.
func Changes(list []Point) []Point {
	return slices.DeleteFunc(slices.Clone(list), func(p Point) bool { return p.Name == "openat" && !strings.Contains(p.Text, "O_CREAT") })
}
