package hostsstore

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	// errIndex is the error of LoadIndex for an index that does not parse.
	errIndex = errors.New("malformed index")
	// ErrIndexOfAnotherBoot is the error of LoadIndex for an index that counts no longer.
	ErrIndexOfAnotherBoot = errors.New("index of an earlier boot")
)

// decoder takes the fields of one line one after another.
type decoder struct {
	rest  string
	err   error
	lists [][]string  // users' names
	slab  []Container // room for those to come
	last  *Container
	pool  []string // room for words
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
	n := strings.Count(s, " ") + 1
	if cap(d.pool)-len(d.pool) < n {
		d.pool = make([]string, 0, max(n, 1024))
	}
	start := len(d.pool)
	for more := true; more; {
		var word string
		word, s, more = strings.Cut(s, " ")
		d.pool = append(d.pool, word)
	}
	return d.pool[start:len(d.pool):len(d.pool)]
}

func (d *decoder) number() uint64 { return d.parse(d.text()) }

func (d *decoder) parse(s string) uint64 {
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		d.err = errIndex
	}
	return n
}

func (d *decoder) small() int {
	n := d.number()
	if n > 1<<24 {
		d.err = errIndex
		return 0
	}
	return int(n)
}

func (d *decoder) flag() bool { return d.text() == "true" }

func (d *decoder) file() FileID {
	return FileID{Inode: d.number(), Size: int64(d.number()), Ctime: int64(d.number())}
}

func (d *decoder) hosts() Hosts {
	h := Hosts{
		State: d.file(), Belongs: int64(d.number()), Most: int64(d.number()), User: int64(d.number()),
		Gathered: time.Duration(d.number()),
	}
	for rest := d.text(); rest != ""; {
		var word string
		room := Room{}
		word, rest, _ = strings.Cut(rest, " ")
		room.Offset = int64(d.parse(word))
		word, rest, _ = strings.Cut(rest, " ")
		room.Length = int(d.parse(word))
		h.Rooms = append(h.Rooms, room)
	}
	return h
}

func (d *decoder) address(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		d.err = errIndex
	}
	return a
}

func decodeIndex(s string) (*Index, error) {
	at := strings.LastIndex(s, "\n"+indexFooter)
	if at < 0 {
		return nil, errIndex
	}
	s, taken := s[:at+1], s[at+1+len(indexFooter):]
	head, body, _ := strings.Cut(s, "\n")
	d := &decoder{rest: head}
	if d.text() != indexHeader {
		return nil, errIndex
	}
	ix := NewIndex(d.text())
	ix.NextSequence, ix.Looked = d.number(), time.Duration(d.number())
	d.body(ix, body, d.small())
	for line := range strings.Lines(taken) {
		d.rest = strings.TrimSuffix(line, "\n")
		if d.text() != indexTaken || d.rest == line {
			return nil, errIndex
		}
		ix.Interrupted = true
		for d.rest != "" {
			ix.Taken = append(ix.Taken, d.quoted())
		}
	}
	if d.err != nil {
		return nil, errIndex
	}
	return ix, nil
}

// decodePart reads a part's containers into the index. After an error the index is of no use.
func (ix *Index) decodePart(p *part, s string) error {
	s, ok := strings.CutSuffix(s, "\n"+indexFooter)
	if !ok {
		return errIndex
	}
	head, body, _ := strings.Cut(s+"\n", "\n")
	d := &decoder{rest: head}
	if d.text() != partHeader || d.number() != p.stamp {
		return errIndex
	}
	before := len(ix.Containers)
	d.body(ix, body, p.size)
	if d.err != nil || len(ix.Containers) != before+p.size {
		return errIndex
	}
	p.read = true
	return nil
}

// body decodes lines that have about so many containers.
func (d *decoder) body(ix *Index, body string, containers int) {
	d.slab = make([]Container, 0, min(containers, len(body)/minContainer))
	for line := range strings.Lines(body) {
		d.rest = strings.TrimSuffix(line, "\n")
		d.line(ix)
	}
}

// minContainer is less than the bytes of the shortest line of a container.
const minContainer = 32

// line decodes one line of the index.
func (d *decoder) line(ix *Index) {
	switch d.text() {
	case "N":
		name, h := d.text(), d.hosts()
		ix.Networks[name] = &h
	case "D":
		ix.Departed = append(ix.Departed, Departure{
			ID: d.text(), Network: d.text(), Names: d.words(), When: time.Unix(int64(d.number()), 0), Why: d.quoted(),
		})
	case "P":
		p := &part{slot: d.small(), stamp: d.number(), size: d.small(), foreign: d.flag(), pods: d.flag()}
		for d.rest != "" {
			p.networks = append(p.networks, d.text())
		}
		ix.parts = append(ix.parts, p)
	case "U":
		d.lists = append(d.lists, d.words())
	case "B":
		ix.Base = Base{d.file(), d.quoted(), d.list()}
	case "C":
		d.container()
		ix.Containers[d.last.ID] = d.last
	case "H":
		line, err := ParseAdopted(d.quoted())
		if d.err = errors.Join(d.err, err); d.last == nil {
			d.err = errIndex
			return
		}
		d.last.Adopted = append(d.last.Adopted, line)
	case "A":
		if d.last == nil {
			d.err = errIndex
			return
		}
		d.last.Attachments = append(d.last.Attachments, d.attachment())
	default:
		d.err = errIndex
	}
}

// list returns the users' names that the next field numbers, none for 0.
func (d *decoder) list() []string {
	list := d.small()
	if list > len(d.lists) {
		d.err = errIndex
	}
	if list == 0 || d.err != nil {
		return nil
	}
	return d.lists[list-1]
}

func (d *decoder) container() {
	if len(d.slab) == cap(d.slab) {
		d.slab = make([]Container, 0, 64)
	}
	d.slab = append(d.slab, Container{
		ID: d.text(), Record: d.file(), Hosts: d.hosts(),
		Netns:      Netns{Path: d.quoted(), Device: d.number(), Inode: d.number(), MountNamespace: d.number()},
		Kubernetes: d.text(), NoIPv6Loopback: d.flag(), Foreign: d.flag(),
	})
	d.last = &d.slab[len(d.slab)-1]
	d.last.UserNames = d.list()
	for pair := range slices.Chunk(d.words(), 2) {
		if len(pair) != 2 {
			d.err = errIndex
			break
		}
		d.last.ExtraHosts = append(d.last.ExtraHosts, ExtraHost{Name: pair[0], Address: d.address(pair[1])})
	}
	d.last.Created = d.words()
	d.last.Owner = d.owner()
	d.last.PodUID = d.text()
}

func (d *decoder) owner() *Owner {
	uid, gid, ok := strings.Cut(d.text(), " ")
	if !ok {
		return nil
	}
	return &Owner{UID: uint32(d.parse(uid)), GID: uint32(d.parse(gid))}
}

func (d *decoder) attachment() Attachment {
	a := Attachment{Sequence: d.number(), Network: d.text(), IfName: d.quoted()}
	for _, w := range d.words() {
		a.Addresses = append(a.Addresses, d.address(w))
	}
	a.Names, a.Qualified, a.Own, a.World, a.Label = d.words(), d.words(), d.words(), d.words(), d.text()
	return a
}
