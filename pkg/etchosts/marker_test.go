package etchosts

import "testing"

func TestMarkerOf(t *testing.T) {
	for line, want := range map[string]Marker{
		Marker("etcfiles").Begin(): "etcfiles", Marker("a.b-c_1").End(): "a.b-c_1", "# <nerdctl> \r\n": "nerdctl",
		"##</etcfiles>\n": "", "# <>\n": "", "# </>\n": "", "# <a b>\n": "", "# <a\n": "", "#<a>\n": "", " # <a>\n": "", "# <a>b\n": "", "": "",
	} {
		if got, ok := MarkerOf(line); got != want && ok || ok != (want != "") {
			t.Errorf("%q: %q, %v", line, got, ok)
		}
	}
}
