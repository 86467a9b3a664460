package hostsstore

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/etcfiles/etcfiles/pkg/names"
)

// Adopted is a line that was taken over from a hosts file which a container's own covers, see Details.
type Adopted struct {
	Address netip.Addr
	Names   []string
	Own     bool // the address is the container's, and goes with it
}

// ownAddress is the comment of a line with an address of the container.
const ownAddress = "# own"

// String returns the line as the record has it, without a newline.
func (a Adopted) String() string {
	text := a.Address.String() + " " + strings.Join(a.Names, " ")
	if a.Own {
		text += " " + ownAddress
	}
	return text
}

// ParseAdopted is the reverse of String. It fails on what would break the line of a hosts file.
func ParseAdopted(text string) (Adopted, error) {
	var a Adopted
	text, a.Own = strings.CutSuffix(text, " "+ownAddress)
	words := strings.Split(text, " ")
	var err error
	if a.Address, err = netip.ParseAddr(words[0]); err != nil || len(words) < 2 {
		return a, fmt.Errorf("%.80q is not a line with an address and names", text)
	}
	for _, name := range words[1:] {
		if _, err := names.Parse(name); err != nil {
			return a, err
		}
	}
	a.Names = words[1:]
	return a, nil
}
