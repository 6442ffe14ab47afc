package print

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/kubectl-sts/kubectl-sts/pkg/inspect"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Proof shows why an update is stuck, before it is asked whether to do something
// about it. unified is what the pod's revision changed, as a unified diff.
func Proof(w io.Writer, p *inspect.Proof, unified string, now time.Time, st Style) error {
	var b strings.Builder
	say := func(tone Tone, text string) { b.WriteString(st.Wrap("", 0, tone, text)) }
	say(Bad, p.Pod+" "+p.Trouble.Message)
	waits := "Kubernetes waits until it gets ready, and it will not (kubernetes#67250)"
	if len(p.Blocks) > 0 {
		waits += "; behind it: " + sts.SayOrdinals(p.Blocks)
	}
	switch {
	case p.Missing:
		waits = fmt.Sprintf("It does not exist: it cannot be created with the update's template (%s)", p.Revision)
		if len(p.Blocks) > 0 {
			waits += "; blocked: " + sts.SayOrdinals(p.Blocks)
		}
		say(Plain, waits+".")
	case p.Recreate:
		waits = fmt.Sprintf("It runs revision %s of an update under Recreate, which is not complete before it is ready", p.Revision)
		if len(p.Blocks) > 0 {
			waits += "; not created yet: " + sts.SayOrdinals(p.Blocks)
		}
		say(Plain, waits+".")
		say(Plain, "Fix: restore the template of "+p.TargetRevision+"; all pods are then replaced at once.")
	default:
		say(Plain, fmt.Sprintf("It runs %s and is to run %s. %s.", p.Revision, p.TargetRevision, waits))
	}
	switch {
	case p.Missing && p.Cure == sts.Back:
		say(Plain, "Fix: roll back to the stable template of "+p.TargetRevision+".")
	case p.Recreate:
	case p.Cure == sts.Back:
		say(Plain, "The update is broken, so the cure is the way back: to the stable template of "+p.TargetRevision+".")
	default:
		say(Plain, "The template has moved on already, so the cure is the way forward: only the pod is taken out of the way.")
	}
	switch {
	case p.Diff == nil:
		say(Dim, "note: what it runs cannot be compared: "+p.ChangesError)
	case len(p.Changes) == 0:
		say(Dim, "Both have the same pod template.")
	default:
		fmt.Fprintf(&b, "\nWhat is other in %s than in %s:\n", p.Revision, p.TargetRevision)
		if err := Diff(&b, unified, st); err != nil {
			return err
		}
	}
	proofLog(&b, p, now, st)
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func proofLog(b *strings.Builder, p *inspect.Proof, now time.Time, st Style) {
	c := p.Container
	switch {
	case c == nil:
		return
	case p.LogError != "":
		b.WriteString(st.Wrap("", 0, Dim, "note: the log of container "+c.Name+" could not be read: "+p.LogError))
		return
	case len(p.Log) == 0:
		return
	}
	ended := ""
	if c.ExitCode != nil {
		ended = fmt.Sprintf(", which ended with exit code %d", *c.ExitCode)
		if c.ExitedAt != nil {
			ended += " " + sts.Age(now.Sub(c.ExitedAt.Time)) + " ago"
		}
	}
	b.WriteString("\n" + st.Wrap("", 0, Plain, "The last lines of container "+c.Name+ended+":"))
	for _, line := range p.Log {
		b.WriteString("  " + cut(plain(line), st.Width, 2) + "\n")
	}
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

// plain is text of others without what would steer the terminal.
func plain(text string) string {
	text = strings.ReplaceAll(escapes.ReplaceAllString(text, ""), "\t", "    ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}
