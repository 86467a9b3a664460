// Package hardened tests what the programs are made of and what they need: static, reproducible, no program run by what
// writes the files, and no capability but for what is said here.
//
// It needs root, to drop capabilities.
package hardened
