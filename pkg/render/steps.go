package render

import (
	"fmt"
	"io"
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
)

// planShown and planEnd are how many steps of a long plan are shown at its beginning and
// at its end.
const planShown, planEnd = 16, 4

// Plan prints what a command will do, step by step, before the confirmation.
func Plan(w io.Writer, steps []operate.Decision, st Style) {
	var end *operate.Decision
	if n := len(steps); n > 0 && steps[n-1].Verdict != operate.Do {
		end, steps = &steps[n-1], steps[:n-1]
	}
	folded := sameWay(steps)
	for i, d := range steps {
		if last, ok := folded[i]; ok {
			if last > i {
				_, _ = io.WriteString(w, st.Wrap("     ", 5, Dim, msgSameSteps(i+1, last+1, members(steps[i:last+1]))))
			}
			continue
		}
		if left := len(steps) - planShown - planEnd; left > 1 && i >= planShown && i < planShown+left && len(folded) == 0 {
			if i == planShown {
				_, _ = io.WriteString(w, st.Wrap("     ", 5, Dim, msgMoreSteps(left)))
			}
			continue
		}
		text := d.Message
		if d.Verdict == operate.Wait {
			text = msgWaitStep(text)
		}
		number := fmt.Sprintf("%3d. ", i+1)
		_, _ = io.WriteString(w, st.Wrap(number, len(number), Plain, text))
		patch, ok := d.Action.(*operate.PatchSet)
		if !ok {
			continue
		}
		if p := patch.Partition; p != nil {
			effect := msgNewTemplateFrom(p.ToOrdinal)
			switch {
			case patch.Event == "UpdateResumed":
				effect = msgAsBeforePause()
			case patch.Canary == nil:
				effect = msgAsBeforeCanary()
			case patch.Canary.Aborting:
				effect = msgTemplateOfRevisionFrom(p.ToOrdinal, patch.Canary.StableRevision)
			}
			_, _ = io.WriteString(w, st.Wrap("     ", 5, Dim, msgPlanPartition(p.From, p.To, effect)))
		}
	}
	if end != nil {
		prefix, width := st.arrow("  ")
		text := end.Message
		switch end.Verdict {
		case operate.Stuck:
			text = msgExitStuck(text)
		case operate.Wait:
			text = msgWaitStep(text)
		}
		_, _ = io.WriteString(w, st.Wrap(prefix, width, Plain, text))
	}
}

// sameWay are the steps that are the same for another member as for the first one. The
// first of them maps to the last, all others to themselves.
func sameWay(steps []operate.Decision) map[int]int {
	var ways [][]int // the steps of each member
	for i, d := range steps {
		switch n := len(ways); {
		case d.Member == "":
		case n > 0 && steps[ways[n-1][0]].Member == d.Member:
			ways[n-1] = append(ways[n-1], i)
		default:
			ways = append(ways, []int{i})
		}
	}
	out := map[int]int{}
	begin := -1
	for n := 1; n < len(ways); n++ {
		if !slices.EqualFunc(ways[0], ways[n], func(a, b int) bool { return stepKey(steps[a]) == stepKey(steps[b]) }) {
			begin = -1
			continue
		}
		for _, i := range ways[n] {
			if begin < 0 {
				begin = i
			}
			out[i] = i
			out[begin] = i
		}
	}
	return out
}

// stepKey is what a step does, without the member.
func stepKey(d operate.Decision) string {
	if command, ok := d.Action.(*operate.Exec); ok {
		return d.Reason + " " + command.For
	}
	return d.Reason
}

// members are those of the steps: "web-3", "web-38 to web-3".
func members(steps []operate.Decision) string {
	first, last := steps[0].Member, steps[len(steps)-1].Member
	if first == last {
		return first
	}
	return msgMembers(first, last)
}

// Progress prints a decision as a line of progress.
func Progress(w io.Writer, d operate.Decision, st Style) {
	switch d.Verdict {
	case operate.Do:
		_, _ = io.WriteString(w, st.Wrap("", 0, Plain, inProgress(d.Message)))
	case operate.Wait:
		_, _ = io.WriteString(w, st.Wrap("", 0, Dim, msgWaiting(d.Message)))
	}
}
