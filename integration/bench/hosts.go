package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
)

// addresses returns what a name stands for in a hosts file's text, in the order of the lines.
func addresses(text []byte, name string) []string {
	var found []string
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(name))
		if i < 0 {
			return found
		}
		start := bytes.LastIndexByte(text[:at+i], '\n') + 1
		end := len(text)
		if j := bytes.IndexByte(text[at+i:], '\n'); j >= 0 {
			end = at + i + j
		}
		line, _, _ := bytes.Cut(text[start:end], []byte("#"))
		if fields := bytes.Fields(line); len(fields) > 1 {
			same := func(field []byte) bool { return string(field) == name }
			if slices.ContainsFunc(fields[1:], same) {
				found = append(found, string(fields[0]))
			}
		}
		at = end
	}
}

// checkHosts says what is wrong unless both names of c stand for want, and for nothing else, in the file.
func checkHosts(path string, c container, want ...string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, name := range []string{c.name(), c.hostname()} {
		if got := addresses(text, name); !slices.Equal(got, want) {
			return fmt.Errorf("%s: %s resolves to %q, expected %q", path, name, got, want)
		}
	}
	return nil
}

// checkPeers looks into the hosts files of peers: c is there if present, and is not if not. Every peer finds itself too.
func checkPeers(path func(container) string, peers []container, c container, present bool) error {
	var want []string
	if present {
		want = []string{c.address().String()}
	}
	for _, peer := range peers {
		if err := checkHosts(path(peer), c, want...); err != nil {
			return err
		}
		if err := checkHosts(path(peer), peer, peer.address().String()); err != nil {
			return err
		}
	}
	return nil
}
