package hostsstore

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The index is text, one line for the namespace, each network, each departure, each container and each of its
// attachments; fields are separated by tabs and the words of a field by blanks, neither of which a name can hold. The
// number in the header is that of FormatVersion: an index vouches that none of the records it knows is of a later format.
const (
	indexHeader = "etcfiles-index-2"
	indexFooter = "end\n"
)

type encoder struct{ b []byte }

func (e *encoder) text(s string) { e.b = append(append(e.b, s...), '\t') }

func (e *encoder) quoted(s string) { e.b = append(strconv.AppendQuote(e.b, s), '\t') }

func (e *encoder) words(words []string) {
	for i, w := range words {
		if i > 0 {
			e.b = append(e.b, ' ')
		}
		e.b = append(e.b, w...)
	}
	e.b = append(e.b, '\t')
}

func (e *encoder) number(n uint64) { e.b = append(strconv.AppendUint(e.b, n, 16), '\t') }

func (e *encoder) flag(f bool) { e.b = append(strconv.AppendBool(e.b, f), '\t') }

func (e *encoder) file(id FileID) {
	e.number(id.Inode)
	e.number(uint64(id.Size))
	e.number(uint64(id.Ctime))
}

func (e *encoder) end() { e.b[len(e.b)-1] = '\n' }

func (ix *Index) encode() []byte {
	e := &encoder{b: make([]byte, 0, 256*(1+len(ix.Containers)))}
	e.text(indexHeader)
	e.text(ix.BootID)
	e.number(ix.NextSequence)
	e.number(uint64(ix.Stride))
	e.end()
	for name, n := range ix.Networks {
		e.text("N")
		e.text(name)
		e.number(uint64(n.Number))
		e.file(n.Hosts)
		e.end()
	}
	for i := range ix.Departed {
		e.departure(&ix.Departed[i])
	}
	for _, c := range ix.Containers {
		e.container(c)
		for i := range c.Attachments {
			e.attachment(&c.Attachments[i])
		}
	}
	return append(e.b, indexFooter...)
}

func (e *encoder) departure(d *Departure) {
	e.text("D")
	e.text(d.ID)
	e.text(d.Network)
	e.words(d.Names)
	e.number(uint64(d.When.Unix()))
	e.quoted(d.Why)
	e.end()
}

func (e *encoder) container(c *Container) {
	e.text("C")
	e.text(c.ID)
	e.number(uint64(c.Number))
	e.file(c.Record)
	e.file(c.Hosts)
	e.quoted(c.Netns.Path)
	e.number(c.Netns.Device)
	e.number(c.Netns.Inode)
	e.number(c.Netns.MountNamespace)
	e.text(c.Kubernetes)
	e.flag(c.NoIPv6Loopback)
	e.flag(c.Foreign)
	e.words(c.UserNames)
	extra := make([]string, 0, 2*len(c.ExtraHosts))
	for _, x := range c.ExtraHosts {
		extra = append(extra, x.Name, x.Address.String())
	}
	e.words(extra)
	e.words(c.Created)
	e.end()
}

func (e *encoder) attachment(a *Attachment) {
	e.text("A")
	e.number(uint64(a.Number))
	e.number(a.Sequence)
	e.text(a.Network)
	e.quoted(a.IfName)
	addresses := make([]string, len(a.Addresses))
	for i, addr := range a.Addresses {
		addresses[i] = addr.String()
	}
	e.words(addresses)
	e.words(a.Names)
	e.words(a.Qualified)
	e.text(a.Label)
	e.end()
}

var (
	// ErrIndex is the error of LoadIndex for an index that does not parse.
	ErrIndex = errors.New("malformed index")
	// ErrIndexOfAnotherBoot is the error of LoadIndex for an index that counts no longer.
	ErrIndexOfAnotherBoot = errors.New("index of an earlier boot")
)

// decoder takes the fields of one line one after another.
type decoder struct {
	rest string
	err  error
}

func (d *decoder) text() string {
	var s string
	s, d.rest, _ = strings.Cut(d.rest, "\t")
	return s
}

func (d *decoder) quoted() string {
	s, err := strconv.Unquote(d.text())
	d.err = errors.Join(d.err, err)
	return s
}

func (d *decoder) words() []string {
	s := d.text()
	if s == "" {
		return nil
	}
	return strings.Split(s, " ")
}

func (d *decoder) number() uint64 {
	n, err := strconv.ParseUint(d.text(), 16, 64)
	if err != nil {
		d.err = ErrIndex
	}
	return n
}

func (d *decoder) small() int {
	n := d.number()
	if n > 1<<24 {
		d.err = ErrIndex
		return 0
	}
	return int(n)
}

func (d *decoder) flag() bool { return d.text() == "true" }

func (d *decoder) file() FileID {
	return FileID{Inode: d.number(), Size: int64(d.number()), Ctime: int64(d.number())}
}

func (d *decoder) address(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		d.err = ErrIndex
	}
	return a
}

func decodeIndex(s string) (*Index, error) {
	s, whole := strings.CutSuffix(s, indexFooter)
	head, body, _ := strings.Cut(s, "\n")
	d := &decoder{rest: head}
	if d.text() != indexHeader {
		return nil, ErrIndex
	}
	ix := NewIndex(d.text())
	ix.NextSequence, ix.Stride = d.number(), d.small()
	if !whole || d.err != nil || ix.Stride < 1 {
		return nil, ErrIndex
	}
	var c *Container
	for line := range strings.Lines(body) {
		d.rest = strings.TrimSuffix(line, "\n")
		switch d.text() {
		case "N":
			name := d.text()
			ix.Networks[name] = &Network{Number: d.small(), Hosts: d.file()}
		case "D":
			ix.Departed = append(ix.Departed, Departure{
				ID: d.text(), Network: d.text(), Names: d.words(), When: time.Unix(int64(d.number()), 0), Why: d.quoted(),
			})
		case "C":
			c = d.container()
			ix.Containers[c.ID] = c
		case "A":
			if c == nil {
				return nil, ErrIndex
			}
			c.Attachments = append(c.Attachments, d.attachment())
		default:
			return nil, ErrIndex
		}
	}
	if d.err != nil || !strings.HasSuffix(s, "\n") {
		return nil, ErrIndex
	}
	return ix, nil
}

func (d *decoder) container() *Container {
	c := &Container{
		ID: d.text(), Number: d.small(), Record: d.file(), Hosts: d.file(),
		Netns:      Netns{Path: d.quoted(), Device: d.number(), Inode: d.number(), MountNamespace: d.number()},
		Kubernetes: d.text(), NoIPv6Loopback: d.flag(), Foreign: d.flag(), UserNames: d.words(),
	}
	for pair := range slices.Chunk(d.words(), 2) {
		if len(pair) != 2 {
			d.err = ErrIndex
			break
		}
		c.ExtraHosts = append(c.ExtraHosts, ExtraHost{Name: pair[0], Address: d.address(pair[1])})
	}
	c.Created = d.words()
	return c
}

func (d *decoder) attachment() Attachment {
	a := Attachment{Number: d.small(), Sequence: d.number(), Network: d.text(), IfName: d.quoted()}
	for _, w := range d.words() {
		a.Addresses = append(a.Addresses, d.address(w))
	}
	a.Names, a.Qualified, a.Label = d.words(), d.words(), d.text()
	return a
}
