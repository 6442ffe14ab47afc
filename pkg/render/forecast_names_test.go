package render

import "testing"

func TestSayNames(t *testing.T) {
	for _, test := range []struct {
		names []string
		want  string
	}{
		{[]string{"web-0"}, "web-0"},
		{[]string{"web-0", "web-2"}, "web-0 and web-2"},
		{[]string{"web-0", "web-1", "web-2"}, "web-0, web-1 and web-2"},
		{[]string{"web-0", "web-1", "web-2", "web-3"}, "web-0 to web-3"},
		{[]string{"web-12", "web-11", "web-10", "web-9"}, "web-12 to web-9"},
		{[]string{"web-0", "web-1", "web-3", "web-4"}, "web-0, web-1, web-3 and web-4"},
		{[]string{"web-0", "web-2", "web-3", "web-4", "web-6"}, "web-0, web-2 to web-4 and web-6"},
		{[]string{"a-web-0", "b-web-0", "a-web-1", "b-web-1", "a-web-2", "b-web-2", "a-web-3"}, "a-web-0 to a-web-3"},
	} {
		if got := sayNames(test.names); got != test.want {
			t.Errorf("%q: %q, want %q", test.names, got, test.want)
		}
	}
}
