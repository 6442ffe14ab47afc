package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/names"
)

// DNSChanges prints a line for each change.
func DNSChanges(w io.Writer, changes []names.Change) error {
	lines := make([]string, len(changes))
	for i := range changes {
		c := &changes[i]
		lines[i] = OneLine(msgDNSChange(c.Name, c.Type, dnsState(c)))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// mostRecords is how many records of an answer are listed.
const mostRecords = 3

func dnsState(c *names.Change) string {
	switch {
	case c.Unpublished:
		return msgDNSUnpublished(c.Why)
	case c.Verdict != names.Correct:
		return msgDNSState(c.Verdict.Label(), c.Message)
	}
	text := strings.Join(c.Got, ", ")
	if len(c.Got) > mostRecords {
		text = msgDNSRecords(len(c.Got))
	}
	if took := c.After.Round(100 * time.Millisecond); took > 0 {
		text = msgDNSAfter(text, took)
	}
	return msgDNSState(c.Verdict.Label(), text)
}
