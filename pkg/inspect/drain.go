package inspect

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DrainStatus is a change of size that takes members out one by one, or in.
type DrainStatus struct {
	// From and To are the replicas before and after.
	From int32 `json:"from"`
	To   int32 `json:"to"`
	// Profile names what takes the members out or in; absent for nothing.
	Profile string `json:"profile,omitempty"`
	// Member is the one that is on its way, absent between two.
	Member *MemberStatus `json:"member,omitempty"`
	// Done have gone, or come, in that order; Left are still to.
	Done []MovedStatus `json:"done"`
	Left []sts.Ordinal `json:"left"`
	// Claims are those that members which have gone have left behind.
	Claims []string `json:"claims"`
	// DeletedClaims are those that went with members, in the report at the end.
	DeletedClaims []string `json:"deletedClaims,omitempty"`
	// Retention is the whenScaled policy that comes back at the end.
	Retention string       `json:"retention,omitempty"`
	StartedBy string       `json:"startedBy,omitempty"`
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// RecordLost: only a pod that carries our finalizer is left of it.
	RecordLost bool `json:"recordLost,omitempty"`
}

// MemberStatus is a member on its way out, or in.
type MemberStatus struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	Pod     string      `json:"pod"`
	// Phase is absent where the record is lost.
	Phase sts.MemberPhase `json:"phase,omitempty"`
	// Since is when the phase began, Took how long those before it have taken.
	Since *metav1.Time                        `json:"since,omitempty"`
	Took  map[sts.MemberPhase]metav1.Duration `json:"took,omitempty"`
	// Values are what was captured of it, such as its id in its own cluster.
	Values map[string]string `json:"values,omitempty"`
	// Problem is why it did not leave.
	Problem string `json:"problem,omitempty"`
	// Held: its pod carries our finalizer, so that it is not made anew.
	Held bool `json:"held,omitempty"`
}

// MovedStatus is a member that has gone, or come.
type MovedStatus struct {
	Ordinal sts.Ordinal                         `json:"ordinal"`
	Pod     string                              `json:"pod"`
	Took    map[sts.MemberPhase]metav1.Duration `json:"took,omitempty"`
}

// Up says whether members come; else they go.
func (d *DrainStatus) Up() bool { return d.To > d.From }

// NewDrainStatus tells of a change of size by its record, or, where that is lost, by
// the pod of a member that has left. Nil when none is on its way.
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

// lostDrain goes by a pod that carries our finalizer: only a member that leaves gets
// one, and kubectl replace drops annotations.
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

// leaves says whether the ordinal is to go.
func (d *DrainStatus) leaves(s *sts.Snapshot, o sts.Ordinal) bool {
	return d != nil && !d.Up() && o >= sts.Start(s.Set)+sts.Ordinal(d.To)
}

// state is the set's state while members go or come.
func (d *DrainStatus) state() State {
	if d.Up() {
		return ScalingUp
	}
	return ScalingDown
}

// sentence says who is on its way, and how far the whole is.
func (d *DrainStatus) sentence(s *sts.Snapshot) string {
	whole := fmt.Sprintf("on the way from %d to %s", d.From, sts.Count(d.To, "replica"))
	if n := len(d.Done); n > 0 {
		whole += fmt.Sprintf(", %d of %d done", n, max(d.From, d.To)-min(d.From, d.To))
	}
	switch m := d.Member; {
	case d.RecordLost:
		return fmt.Sprintf("%s is leaving its cluster, or has left it; annotation %s, which told more, is gone", m.Pod, sts.DrainAnnotation)
	case m != nil:
		return sentence(m.sentence(s, d), whole)
	case len(d.Left) == 0:
		return sentence("the change of size is as good as finished", whole)
	}
	next := slices.Max(d.Left)
	if d.Up() {
		return sentence(s.Name(slices.Min(d.Left))+" is the next to join", whole)
	}
	return sentence(s.Name(next)+" is the next to leave", whole)
}

// sentence says what the member is doing.
func (m *MemberStatus) sentence(s *sts.Snapshot, d *DrainStatus) string {
	what, phase := "", "for "+sts.Age(s.TakenAt.Sub(m.Since.Time))
	switch m.Phase {
	case sts.Draining:
		what = "is leaving its cluster"
	case sts.Recalled:
		what = "did not leave its cluster, and was called back"
	case sts.Removing:
		what = "is being removed"
		if d.Profile != "" {
			what = "has left its cluster" + m.podState(s)
		}
	case sts.Finishing:
		what = "is gone, and what comes after is to be done"
	case sts.Announcing:
		what = "is to be added"
		if d.Profile != "" {
			what = "is to join"
		}
	case sts.Starting:
		what = "is starting"
	}
	if d.Profile != "" {
		phase = string(m.Phase) + " " + phase + ", " + d.Profile
	}
	return m.Pod + " " + what + " (" + phase + ")"
}

// podState is what has become of the pod of a member that has left.
func (m *MemberStatus) podState(s *sts.Snapshot) string {
	if !s.Knows("pods") {
		return ""
	}
	for _, r := range s.Replicas() {
		switch {
		case r.Ordinal != m.Ordinal || r.Pod == nil:
		case r.Terminating:
			return ", its pod is ending"
		default:
			return ", its pod is still to go"
		}
	}
	return ", its pod is gone"
}

// judgeDrain says what a change of size is doing, and how it goes on where nobody is
// at work.
func (st *Status) judgeDrain(s *sts.Snapshot, record *sts.Drain) {
	d := st.Drain
	var hint string
	switch {
	case d.RecordLost:
		hint = sts.LostDrain(s.Set, d.Member.Ordinal)
	case d.Member != nil && d.Profile != "" && d.Member.Phase == sts.Removing:
		hint = record.Again(s.Set) // who has left cannot be called back
	default:
		hint = record.Again(s.Set) + ", or give it up: " + sts.GiveUpDrain(s.Set.Namespace, s.Set.Name)
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
