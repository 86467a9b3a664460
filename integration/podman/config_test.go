package podman

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcfiles/etcfiles/integration/internal/page"
)

// object is a JSON object.
type object = map[string]any

const imageName = "box"

// furnish gives the world its settings, without which Podman would read those of the machine, and an image.
func (w *world) furnish() error {
	old, err := filepath.Glob(w.Inside(confDir + "/*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for path, text := range map[string]string{
		hostConf: "nameserver " + nameserver + "\n",
		storageConf: `[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
`,
		"/etc/containers/policy.json": `{"default": [{"type": "insecureAcceptAnything"}]}`,
	} {
		if err := w.write(path, []byte(text)); err != nil {
			return err
		}
	}
	if err := w.configure(nil); err != nil {
		return err
	}
	_, _, err = w.run("podman", "import", "--quiet", imageTar, imageName)
	return err
}

// configure writes containers.conf(5) as the command setup of the scripts says, and hooks.d as the page on drivers does.
func (w *world) configure(modes []string) error {
	conf := fmt.Sprintf(`[containers]
log_driver = "k8s-file"
no_hosts = %t
[engine]
runtime = %q
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "/run/libpod"
hooks_dir = [%q]
`, slices.Contains(modes, "no-hosts"), w.runtime, hooksDir)
	if hasCNI {
		conf += fmt.Sprintf("[network]\nnetwork_backend = \"cni\"\nnetwork_config_dir = %q\ncni_plugin_dirs = [%q]\n", confDir, binDir)
	}
	if err := w.write(podmanConf, []byte(conf)); err != nil {
		return err
	}
	block, err := page.Find("../../plugins/meta/etcfiles/DRIVERS.md", "podman by hand")
	if err != nil {
		return err
	}
	if slices.Contains(modes, "override") {
		block = strings.Replace(block, "--hooks-d mount", "--hooks-d mount --override", 1)
	}
	if slices.Contains(modes, "cni-hook") {
		block += "oci-cni-hook spec --bin-dir " + binDir + " --hooks-d cni --networks lab >" + hooksDir + "/etcfiles-cni.json\n"
	}
	_, _, err = w.run("env", "PATH="+binDir+":"+os.Getenv("PATH"), "bash", "-euo", "pipefail", "-c", block)
	return err
}

// addNetwork installs the conflist that is shipped, with a name, a bridge and a subnet of its own, and the
// recorder before etcfiles, which is given the keys of a JSON object, in place of the former conflist of that name: the first network is 10.231.10.0/24, the second 10.231.20.0/24.
func (w *world) addNetwork(name string, keys ...string) error {
	if !slices.Contains(w.networks, name) {
		w.networks = append(w.networks, name)
	}
	number := 10 * (slices.Index(w.networks, name) + 1)
	b, err := os.ReadFile(filepath.Join("..", "..", "conflists", "10-bridge.conflist"))
	if err != nil {
		return err
	}
	var list object
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	chain := list["plugins"].([]any)
	bridge, etcfiles := chain[0].(object), chain[len(chain)-1].(object)
	if bridge["type"] != "bridge" || etcfiles["type"] != "etcfiles" {
		return fmt.Errorf("the shipped conflist does not begin with bridge and end with etcfiles: %v", chain)
	}
	for _, text := range keys {
		if err := json.Unmarshal([]byte(text), &etcfiles); err != nil {
			return err
		}
	}
	bridge["bridge"] = "cni-" + name
	bridge["ipam"].(object)["ranges"] = []any{[]any{object{"subnet": fmt.Sprintf("10.231.%d.0/24", number)}}}
	list["name"] = name
	list["plugins"] = slices.Insert(chain, len(chain)-1, any(object{
		"type": "recorder", "dir": w.dir, "capabilities": etcfiles["capabilities"],
	}))
	if b, err = json.Marshal(list); err != nil {
		return err
	}
	return w.write(fmt.Sprintf("%s/%d-%s.conflist", confDir, number, name), b)
}
