package doctor

import (
	"slices"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
)

func podsFailing(l *Look) []DoctorFinding {
	explained := map[sts.Ordinal]bool{}
	for _, explains := range []func(*Look) []DoctorFinding{rolloutStuck, lostNodes, classMissing, claimPending, claimLost, attachFailed} {
		for _, f := range explains(l) {
			for _, o := range f.Ordinals {
				explained[o] = true
			}
		}
	}
	var (
		first   *diagnose.Trouble
		failing []sts.Ordinal
	)
	for _, r := range l.Replicas() {
		if !r.Desired || r.Terminating || explained[r.Ordinal] {
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
