package report

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DrainStatus is a drain-scale, which removes or adds members one by one.
type DrainStatus struct {
	// From and To are the replicas before and after.
	From int32 `json:"from"`
	To   int32 `json:"to"`
	// Profile names the profile, or the option, that drains or adds the members; absent for none.
	Profile string `json:"profile,omitempty"`
	// Member is the one that is leaving or joining, absent between two.
	Member *MemberStatus `json:"member,omitempty"`
	// Done were removed, or added, in that order; Left are not yet.
	Done []MovedStatus `json:"done"`
	Left []sts.Ordinal `json:"left"`
	// Claims are those of removed members that still exist.
	Claims []string `json:"claims"`
	// DeletedClaims are those that were deleted with members, in the report at the end.
	DeletedClaims []string `json:"deletedClaims,omitempty"`
	// Retention is the whenScaled policy that is restored at the end.
	Retention string       `json:"retention,omitempty"`
	StartedBy string       `json:"startedBy,omitempty"`
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// RecordLost: the record is missing, but a pod has our finalizer.
	RecordLost bool `json:"recordLost,omitempty"`
}

// MemberStatus is a member that is leaving or joining.
type MemberStatus struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	Pod     string      `json:"pod"`
	// Phase is absent where the record is missing.
	Phase sts.MemberPhase `json:"phase,omitempty"`
	// Since is when the phase started, Took how long those before it took.
	Since *metav1.Time                        `json:"since,omitempty"`
	Took  map[sts.MemberPhase]metav1.Duration `json:"took,omitempty"`
	// Values are what was captured of it, such as its ID in its own cluster.
	Values map[string]string `json:"values,omitempty"`
	// Problem is why it did not leave.
	Problem string `json:"problem,omitempty"`
	// Held: its pod has our finalizer, so that it is not recreated.
	Held bool `json:"held,omitempty"`
}

// MovedStatus is a member that was removed, or added.
type MovedStatus struct {
	Ordinal sts.Ordinal                         `json:"ordinal"`
	Pod     string                              `json:"pod"`
	Took    map[sts.MemberPhase]metav1.Duration `json:"took,omitempty"`
}

// Up reports whether members are added; else they are removed.
func (d *DrainStatus) Up() bool { return d.To > d.From }

// NewDrainStatus is the drain-scale in progress by its record, or, where that is missing, by the
// pod with our finalizer. Nil when none is in progress.
func NewDrainStatus(s *sts.Snapshot, record *sts.Drain) *DrainStatus {
	if record == nil {
		return lostDrain(s)
	}
	started := metav1.NewTime(record.StartedAt)
	out := &DrainStatus{
		From: record.From, To: record.To, Profile: record.Profile, Retention: record.Retention,
		Done: []MovedStatus{}, Left: []sts.Ordinal{}, Claims: []string{},
		DeletedClaims: record.DeletedClaims, StartedBy: record.StartedBy, StartedAt: &started,
	}
	for _, m := range record.Done {
		out.Done = append(out.Done, MovedStatus{Ordinal: m.Ordinal, Pod: s.Name(m.Ordinal), Took: m.Took})
	}
	if m := record.Member; m != nil {
		since := metav1.NewTime(m.Since)
		out.Member = &MemberStatus{Ordinal: m.Ordinal, Pod: s.Name(m.Ordinal), Phase: m.Phase,
			Since: &since, Took: m.Took, Values: m.Values, Problem: m.Problem, Held: holds(s, m.Ordinal)}
	}
	done := record.Ordinals()
	for n := min(out.From, out.To); n < max(out.From, out.To); n++ {
		o := sts.Start(s.Set) + sts.Ordinal(n)
		if !slices.Contains(done, o) && (record.Member == nil || record.Member.Ordinal != o) {
			out.Left = append(out.Left, o)
		}
	}
	if !record.Up() {
		out.Claims = append(out.Claims, sts.ClaimsOf(s, done)...)
	}
	return out
}

// lostDrain finds a pod with our finalizer: only a member that leaves has one, and kubectl replace
// drops annotations.
func lostDrain(s *sts.Snapshot) *DrainStatus {
	for _, r := range s.Replicas() {
		if r.Pod == nil || !sts.HoldsLeaving(r.Pod) {
			continue
		}
		to := int32(r.Ordinal - sts.Start(s.Set))
		return &DrainStatus{From: to + 1, To: to, Done: []MovedStatus{}, Left: []sts.Ordinal{}, Claims: []string{}, RecordLost: true,
			Member: &MemberStatus{Ordinal: r.Ordinal, Pod: r.Pod.Name, Held: true}}
	}
	return nil
}

func holds(s *sts.Snapshot, o sts.Ordinal) bool {
	for _, r := range s.Replicas() {
		if r.Ordinal == o {
			return r.Pod != nil && sts.HoldsLeaving(r.Pod)
		}
	}
	return false
}

// leaves reports whether the ordinal will be removed.
func (d *DrainStatus) leaves(s *sts.Snapshot, o sts.Ordinal) bool {
	return d != nil && !d.Up() && o >= sts.Start(s.Set)+sts.Ordinal(d.To)
}

// state is the set's state while members are removed or added.
func (d *DrainStatus) state() State {
	if d.Up() {
		return ScalingUp
	}
	return ScalingDown
}

// sentence says what the member is doing, and how far the drain-scale is.
func (d *DrainStatus) sentence(s *sts.Snapshot) string {
	whole := msgDrainScaling(d.From, d.To, len(d.Done))
	switch m := d.Member; {
	case d.RecordLost:
		return msgDrainRecordLost(m.Pod)
	case m != nil:
		return sentence(m.sentence(s, d), whole)
	case len(d.Left) == 0:
		return sentence(msgDrainAlmostDone(), whole)
	}
	next := slices.Max(d.Left)
	if d.Up() {
		return sentence(msgDrainNextToJoin(s.Name(slices.Min(d.Left))), whole)
	}
	return sentence(msgDrainNextToLeave(s.Name(next)), whole)
}

// sentence says what the member is doing.
func (m *MemberStatus) sentence(s *sts.Snapshot, d *DrainStatus) string {
	what := ""
	switch m.Phase {
	case sts.Draining:
		what = msgMemberLeaving(m.Pod)
	case sts.Recalled:
		what = msgMemberReverted(m.Pod)
	case sts.Removing:
		what = msgMemberRemoved(m.Pod)
		if d.Profile != "" {
			what = m.left(s)
		}
	case sts.Finishing:
		what = msgMemberFinishing(m.Pod)
	case sts.Announcing:
		what = msgMemberAdded(m.Pod)
		if d.Profile != "" {
			what = msgMemberJoining(m.Pod)
		}
	case sts.Starting:
		what = msgMemberStarting(m.Pod)
	}
	return what + " (" + msgMemberPhase(m.Phase, s.TakenAt.Sub(m.Since.Time), d.Profile) + ")"
}

// left says that the member has left, and the state of its pod.
func (m *MemberStatus) left(s *sts.Snapshot) string {
	if !s.Knows("pods") {
		return msgMemberLeft(m.Pod)
	}
	for _, r := range s.Replicas() {
		switch {
		case r.Ordinal != m.Ordinal || r.Pod == nil:
		case r.Terminating:
			return msgMemberTerminating(m.Pod)
		default:
			return msgMemberStillThere(m.Pod)
		}
	}
	return msgMemberGone(m.Pod)
}

// judgeDrain says what a drain-scale is doing, and how to resume it where no command is running.
func (st *Status) judgeDrain(s *sts.Snapshot, record *sts.Drain) {
	d := st.Drain
	var hint sts.Hint
	switch {
	case d.RecordLost:
		hint = sts.LostDrain(s.Set, d.Member.Ordinal)
	case d.Member != nil && d.Profile != "" && d.Member.Phase == sts.Removing:
		hint = record.Again(s.Set) // a member that has left cannot be brought back
	default:
		hint = hintDrain(record.Again(s.Set), sts.GiveUpDrain(s.Set.Namespace, s.Set.Name))
	}
	st.say(d.state(), d.sentence(s), st.ownHint(hint))
}

// Total is how long all phases have taken.
func (m MovedStatus) Total() time.Duration {
	total := time.Duration(0)
	for _, d := range m.Took {
		total += d.Duration
	}
	return total
}
