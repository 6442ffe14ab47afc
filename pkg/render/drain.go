package render

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/report"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// drainLines are the lines of the screen about a drain-scale, by field.
func drainLines(d *report.DrainStatus, now time.Time) [][2]string {
	var out [][2]string
	if d.StartedAt != nil {
		out = append(out, [2]string{"Scaling", msgDrain(d.From, d.To, d.Profile) + "; " + started(*d.StartedAt, d.StartedBy, now)})
	}
	if m := d.Member; m != nil {
		line := m.Pod
		if m.Since != nil {
			line += ": " + sts.Words(m.Phase) + " for " + sts.Age(now.Sub(m.Since.Time))
		}
		for _, name := range slices.Sorted(maps.Keys(m.Values)) {
			line += ", " + name + " " + m.Values[name]
		}
		if m.Held {
			line += ", " + msgDrainFinalizer()
		}
		out = append(out, [2]string{"Member", line})
	}
	if n := len(d.Done); n > 0 {
		line := sayTook(d.Done[n-1])
		if n > 1 {
			line = msgDrainDone(n, line)
		}
		out = append(out, [2]string{"Done", line})
	}
	return out
}

// sayTook is a member that is done, and how long that took.
func sayTook(m report.MovedStatus) string {
	phases := tookPhases(m.Took)
	if len(phases) == 0 {
		return m.Pod
	}
	text := m.Pod + " in " + brief(m.Total())
	if len(phases) > 1 {
		text += " (" + strings.Join(phases, ", ") + ")"
	}
	return text
}

// phaseOrder is the order of the phases, of leaving and of joining.
var phaseOrder = []record.MemberPhase{record.Draining, record.Recalled, record.Removing, record.Finishing, record.Announcing, record.Starting}

func tookPhases(took map[record.MemberPhase]metav1.Duration) []string {
	var out []string
	for _, phase := range phaseOrder {
		if d, ok := took[phase]; ok {
			out = append(out, sts.Words(phase)+" "+brief(d.Duration))
		}
	}
	return out
}

// brief is a short duration: 3m, 1.3s, 12ms.
func brief(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return sts.Age(d)
}

// DrainEnd prints how long each member of a complete drain-scale took.
func DrainEnd(w io.Writer, d *report.DrainStatus, st Style) {
	for _, m := range d.Done {
		_, _ = io.WriteString(w, st.Wrap("  ", 2, Dim, sayTook(m)))
	}
}
