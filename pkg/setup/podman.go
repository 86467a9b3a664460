package setup

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/conflist"
)

// Of Podman, see containers.conf(5).
const (
	podmanDropIns = "/etc/containers/containers.conf.d"
	podmanDropIn  = podmanDropIns + "/90-etcfiles.conf"
	podmanHooks   = "/etc/containers/oci/hooks.d"
	mountFile     = "etcfiles-mount.json"
	cniFile       = "etcfiles-cni.json"
	adoptFile     = "etcfiles-adopt.json"
)

// podmanBinDirs are where Podman looks for CNI plugins when nothing else is said.
var podmanBinDirs = []string{"/usr/local/libexec/cni", "/usr/libexec/cni", "/usr/local/lib/cni", "/usr/lib/cni", "/opt/cni/bin"}

func (h *Host) podmanConf() (conf, error) {
	return h.readConf(slices.Concat([]string{"/usr/share/containers/containers.conf", "/etc/containers/containers.conf"}, h.glob(podmanDropIns+"/*.conf"))...)
}

func (h *Host) setupPodman(p *Plan) error {
	program := h.command("podman")
	if program == "" {
		return ErrNotInstalled
	}
	p.wired = h.exists(filepath.Join(podmanHooks, mountFile))
	all, err := h.podmanConf()
	if err != nil {
		return err
	}
	cni, why, err := h.podmanCNI(program, all)
	if err != nil {
		return err
	}
	n := podmanNetwork(all)
	if !cni {
		return h.setupPodmanHooks(p, all, why)
	}
	p.Found = fmt.Sprintf("%s with CNI, networks in %s, plugins in %s", program, n.confDir, strings.Join(n.binDirs, ", "))
	given := all.without(podmanDropIn)
	list := h.inUse(n)
	every := list != "" && conflist.Brief(h.in(list)).Network == n.name // its network is every container's that names none
	var s settings
	keys := [][]string{{"network", "network_backend"}, {"engine", "hooks_dir"}}
	if k, _ := given.key("containers", "no_hosts"); every && (k == nil || !k.Bool) {
		s.add("containers", "no_hosts = true")
		keys = append(keys, []string{"containers", "no_hosts"})
	}
	if given.text("", "network", "network_backend") != "cni" {
		s.add("network", `network_backend = "cni"`)
	}
	dir := hooksDir(given, &s)
	what := "the hook that mounts the files, for every container"
	if !every {
		what += " that has some"
	}
	if err := h.setupHook(p, filepath.Join(dir, mountFile), what, mountHook(!every)); err != nil {
		return err
	}
	if err := h.setupConf(p, podmanDropIn, &s); err != nil {
		return err
	}
	for _, key := range keys {
		given.override(p, podmanDropIn, key...)
	}
	if every {
		p.Notes = append(p.Notes, "with no_hosts /etc/hosts is that of etcfiles: podman run --add-host is refused, and a container on no network of etcfiles has no /etc/hosts of Podman's")
	} else {
		p.Join = "podman run --network " + h.networkOf(list)
		p.Found += fmt.Sprintf("; its default network %q is not in there, so containers join by %s", n.name, p.Join)
	}
	return h.setupNetwork(p, n)
}

// networkOf returns the name of a configuration's network, or of the example's where there is none.
func (h *Host) networkOf(list string) string {
	if list == "" {
		return exampleNetwork
	}
	return conflist.Brief(h.in(list)).Network
}

// hooksDir returns a directory of hooks.d that is the administrator's, and has Podman read it.
func hooksDir(given conf, s *settings) string {
	dirs := given.list([]string{usrHooks}, "engine", "hooks_dir")
	for _, dir := range slices.Backward(dirs) {
		if !strings.HasPrefix(dir, "/usr/") && filepath.IsAbs(dir) {
			return filepath.Clean(dir)
		}
	}
	s.add("engine", "hooks_dir = %s", quoted(append(slices.Clone(dirs), podmanHooks)))
	return podmanHooks
}

func podmanNetwork(all conf) network {
	return network{
		confDir: filepath.Clean(all.text("/etc/cni/net.d", "network", "network_config_dir")),
		binDirs: all.list(podmanBinDirs, "network", "cni_plugin_dirs"),
		binKey:  "cni_plugin_dirs in containers.conf",
		name:    all.text("podman", "network", "default_network"),
	}
}

// hookNetwork is where oci-cni-hook has its networks, when nothing else is said.
var hookNetwork = network{confDir: "/etc/cni/net.d", binDirs: cniDirs, binKey: "--bin-dir in the file of oci-cni-hook in hooks.d"}

// setupPodmanHooks plans for a Podman whose own networks run no plugin: a container without a network of Podman's gets one from oci-cni-hook.
func (h *Host) setupPodmanHooks(p *Plan, all conf, why string) error {
	if err := h.setupNetwork(p, hookNetwork); err != nil {
		return err
	}
	lab := exampleNetwork
	if h.exists(p.list) {
		lab = h.networkOf(p.list)
	}
	p.Join = fmt.Sprintf("podman run --network none --annotation etcfiles/networks=%s --annotation etcfiles/name=NAME", lab)
	p.Found = fmt.Sprintf("Podman runs no CNI plugin (%s): containers join by %s", why, p.Join)
	var s settings
	dir := hooksDir(all.without(podmanDropIn), &s)
	cni := filepath.Join(dir, cniFile)
	there, err := h.read(cni)
	if err != nil {
		return err
	}
	networks := []string{lab}
	switch allowed := networksOf(there); {
	case p.made(cni, there): // containers may have those that it allows
		if networks = allowed; !slices.Contains(networks, lab) {
			networks = append(networks, lab)
		}
	case len(allowed) > 0 && !slices.Contains(allowed, lab):
		p.leave("%s lets containers name %s: add %s to its --networks", cni, strings.Join(allowed, ", "), lab)
	}
	if err := h.setupHook(p, cni, "the hook that runs CNI, for containers with the annotation etcfiles/networks", cniHook(strings.Join(networks, ","))); err != nil {
		return err
	}
	if err := h.setupHook(p, filepath.Join(dir, mountFile), "the hook that mounts the files, for every container that has some", mountHook(true)); err != nil {
		return err
	}
	all.without(podmanDropIn).override(p, podmanDropIn, "engine", "hooks_dir")
	return h.setupConf(p, podmanDropIn, &s)
}

// lastWithCNI is the last version of Podman that is built with CNI.
const lastWithCNI = 4

// podmanCNI reports whether Podman runs CNI plugins, and if it does not, why.
func (h *Host) podmanCNI(program string, all conf) (cni bool, why string, err error) {
	out, err := h.Run(program, "--version")
	if err != nil {
		return false, "", err
	}
	words := strings.Fields(string(out)) // podman version 4.3.1
	version := words[len(words)-1]
	major, err := strconv.Atoi(strings.Split(version, ".")[0])
	if err != nil {
		return false, "", fmt.Errorf("%s --version: %q does not end with a version", program, out)
	}
	if major > lastWithCNI {
		return false, "version " + version, nil
	}
	switch given := all.text("", "network", "network_backend"); given {
	case "cni":
		return true, "", nil
	case "":
	default:
		return false, fmt.Sprintf("network_backend = %q", given), nil
	}
	// What Podman does itself where nothing is said: it goes on as it has begun, and begins with netavark if that is there.
	begun, err := h.read("/var/lib/containers/storage/defaultNetworkBackend")
	if err != nil {
		return false, "", err
	}
	if name := strings.TrimSpace(string(begun)); name != "" {
		return name == "cni", "it has begun with " + name, nil
	}
	helpers := all.list([]string{"/usr/local/libexec/podman", "/usr/local/lib/podman", "/usr/libexec/podman", "/usr/lib/podman"}, "engine", "helper_binaries_dir")
	return h.program("netavark", helpers...) == "", "netavark is installed", nil
}

func (h *Host) undoPodman(p *Plan) error {
	all, err := h.podmanConf()
	p.note(err)
	usual := []string{podmanDropIn}
	for _, dir := range []string{podmanHooks, hooksDir(all, &settings{})} {
		add(&usual, filepath.Join(dir, mountFile), filepath.Join(dir, cniFile))
	}
	for _, path := range p.record.madeFor("podman", usual...) {
		h.undoFile(p, path)
	}
	return h.undoNetwork(p, podmanNetwork(all), hookNetwork)
}
