package doctor

import (
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

// causesOfFailure are the checks that report why pods fail.
var causesOfFailure = []sts.FindingCode{"RolloutStuck", "LostNode", "VolumeZoneLost", "ClassMissing", "NoDefaultClass", "ClaimPending", "ClaimLost", "AttachFailed"}

// podsFailing: the cause of what remains is not known better than by the pods themselves.
func podsFailing(l *Look) []DoctorFinding {
	explained := func(o sts.Ordinal) bool {
		return slices.ContainsFunc(causesOfFailure, func(code sts.FindingCode) bool { return l.reportsOrdinal(code, o) })
	}
	var (
		first   *diagnose.Trouble
		failing []sts.Ordinal
	)
	for _, r := range l.Replicas() {
		if !r.Desired || r.Terminating || explained(r.Ordinal) {
			continue
		}
		if t := diagnose.Replica(l.Snapshot, r); t != nil && t.Failing {
			if first == nil {
				first = t
			}
			failing = append(failing, r.Ordinal)
		}
	}
	if first == nil {
		return nil
	}
	slices.Sort(failing)
	found := l.found("", "", msgPodFails(l.Name(failing[0]), first.Message, len(failing)-1), diagnose.LookCommand(l.Snapshot, failing[0], first))
	found[0].Ordinals = failing
	return found
}
