package cluster

import "testing"

// TestCheckHost: who could take a right of somebody else's by his name is no host.
func TestCheckHost(t *testing.T) {
	for host, ok := range map[string]bool{"h1": true, "node-7": true, "": false, "H1": false, "a.b": false, "a/b": false, "root": false} {
		if err := CheckHost(host); (err == nil) != ok {
			t.Errorf("%q: %v", host, err)
		}
	}
}
