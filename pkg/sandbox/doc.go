// Package sandbox looks into running containers from outside, as proc(5) shows them: which processes are in a network
// namespace, and what they have at a path. A container is not trusted: every path is resolved inside its root, nothing
// that could block is opened, and who does not answer in time is left.
package sandbox
