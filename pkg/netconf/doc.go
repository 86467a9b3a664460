// Package netconf reads the plugin's configuration (CNI specification, section 1 "Network configuration format", and the
// conventions for capability arguments) and makes of it, and of CNI's environment, what is asked of the operations.
package netconf
