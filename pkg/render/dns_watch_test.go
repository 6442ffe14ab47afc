package render

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

func TestDNSChanges(t *testing.T) {
	change := func(verdict names.Verdict, message string, got ...string) names.Change {
		return names.Change{DNSLookup: names.DNSLookup{Question: names.Question{Name: "web-0.web", Type: "A"}, Verdict: verdict, Message: message, Got: got}}
	}
	unpublished, soon, late := change("", ""), change(names.Correct, "", "10.0.0.1"), change(names.Correct, "", "a", "b", "c", "d")
	unpublished.Unpublished, unpublished.Why = true, "the pod is not ready"
	soon.After, late.After = 40*time.Millisecond, 2940*time.Millisecond
	var b strings.Builder
	if err := DNSChanges(&b, []names.Change{unpublished, change(names.Incorrect, "resolves to\x07\n10.0.0.9", "10.0.0.9"), soon, late}); err != nil {
		t.Fatal(err)
	}
	const want = `web-0.web A not published: the pod is not ready
web-0.web A incorrect: resolves to 10.0.0.9
web-0.web A correct: 10.0.0.1
web-0.web A correct: 4 records, after 2.9s
`
	if got := b.String(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
