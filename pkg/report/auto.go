package report

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// AutoStatus is a running `canary promote --auto`.
type AutoStatus struct {
	sts.Auto
	// WaitingFor is the gate that the canary waits for; absent between steps.
	WaitingFor Gate `json:"waitingFor,omitempty"`
	// SoakedAt is when the soak ends if nothing happens.
	SoakedAt *metav1.Time `json:"soakedAt,omitempty"`
}

// Gate is what a canary that is promoted automatically waits for.
type Gate string

// The gates, in their order.
const (
	// GatePods: an updated pod is not available yet.
	GatePods Gate = "Pods"
	// GateSoak: an updated pod has not been Ready for long enough.
	GateSoak Gate = "Soak"
	// GateChecks: commands are running.
	GateChecks Gate = "Checks"
)

// autoStatus derives what the running command waits for from its recorded options and the pods'
// own Ready times. Nil when none is running. It sets the pods' soaks.
func (st *Status) autoStatus(s *sts.Snapshot, c *sts.Canary) *AutoStatus {
	if c == nil || c.Auto == nil || st.Owner == nil || c.Aborting {
		return nil
	}
	out := &AutoStatus{Auto: *c.Auto}
	var last time.Time
	for i := range st.Replicas {
		r := &st.Replicas[i]
		if !st.wants(r.Ordinal) || r.Ordinal < sts.UpdateFrom(s.Set) {
			continue
		}
		if !r.Available || r.ReadySince == nil || r.Revision != st.UpdateRevision {
			out.WaitingFor = GatePods
			continue
		}
		until := r.ReadySince.Add(c.Auto.SoakTime())
		if until.After(s.TakenAt) {
			t := metav1.NewTime(until)
			r.SoakedAt = &t
		}
		if until.After(last) {
			last = until
		}
	}
	midStep := c.Goal != nil && *c.Goal < sts.UpdateFrom(s.Set)
	switch {
	case out.WaitingFor == GatePods, midStep:
	case last.After(s.TakenAt):
		t := metav1.NewTime(last)
		out.WaitingFor, out.SoakedAt = GateSoak, &t
	case c.Auto.Checks > 0:
		out.WaitingFor = GateChecks
	}
	return out
}

// waiting is the gate for a message.
func (a *AutoStatus) waiting(now time.Time) string {
	switch a.WaitingFor {
	case GatePods:
		return msgAutoPods()
	case GateSoak:
		return msgAutoSoak(a.SoakedAt.Sub(now))
	case GateChecks:
		return msgAutoChecks(a.Checks)
	}
	return msgAutoNextStep()
}

// differingImages are a pod's images that are not those of the set's template.
func differingImages(set, pod []ContainerImage) []ContainerImage {
	return slices.DeleteFunc(pod, func(c ContainerImage) bool { return slices.Contains(set, c) })
}
