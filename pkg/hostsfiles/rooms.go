package hostsfiles

import (
	"errors"
	"slices"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
)

// room finds room for the lines of an attachment; one of no length says that there is none.
func (e *Edit) room(f *file, open *etchosts.File, c *change, length int) (hostsstore.Room, error) {
	older := f.linesOf(c.older())
	if len(older) == 0 {
		i := slices.IndexFunc(f.state.Rooms, func(r hostsstore.Room) bool { return r.Length >= length })
		if i < 0 {
			return hostsstore.Room{}, nil
		}
		return f.state.Rooms[i], nil
	}
	room, left, err := open.RoomBeyond(e.boundsNow(f), older, length)
	f.tight = f.tight || int64(left-length) < f.limit()/16
	if errors.Is(err, etchosts.ErrTooLarge) {
		err = nil
	}
	return hostsstore.Room(room), err
}

// maxRooms is how many rooms the index remembers for each file.
const maxRooms = 8

// give notes room that a struck line has left.
func (f *file) give(r hostsstore.Room) {
	rooms := f.state.Rooms
	for i, other := range rooms {
		switch {
		case other.Offset+int64(other.Length) == r.Offset && r.Offset%etchosts.PageSize != 0:
			rooms[i].Length += r.Length
			return
		case r.Offset+int64(r.Length) == other.Offset && (other.Length == 0 || other.Offset%etchosts.PageSize != 0):
			rooms[i] = hostsstore.Room{Offset: r.Offset, Length: r.Length + other.Length}
			return
		}
	}
	if len(rooms) < maxRooms {
		f.state.Rooms = append(rooms, r)
		return
	}
	least := 0
	for i := range rooms {
		if rooms[i].Length < rooms[least].Length {
			least = i
		}
	}
	if rooms[least].Length < r.Length {
		rooms[least] = r
	}
}

// take notes that the beginning of room is in use. What is used up stays as room of no length: it says where the lines stand that go next,
// perhaps.
func (f *file) take(r hostsstore.Room, length int) {
	i := slices.IndexFunc(f.state.Rooms, func(other hostsstore.Room) bool {
		return other.Offset <= r.Offset && r.Offset < other.Offset+int64(other.Length)
	})
	switch {
	case i < 0:
	case f.state.Rooms[i] != r || r.Length-length < len("::1 a\n"):
		f.state.Rooms[i] = hostsstore.Room{Offset: r.Offset + int64(length)}
	default:
		f.state.Rooms[i] = hostsstore.Room{Offset: r.Offset + int64(length), Length: r.Length - length}
	}
}
