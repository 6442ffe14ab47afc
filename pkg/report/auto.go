package report

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// AutoStatus is a running `canary promote --auto`.
type AutoStatus struct {
	record.Auto
	// WaitingFor is the gate that the canary waits for; absent between steps.
	WaitingFor operate.Gate `json:"waitingFor,omitempty"`
	// SoakedAt is when the soak ends if nothing happens.
	SoakedAt *metav1.Time `json:"soakedAt,omitempty"`
}

// autoStatus is what the running command waits for. Nil when none is running. It sets the pods'
// soaks.
func (st *Status) autoStatus(s *sts.Snapshot, c *record.Canary) *AutoStatus {
	if c == nil || c.Auto == nil || st.Owner == nil || c.Aborting {
		return nil
	}
	for i := range st.Replicas {
		r := &st.Replicas[i]
		if !st.wants(r.Ordinal) || r.Ordinal < sts.UpdateFrom(s.Set) || !r.Available || r.ReadySince == nil || r.Revision != st.UpdateRevision {
			continue
		}
		if until := metav1.NewTime(r.ReadySince.Add(c.Auto.SoakTime())); until.After(s.TakenAt) {
			r.SoakedAt = &until
		}
	}
	gate, soaked := operate.AutoGate(s, c, *st.Owner)
	out := &AutoStatus{Auto: *c.Auto, WaitingFor: gate}
	if gate == operate.GateSoak {
		t := metav1.NewTime(soaked)
		out.SoakedAt = &t
	}
	return out
}

// waiting is the gate for a message.
func (a *AutoStatus) waiting(now time.Time) string {
	switch a.WaitingFor {
	case operate.GatePods:
		return msgAutoPods()
	case operate.GateSoak:
		return msgAutoSoak(a.SoakedAt.Sub(now))
	case operate.GateChecks:
		return msgAutoChecks(a.Checks)
	}
	return msgAutoNextStep()
}

// differingImages are a pod's images that are not those of the set's template.
func differingImages(set, pod []ContainerImage) []ContainerImage {
	return slices.DeleteFunc(pod, func(c ContainerImage) bool { return slices.Contains(set, c) })
}
