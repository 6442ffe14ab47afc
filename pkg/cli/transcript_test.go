package cli

import (
	"fmt"
	"strings"
	"testing"

	"gotest.tools/v3/golden"
)

// transcript is what commands print, as on a terminal. A table pins the exit code and what scripts
// read; the words are in one golden file of the table.
type transcript struct{ text strings.Builder }

// add adds a command. The pairs of replace are for what differs each time, as with strings.NewReplacer.
func (s *transcript) add(i *invocation, args string, replace ...string) {
	fmt.Fprintf(&s.text, "$ kubectl sts %s\n", args)
	for _, out := range []string{i.out.String(), i.err.String()} {
		if s.text.WriteString(strings.NewReplacer(replace...).Replace(out)); out != "" && !strings.HasSuffix(out, "\n") {
			s.text.WriteString("\n")
		}
	}
	fmt.Fprintf(&s.text, "exit code %d\n\n", i.code)
}

// check compares it with testdata/NAME.txt.
func (s *transcript) check(t *testing.T, name string) {
	t.Helper()
	if !t.Failed() {
		golden.Assert(t, s.text.String(), name+".txt")
	}
}
