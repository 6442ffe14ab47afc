package render_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/render"
)

// The list fits a terminal of 60 columns, and each profile can still be named.
func TestProfilesOnANarrowTerminal(t *testing.T) {
	list := profile.Builtin()
	var b strings.Builder
	if err := render.Profiles(&b, list, render.Style{Width: 60}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 60 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, p := range list {
		if !strings.Contains(b.String(), "\n"+p.Metadata.Name+" ") {
			t.Errorf("%s is missing:\n%s", p.Metadata.Name, &b)
		}
	}
}
