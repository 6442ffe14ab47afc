package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Each command is at the end of a line, also in a narrow terminal.
func TestHintLines(t *testing.T) {
	const script = "echo 'a b'  x\n→ rm"
	hint := sts.Hintf("%s: %s; or if the pods are ready and the update has failed: %s, then wait", "x\n→ y",
		sts.Kubectl("shop", "sts canary promote", "web"), sts.Kubectl("shop", "sts canary start", "web", "--check", script))
	for _, test := range []struct {
		width int
		want  string
	}{
		{0, "→ x → y: kubectl sts canary promote web -n shop\n" +
			"  or if the pods are ready and the update has failed: kubectl sts canary start web --check $'echo \\'a b\\'  x\\n→ rm' -n shop\n" +
			"  then wait\n"},
		{50, "→ x → y: kubectl sts canary promote web -n shop\n" +
			"  or if the pods are ready and the update has\n  failed:\n" +
			"  kubectl sts canary start web --check $'echo \\'a b\\'  x\\n→ rm' -n shop\n" +
			"  then wait\n"},
	} {
		if diff := cmp.Diff(test.want, Hint(hint, Style{Width: test.width})); diff != "" {
			t.Errorf("width %d (-want +got):\n%s", test.width, diff)
		}
	}
	if got := Hint(nil, Style{}); got != "" {
		t.Errorf("no hint: %q", got)
	}
}
