package print

import (
	"fmt"
	"io"

	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
)

// Plan prints what a command will do, step by step, before it asks.
func Plan(w io.Writer, steps []plan.Decision, st Style) {
	n := 0
	for i, d := range steps {
		if i == len(steps)-1 && d.Verdict != plan.Do {
			prefix, width := st.arrow("  ")
			_, _ = io.WriteString(w, st.Wrap(prefix, width, Plain, d.Message))
			continue
		}
		n++
		text := d.Message
		if d.Verdict == plan.Wait {
			text = "wait " + text
		}
		number := fmt.Sprintf("  %d. ", n)
		_, _ = io.WriteString(w, st.Wrap(number, len(number), Plain, text))
		if d.Action == nil || d.Action.PatchSet == nil {
			continue
		}
		if p := d.Action.PatchSet.Partition; p != nil {
			effect := fmt.Sprintf("ordinals from %s up get the set's template", p.ToOrdinal)
			switch {
			case d.Action.PatchSet.Event == "UpdateResumed":
				effect = "as before the pause"
			case d.Action.PatchSet.Canary == nil:
				effect = "as before the canary; restarts nothing"
			}
			_, _ = io.WriteString(w, st.Wrap("     ", 5, Dim, fmt.Sprintf("partition %d → %d: %s", p.From, p.To, effect)))
		}
	}
}

// Progress prints a decision for those who watch.
func Progress(w io.Writer, d plan.Decision, st Style) {
	switch d.Verdict {
	case plan.Do:
		_, _ = io.WriteString(w, st.Wrap("", 0, Plain, d.Message))
	case plan.Wait:
		_, _ = io.WriteString(w, st.Wrap("", 0, Dim, "waiting "+d.Message))
	}
}
