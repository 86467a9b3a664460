// Package etcfiles is what the plugin does: Add, Del, Check, GC and Status over the store of records and the live hosts
// files. It knows nothing of CNI's environment, configuration or error codes.
package etcfiles
