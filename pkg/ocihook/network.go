package ocihook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containernetworking/cni/libcni"

	"github.com/etcfiles/etcfiles/pkg/names"
)

// loadNetworks returns the networks of the names, in their order, or that of the first conflist of the directory in the
// order of file names if there is no name. A file that cannot be read, or that is no conflist, matters only when a name is
// missing, and a network that two files define in two ways only when it is wanted.
func loadNetworks(dir string, wanted []string) ([]*libcni.NetworkConfigList, error) {
	files, err := conflists(dir)
	if err != nil {
		return nil, err
	}
	defined := map[string][]definition{}
	first := ""
	var broken []error
	for i, file := range files {
		network, err := libcni.NetworkConfFromFile(file)
		switch {
		case err != nil && i == 0 && len(wanted) == 0: // to take the next one would put containers into another network
			return nil, fmt.Errorf("%s: %w: it is the first conflist, whose network a container joins that names none: correct it, remove it, or name a network", file, err)
		case err != nil:
			broken = append(broken, fmt.Errorf("%s: %w", file, err))
			continue
		case i == 0:
			first = network.Name
		}
		defined[network.Name] = append(defined[network.Name], definition{file, network})
	}
	if len(wanted) == 0 {
		if first == "" {
			return nil, errors.Join(append(single(dir, ""), fmt.Errorf("%w: put a conflist into %s", errNoConflist, dir))...)
		}
		wanted = []string{first}
	}
	var out []*libcni.NetworkConfigList
	for i, name := range wanted {
		if slices.Contains(wanted[:i], name) {
			return nil, fmt.Errorf("network %s: it is named twice: a container is attached to a network once", name)
		}
		if len(defined[name]) == 0 {
			missing := fmt.Errorf("network %s: no conflist in %s has that name", name, dir)
			return nil, errors.Join(append(append([]error{missing}, broken...), single(dir, name)...)...)
		}
		network, err := only(defined[name])
		if err != nil {
			return nil, err
		}
		out = append(out, network)
	}
	return out, nil
}

// errNoConflist says that a directory has no conflist at all.
var errNoConflist = errors.New("no network")

// conflists returns the files of conflists in a directory, in the order of their names.
func conflists(dir string) ([]string, error) {
	files, err := libcni.ConfFiles(dir, []string{".conflist"})
	slices.Sort(files)
	return files, err
}

// NetworkNames returns the names of the networks in the directory of conflists, for the completion of a command line.
func (h *Hook) NetworkNames() []string {
	files, _ := conflists(h.ConfDir)
	var out []string
	for _, file := range files {
		if n, err := libcni.NetworkConfFromFile(file); err == nil && names.CheckElement(n.Name) == nil {
			out = append(out, n.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// definition is a network of a conflist.
type definition struct {
	file    string
	network *libcni.NetworkConfigList
}

// only returns the network that the definitions are of, which must say the same.
func only(all []definition) (*libcni.NetworkConfigList, error) {
	for _, other := range all[1:] {
		if !bytes.Equal(other.network.Bytes, all[0].network.Bytes) {
			return nil, fmt.Errorf("network %s: both %s and %s define it, each in another way: remove one, or give it another name",
				all[0].network.Name, all[0].file, other.file)
		}
	}
	return all[0].network, nil
}

// single returns, as errors, the files of a directory that define the network, or any if the name is empty, in a form that
// other runtimes take and that is no chain.
func single(dir, name string) []error {
	files, err := libcni.ConfFiles(dir, []string{".conf", ".json"})
	if err != nil {
		return []error{err}
	}
	slices.Sort(files)
	var out []error
	for _, file := range files {
		var conf struct {
			Name, Type string
			Plugins    []any
		}
		b, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(b, &conf) != nil || name != "" && conf.Name != name {
			continue
		}
		remedy := fmt.Sprintf("make it a conflist, with its plugin %s in the list \"plugins\"", conf.Type)
		if conf.Plugins != nil {
			remedy = fmt.Sprintf("rename it to %s.conflist", strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
		}
		out = append(out, fmt.Errorf("%s defines network %s and is passed over: %s", file, conf.Name, remedy))
	}
	return out
}

// takes reports whether a plugin of the network has declared the capability.
func takes(network *libcni.NetworkConfigList, capability string) bool {
	return slices.ContainsFunc(network.Plugins, func(p *libcni.PluginConfig) bool { return p.Network.Capabilities[capability] })
}
