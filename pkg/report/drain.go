package report

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// DrainStatus is a change of size by `drain-scale`, which removes or adds members one by one.
type DrainStatus struct {
	// From is the replicas before.
	From int32 `json:"from"`
	// To is the replicas after.
	To int32 `json:"to"`
	// Profile is the drain profile, `--drain-exec` or `--drain-cmd`; absent if nothing is run.
	Profile string `json:"profile,omitempty"`
	// Member is the member that is leaving or joining; absent between two members.
	Member *MemberStatus `json:"member,omitempty"`
	// Done are members that have left, or joined, in that order.
	Done []MovedStatus `json:"done"`
	// Left are members that have not left, or joined, yet.
	Left []sts.Ordinal `json:"left"`
	// Claims are claims of removed members, which are now orphaned.
	Claims []string `json:"claims"`
	// In the report at the end: claims that were deleted with members, by `whenScaled: Delete` or
	// because they were being deleted before.
	DeletedClaims []string `json:"deletedClaims,omitempty"`
	// With `--keep-claims`: the `whenScaled` policy that is restored at the end.
	Retention string `json:"retention,omitempty"`
	// StartedBy is who started it.
	StartedBy string `json:"startedBy,omitempty"`
	// StartedAt is when it was started; absent if the record is lost.
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// RecordLost is true if the annotation is missing and only the finalizer on a pod shows the scale operation.
	RecordLost bool `json:"recordLost,omitempty"`
}

// MemberStatus is a member that is leaving or joining.
type MemberStatus struct {
	// Ordinal is the ordinal of the member.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Pod is the name of the pod, whether it exists or not.
	Pod string `json:"pod"`
	// Phase is the progress of the member; absent if the record is lost.
	Phase record.MemberPhase `json:"phase,omitempty"`
	// Since is when this phase started.
	Since *metav1.Time `json:"since,omitempty"`
	// Took is the duration of the earlier phases.
	Took map[record.MemberPhase]metav1.Duration `json:"took,omitempty"`
	// Values are values that the profile has captured, such as the member's ID in its own cluster.
	Values map[string]string `json:"values,omitempty"`
	// Problem is why it did not leave, if its drain was reverted.
	Problem string `json:"problem,omitempty"`
	// Held is true if its pod has the finalizer `kubectl-sts.dev/leaving`, so that it is not
	// recreated.
	Held bool `json:"held,omitempty"`
}

// MovedStatus is a member that was removed, or added.
type MovedStatus struct {
	// Ordinal is the ordinal of the member.
	Ordinal sts.Ordinal `json:"ordinal"`
	// Pod is the name of the pod.
	Pod string `json:"pod"`
	// Took is the duration of each phase.
	Took map[record.MemberPhase]metav1.Duration `json:"took,omitempty"`
}

// Up reports whether members are added; else they are removed.
func (d *DrainStatus) Up() bool { return d.To > d.From }

// NewDrainStatus is the drain-scale in progress by its record, or, where that is missing, by the
// pod with our finalizer. Nil when none is in progress.
func NewDrainStatus(s *sts.Snapshot, drain *record.Drain) *DrainStatus {
	if drain == nil {
		return lostDrain(s)
	}
	started := metav1.NewTime(drain.StartedAt)
	out := &DrainStatus{
		From: drain.From, To: drain.To, Profile: drain.Profile, Retention: drain.Retention,
		Done: []MovedStatus{}, Left: []sts.Ordinal{}, Claims: []string{},
		DeletedClaims: drain.DeletedClaims, StartedBy: drain.StartedBy, StartedAt: &started,
	}
	for _, m := range drain.Done {
		out.Done = append(out.Done, MovedStatus{Ordinal: m.Ordinal, Pod: s.Name(m.Ordinal), Took: m.Took})
	}
	if m := drain.Member; m != nil {
		since := metav1.NewTime(m.Since)
		out.Member = &MemberStatus{Ordinal: m.Ordinal, Pod: s.Name(m.Ordinal), Phase: m.Phase,
			Since: &since, Took: m.Took, Values: m.Values, Problem: m.Problem, Held: holds(s, m.Ordinal)}
	}
	done := drain.Ordinals()
	for n := min(out.From, out.To); n < max(out.From, out.To); n++ {
		o := sts.Start(s.Set) + sts.Ordinal(n)
		if !slices.Contains(done, o) && (drain.Member == nil || drain.Member.Ordinal != o) {
			out.Left = append(out.Left, o)
		}
	}
	if !drain.Up() {
		out.Claims = append(out.Claims, sts.ClaimsOf(s, done)...)
	}
	return out
}

func lostDrain(s *sts.Snapshot) *DrainStatus {
	lost := operate.LostRecord(s)
	if lost == nil {
		return nil
	}
	return &DrainStatus{From: lost.From, To: lost.To, Done: []MovedStatus{}, Left: []sts.Ordinal{}, Claims: []string{}, RecordLost: true,
		Member: &MemberStatus{Ordinal: lost.Member.Ordinal, Pod: s.Name(lost.Member.Ordinal), Held: true}}
}

func holds(s *sts.Snapshot, o sts.Ordinal) bool {
	for _, r := range s.Replicas() {
		if r.Ordinal == o {
			return r.Pod != nil && record.HoldsLeaving(r.Pod)
		}
	}
	return false
}

// leaves reports whether the ordinal will be removed.
func (d *DrainStatus) leaves(s *sts.Snapshot, o sts.Ordinal) bool {
	return d != nil && !d.Up() && operate.Removes(s.Set, d.To, o)
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
	case record.Draining:
		what = msgMemberLeaving(m.Pod)
	case record.Recalled:
		what = msgMemberReverted(m.Pod)
	case record.Removing:
		what = msgMemberRemoved(m.Pod)
		if d.Profile != "" {
			what = m.left(s)
		}
	case record.Finishing:
		what = msgMemberFinishing(m.Pod)
	case record.Announcing:
		what = msgMemberAdded(m.Pod)
		if d.Profile != "" {
			what = msgMemberJoining(m.Pod)
		}
	case record.Starting:
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
func (st *Status) judgeDrain(s *sts.Snapshot, drain *record.Drain) {
	d := st.Drain
	if d.RecordLost {
		st.say(d.state(), d.sentence(s), st.ownHint(record.LostDrain(s.Set, d.Member.Ordinal)))
		return
	}
	st.say(d.state(), d.sentence(s), st.ownHint(operate.DrainHint(s, drain)))
}

// Total is how long all phases have taken.
func (m MovedStatus) Total() time.Duration {
	total := time.Duration(0)
	for _, d := range m.Took {
		total += d.Duration
	}
	return total
}
