package print

import (
	"fmt"
	"io"

	"github.com/kubectl-sts/kubectl-sts/pkg/plan"
)

// planShown is how many steps of a long plan are shown at its beginning, and how
// many at its end.
const planShown, planEnd = 16, 4

// Plan prints what a command will do, step by step, before it asks.
func Plan(w io.Writer, steps []plan.Decision, st Style) {
	var end *plan.Decision
	if n := len(steps); n > 0 && steps[n-1].Verdict != plan.Do {
		end, steps = &steps[n-1], steps[:n-1]
	}
	for i, d := range steps {
		if left := len(steps) - planShown - planEnd; left > 1 && i >= planShown && i < planShown+left {
			if i == planShown {
				_, _ = io.WriteString(w, st.Wrap("     ", 5, Dim, fmt.Sprintf("… %d more steps like these …", left)))
			}
			continue
		}
		text := d.Message
		if d.Verdict == plan.Wait {
			text = "wait " + text
		}
		number := fmt.Sprintf("%3d. ", i+1)
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
	if end != nil {
		prefix, width := st.arrow("  ")
		_, _ = io.WriteString(w, st.Wrap(prefix, width, Plain, end.Message))
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
