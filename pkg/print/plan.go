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
			fmt.Fprintf(w, "  %s  %s\n", st.Paint(Dim, "→"), d.Message)
			continue
		}
		n++
		text := d.Message
		if d.Verdict == plan.Wait {
			text = "wait " + text
		}
		fmt.Fprintf(w, "  %d. %s\n", n, text)
		if d.Action == nil || d.Action.PatchSet == nil {
			continue
		}
		if p := d.Action.PatchSet.Partition; p != nil {
			effect := fmt.Sprintf("ordinals from %s up get the set's template", p.ToOrdinal)
			if d.Action.PatchSet.Canary == nil {
				effect = "as before the canary; restarts nothing"
			}
			fmt.Fprintf(w, "     %s\n", st.Paint(Dim, fmt.Sprintf("partition %d → %d: %s", p.From, p.To, effect)))
		}
	}
}

var verdictTones = map[plan.Verdict]Tone{plan.Done: Good, plan.Stuck: Bad, plan.Refused: Bad}

// Progress prints a decision as one line of a log.
func Progress(w io.Writer, d plan.Decision, st Style) {
	switch d.Verdict {
	case plan.Do:
		fmt.Fprintln(w, d.Message)
	case plan.Wait:
		fmt.Fprintln(w, st.Paint(Dim, "waiting "+d.Message))
	}
}

// Outcome prints how a command ended.
func Outcome(w io.Writer, d plan.Decision, st Style) {
	fmt.Fprintln(w, st.Paint(verdictTones[d.Verdict], d.Message))
	if d.Hint != "" {
		fmt.Fprintf(w, "%s %s\n", st.Paint(Dim, "→"), d.Hint)
	}
}
