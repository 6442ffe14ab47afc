package cli

import (
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-sts/kubectl-sts/pkg/kube"
	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/ststest"
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

// A frame of -w is folded where the terminal is too low for it, and only there.
func TestFrameIsFolded(t *testing.T) {
	r := report.NewStatusReport(ststest.Web(12), nil)
	height := 24
	p := &reporter{common: &common{config: genericclioptions.NewConfigFlags(true), env: &Env{OutTerminal: true, Getenv: func(string) string { return "" }, Size: func() (int, int) { return 80, height }}},
		out: newText(), report: r, options: statusOptions{watch: true, query: kube.Query{Names: []string{"web"}}}}
	frame := func() string {
		t.Helper()
		var b strings.Builder
		if err := p.frame(&b, ststest.Now); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if all := frame(); strings.Contains(all, "11-0") || !strings.Contains(all, "web-5") {
		t.Errorf("a high terminal:\n%s", all)
	}
	height = 16
	if folded := frame(); !strings.Contains(folded, "11-0") || strings.Contains(folded, "web-5 ") {
		t.Errorf("a low terminal:\n%s", folded)
	}
	p.options.watch = false
	if all := frame(); strings.Contains(all, "11-0") {
		t.Errorf("without -w:\n%s", all)
	}
}
