package doctor

import (
	"github.com/kubectl-sts/kubectl-sts/pkg/names"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// mismatch is how the selector of the governing Service differs from the labels of the pod template.
type mismatch int

const (
	// sameLabels: in nothing but labels that the pods get later: of the controller, and of a leader.
	sameLabels mismatch = iota
	// lackingLabels: it selects labels that the template lacks. A program may set them.
	lackingLabels
	// otherLabels: it selects other values than those of the template.
	otherLabels
)

func (l *Look) mismatch() mismatch {
	lacking, later := names.LabelsLacking(l.Snapshot)
	out := sameLabels
	if l.podsUnknown() {
		return out
	}
	for key := range lacking {
		if later || sts.LabeledLater(key) {
			continue
		}
		out = max(out, lackingLabels)
		if _, has := l.Set.Spec.Template.Labels[key]; has {
			out = otherLabels
		}
	}
	return out
}

// podsUnknown: one of the pods may have labels that the template lacks.
func (l *Look) podsUnknown() bool { return !l.Offline && !l.Knows("pods") }
