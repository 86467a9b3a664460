package containerd

import (
	"slices"
	"strings"
	"testing"
)

// TestFailingLast has the plugin behind etcfiles fail ADD. containerd calls DEL for the whole chain then, with the network namespace and
// without prevResult, and etcfiles leaves nothing.
func TestFailingLast(t *testing.T) {
	onEach(t, failing, func(t *testing.T, n *node) {
		if _, err := n.tryPod(n.podConfig("web"), ""); err == nil || !strings.Contains(err.Error(), "told to fail") {
			t.Fatalf("the pod of a failing plugin: %v", err)
		}
		var got []string
		for _, c := range n.calls() {
			got = append(got, c.String())
		}
		if want := []string{"ADD netns=true prevResult=true", "DEL netns=true prevResult=false"}; !slices.Equal(got, want) {
			t.Errorf("calls of the failing plugin:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		n.expectOnlyFirewallRules()
	})
}

// TestRefused has etcfiles itself refuse a pod: the error says why, and the pod can be started again without what was wrong.
func TestRefused(t *testing.T) {
	onEach(t, ship(shipped), func(t *testing.T, n *node) {
		config := n.podConfig("web")
		config.Annotations = map[string]string{"etcfiles/aliases": "two words"}
		if _, err := n.tryPod(config, ""); err == nil || !strings.Contains(err.Error(), `"two words"`) {
			t.Errorf("a pod with a bad alias: %v", err)
		}
		n.expectOnlyFirewallRules()
		config.Annotations = nil
		web, err := n.tryPod(config, "")
		if err != nil {
			t.Fatal(err)
		}
		web.expectName("web", web.address())
	})
}

// expectOnlyFirewallRules fails the test if anything is left but the rules of the plugin firewall, which takes them away by
// prevResult only, and containerd has none for an ADD that did not come to its end.
func (n *node) expectOnlyFirewallRules() {
	n.t.Helper()
	for _, left := range n.leftovers() {
		if !strings.HasPrefix(left, "iptables: -A CNI-FORWARD ") {
			n.t.Errorf("left over: %s", left)
		}
	}
}
