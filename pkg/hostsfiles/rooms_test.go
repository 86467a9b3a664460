package hostsfiles

import (
	"slices"
	"testing"

	"github.com/etcfiles/etcfiles/pkg/etchosts"
	"github.com/etcfiles/etcfiles/pkg/hostsstore"
	"github.com/etcfiles/etcfiles/pkg/roster"
)

// TestRooms: room that is taken and given back is what it was, and what is used up is remembered as where lines stand.
func TestRooms(t *testing.T) {
	type room [2]int // offset and length
	inStore := func(r room) hostsstore.Room { return hostsstore.Room{Offset: int64(r[0]), Length: r[1]} }
	all := func(list []room) (out []hostsstore.Room) {
		for _, r := range list {
			out = append(out, inStore(r))
		}
		return out
	}
	for _, test := range []struct {
		name        string
		rooms       []room
		of          room
		length      int
		taken, then []room
	}{
		{"a part", []room{{100, 60}, {200, 30}}, room{100, 60}, 40, []room{{140, 20}, {200, 30}}, []room{{100, 60}, {200, 30}}},
		{"all", []room{{100, 40}}, room{100, 40}, 40, []room{{140, 0}}, []room{{100, 40}}},
		{"nearly all", []room{{100, 43}}, room{100, 43}, 40, []room{{140, 0}}, []room{{100, 40}}},
		{"to the end of a page", []room{{etchosts.PageSize - 40, 40}}, room{etchosts.PageSize - 40, 40}, 40, []room{{etchosts.PageSize, 0}}, []room{{etchosts.PageSize - 40, 40}}},
		{"none that is known", []room{{100, 20}}, room{200, 40}, 40, []room{{100, 20}}, []room{{100, 20}, {200, 40}}},
	} {
		f := &file{view: &roster.Viewer{}, state: &hostsstore.Hosts{Rooms: all(test.rooms)}}
		f.take(inStore(test.of), test.length)
		if !slices.Equal(f.state.Rooms, all(test.taken)) {
			t.Errorf("%s: taken %v, want %v", test.name, f.state.Rooms, test.taken)
		}
		f.give(inStore(room{test.of[0], test.length}))
		if !slices.Equal(f.state.Rooms, all(test.then)) {
			t.Errorf("%s: given back %v, want %v", test.name, f.state.Rooms, test.then)
		}
	}
	f := &file{state: &hostsstore.Hosts{}}
	for i := range maxRooms { // what is used up gives way to room
		f.state.Rooms = append(f.state.Rooms, inStore(room{1000 * i, 0}))
	}
	f.give(inStore(room{500, 30}))
	if n := len(f.state.Rooms); n != maxRooms || !slices.Contains(f.state.Rooms, inStore(room{500, 30})) {
		t.Errorf("%v", f.state.Rooms)
	}
}
