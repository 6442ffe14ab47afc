package diagnose

import (
	"slices"
	"time"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// ReasonInfo is one reason why a replica is not available: its evidence, when it counts as
// stuck, and what to do. docs/stuck.md is generated from these values, and every [Trouble] is
// made from one.
type ReasonInfo struct {
	// Code is the Trouble's Reason: Kubernetes' own word where it has one.
	Code string
	// State describes the state of the replica in a few words.
	State string
	// Evidence is what the reason is read from.
	Evidence string
	// Grace is how long the state may last before it counts as stuck: 0 is at once, Passes never.
	Grace time.Duration
	// Option is the flag that sets the grace period, empty for none. Grace is its default.
	Option string
	// Except is when it counts as stuck sooner or later than that, empty for never.
	Except string
	// Do is what to do, in the imperative.
	Do string
	// Look is the object that shows more about it.
	Look Look
}

// Passes is the grace of a state that never counts as stuck, however long it lasts.
const Passes time.Duration = -1

// Look is the object that a hint describes. See [LookCommand].
type Look int

// What to look at. A hint never describes a pod that does not exist, but the StatefulSet instead.
const (
	LookPod Look = iota
	LookSet
)

// Reasons lists every reason that [Replica] has.
func Reasons() []ReasonInfo {
	return slices.Concat(
		podReasons,
		missingReasons,
	)
}

// ReasonOf is the reason with that code, false for none.
func ReasonOf(code string) (ReasonInfo, bool) {
	all := Reasons()
	i := slices.IndexFunc(all, func(r ReasonInfo) bool { return r.Code == code })
	if i < 0 {
		return ReasonInfo{}, false
	}
	return all[i], true
}

// DefaultSchedulingGrace is how long a pod may be unschedulable by default.
func DefaultSchedulingGrace() time.Duration { return unschedulable.Grace }

func byCode(list []ReasonInfo) map[string]ReasonInfo {
	out := make(map[string]ReasonInfo, len(list))
	for _, r := range list {
		out[r.Code] = r
	}
	return out
}

// reason is the value with the grace period that the user has chosen for it.
func reason(s *sts.Snapshot, r ReasonInfo) ReasonInfo {
	if r.Option == SchedulingGraceFlag && s.SchedulingGrace != nil {
		r.Grace = *s.SchedulingGrace
	}
	return r
}

// trouble is a Trouble of this reason that has lasted for this time.
func (r ReasonInfo) trouble(lasted time.Duration, message string) *Trouble {
	return &Trouble{Reason: r.Code, Failing: r.stuck(lasted), Message: message}
}

// stuck says whether a state that has lasted for this time counts as stuck.
func (r ReasonInfo) stuck(lasted time.Duration) bool {
	return r.Grace == 0 || r.Grace > 0 && lasted > r.Grace
}
