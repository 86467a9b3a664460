package conflist

import "cmp"

// Have is what a configuration says of its network and of the plugin in it.
type Have struct {
	Network string
	Plugin  bool   // it has the plugin, at any place
	DataDir string // that is given to the plugin, "" for none
}

// Brief reads the configuration at a path as far as it can be read; what is wrong with it Look says.
func Brief(path string) Have {
	n := neighbourAt(path)
	have := Have{Network: n.Network, Plugin: concerned(path, n.list)}
	for _, item := range n.items() {
		if name, _ := item.get("type").text(); name == pluginType {
			dir, _ := item.get("dataDir").text()
			have.DataDir = cmp.Or(have.DataDir, dir)
		}
	}
	return have
}
