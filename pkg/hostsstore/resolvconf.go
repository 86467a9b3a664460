package hostsstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// MaxResolvConf is how much of a resolv.conf or hostname file is read, in bytes.
const MaxResolvConf = 1 << 20

// Digest returns the SHA-256 of a file's content, hexadecimal.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Wrote reports whether data is what the record says that was written, or what was there before the writing was cut off,
// or what Overwrite leaves when it is cut off.
func (had *ResolvConf) Wrote(data []byte) bool {
	if Digest(data) == had.Digest {
		return true
	}
	return had.Former != "" && (Digest(data) == had.Former || Digest(withoutPadding(data)) == had.Digest)
}

// withoutPadding takes the newlines off that Overwrite has filled a file with.
func withoutPadding(data []byte) []byte {
	data = bytes.TrimRight(data, "\n")
	if len(data) > 0 {
		data = append(data[:len(data):len(data)], '\n')
	}
	return data
}
