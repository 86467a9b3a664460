// Package conflists runs every conflist that is shipped with the real plugins, in network namespaces of its own.
package conflists
