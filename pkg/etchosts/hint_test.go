package etchosts

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// FuzzHint: whatever a file holds and wherever a hint points to, Strike takes out nothing but the block, Reuse puts nothing
// in but the block, and what is not done changes no byte.
func FuzzHint(f *testing.F) {
	one, room := peers(1)[0], strings.Repeat("#", len(peers(1)[0])-1)+"\n"
	f.Add([]byte("# <etcfiles>\n"+one+"# </etcfiles>\n"), int64(13), uint8(1))
	f.Add([]byte("# <etcfiles>\nx"+one+"# </etcfiles>\n"), int64(14), uint8(1))
	f.Add([]byte("# <etcfiles>\n"+room+"# </etcfiles>\n"), int64(13), uint8(1))
	f.Add([]byte("# <etcfiles>\n10.0.0.9 x "+room+"# </etcfiles>\n"), int64(24), uint8(1))
	f.Add([]byte("# <etcfiles>\n##########\n##"+room+room+"# </etcfiles>\n"+one), int64(13), uint8(2))
	f.Add([]byte(strings.Repeat("#\n", 4096)), int64(4090), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, hint int64, n uint8) {
		block := strings.Join(peers(int(n%4)), "")
		if block == "" {
			return
		}
		for name, edit := range map[string]func(f *File) (done bool, err error){
			"strike": func(f *File) (bool, error) {
				err := f.Strike(hint, block)
				return err == nil, err
			},
			"reuse": func(f *File) (bool, error) { return f.Reuse(Room{hint, len(block)}, block) },
		} {
			file, path := openNew(t, data)
			done, err := edit(file)
			after, readErr := os.ReadFile(path)
			if readErr != nil {
				t.Fatal(readErr)
			}
			if !done {
				if string(after) != string(data) {
					t.Fatalf("%s: %v, and yet %q became %q", name, err, data, after)
				}
				continue
			}
			more, less := string(after), string(data)
			if name == "strike" {
				more, less = less, more
			}
			at, end := int(hint), int(hint)+len(block)
			if len(more) != len(less) || more[:at] != less[:at] || more[at:end] != block || more[end:] != less[end:] {
				t.Fatalf("%s of %q at %d: %q became %q", name, block, hint, data, after)
			}
			want := slices.Concat(listed(less), listed(block))
			if got := listed(more); !slices.Equal(sorted(got), sorted(want)) {
				t.Fatalf("%s of %q at %d: the lines are %q, want %q", name, block, hint, got, want)
			}
		}
	})
}

// listed returns the lines of a file that are neither blank nor comment.
func listed(text string) []string {
	return slices.DeleteFunc(slices.Collect(strings.Lines(text)), idle)
}
