// Package hardened tests what the programs are made of and what they need: static, reproducible, no program run by what
// writes the files, and no capability but for what is said here; and that the systemd units hold them to it, and work.
//
// It needs root, to drop capabilities and to start a systemd in namespaces.
package hardened
