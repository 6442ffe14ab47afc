package cli

import (
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// After the terminal was resized it is not known how many lines the last frame has.
func TestRedrawAfterResize(t *testing.T) {
	streams, _, out, _ := genericiooptions.NewTestIOStreams()
	width := 80
	p := &reporter{common: &common{env: &Env{IOStreams: streams, Size: func() (int, int) { return width, 24 }}}}
	draw := func(text string) string {
		t.Helper()
		out.Reset()
		if err := p.redraw(text); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	const wiped = "\x1b[H\x1b[2J"
	if first := draw("a\nb\n"); strings.Contains(first, wiped) {
		t.Errorf("the first frame clears the screen: %q", first)
	}
	if again := draw("a\nc\n"); !strings.HasPrefix(again, "\x1b[2A\r") {
		t.Errorf("the next frame is not drawn over the last one: %q", again)
	}
	if same := draw("a\nc\n"); same != "" {
		t.Errorf("nothing has changed, but %q was written", same)
	}
	width = 40
	if resized := draw("a\nc\n"); !strings.HasPrefix(resized, wiped+"a") {
		t.Errorf("after a resize: %q", resized)
	}
}
