package render

import "testing"

func TestFit(t *testing.T) {
	size := func(w, h int) func() (int, int) { return func() (int, int) { return w, h } }
	for _, test := range []struct {
		name, text string
		w, h       int
		want       string
	}{
		{"fits", "ab\ncd\n", 2, 24, "ab\ncd\n"},
		{"too wide", "abc\nd\n", 2, 24, "ab\nd\n"},
		{"colours take no room", "\x1b[32mab\x1b[0m\n", 2, 24, "\x1b[32mab\x1b[0m\x1b[0m\n"},
		{"cut inside a colour, which still ends", "\x1b[32mabc\x1b[0m d\n", 2, 24, "\x1b[32mab\x1b[0m\x1b[0m\n"},
		{"wide characters of several bytes count once", "→→→\n", 2, 24, "→→\n"},
		{"too high", "1\n2\n3\n4\n5\n6\n", 80, 5, "1\n2\n3\n… 3 more lines: enlarge the terminal\n"},
		{"the last paragraph stays", "1\n2\n3\n4\n5\n\nstuck\n→ do\n", 80, 8, "1\n2\n3\n… 2 more lines: enlarge the terminal\n\nstuck\n→ do\n"},
		{"the last paragraph is too long", "1\n2\n3\n4\n\n5\n6\n7\n", 80, 6, "1\n2\n3\n4\n… 4 more lines: enlarge the terminal\n"},
		{"just fits", "1\n2\n3\n4\n", 80, 5, "1\n2\n3\n4\n"},
		{"unknown size", "abc\n", 0, 0, "abc\n"},
	} {
		if got := Fit(test.text, size(test.w, test.h)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
