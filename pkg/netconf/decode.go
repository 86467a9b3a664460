package netconf

import "encoding/json"

// decode decodes the keys of the configuration one by one, and reports whether it has understood them all: for json to learn what the
// fields of a structure are takes longer than all the values of a usual configuration.
func (c *Conf) decode(keys map[string]json.RawMessage) bool {
	for key, value := range keys {
		if field := c.field(key); field != nil && json.Unmarshal(value, field) != nil {
			return false
		}
	}
	return true
}

// field returns where the value of a key goes, nil for one that is not of the structure.
func (c *Conf) field(key string) any {
	switch key {
	case "cniVersion":
		return &c.CNIVersion
	case "name":
		return &c.Name
	case "type":
		return &c.Type
	case "capabilities":
		return &c.Capabilities
	case "ipam":
		return &c.IPAM
	case "dns":
		return &c.DNS
	case "prevResult":
		return &c.RawPrevResult
	case "cni.dev/valid-attachments":
		return &c.ValidAttachments
	case "dataDir":
		return &c.DataDir
	case "namespace":
		return &c.Namespace
	case "domain":
		return &c.Domain
	case "fallbackNameservers":
		return &c.FallbackNameservers
	case "extraHosts":
		return &c.ExtraHosts
	case "marker":
		return &c.Marker
	case "allowQualifiedAliases":
		return &c.AllowQualifiedAliases
	case "keepFiles":
		return &c.KeepFiles
	case "baseHostsFile":
		return &c.BaseHostsFile
	case "lockTimeout":
		return &c.LockTimeoutText
	case "podNames":
		return &c.PodNames
	case "logFile":
		return &c.LogFile
	case "logLevel":
		return &c.LogLevelText
	case "runtimeConfig":
		return &c.Runtime
	}
	return nil
}
