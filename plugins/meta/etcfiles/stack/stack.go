// Package stack makes the stack of the main goroutine as large as an operation needs it, before anything else is done. Else Go would
// copy it five times, each time with all that is on it, and take new memory for each size: a twentieth of what an operation takes.
//
// It imports nothing, so that it is initialized before what imports anything. It is to be imported for that alone.
package stack

// room in bytes is what Go makes a stack of 64 KiB for.
const room = 56 << 10

// never is a variable, so that the compiler cannot know.
var never bool

func init() { deepen() }

// deepen has a frame of the size of the room. Go asks for it where the function begins, also for what it then does not use.
//
//go:noinline
func deepen() (sum byte) {
	if never {
		var frame [room]byte
		for i := range frame {
			frame[i]++
			sum += frame[i/2]
		}
	}
	return sum
}
