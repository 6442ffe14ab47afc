package record

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

const (
	// DrainAnnotation holds a [Drain] in JSON while a set is being scaled member by member.
	DrainAnnotation = sts.AnnotationPrefix + "drain"
	// ParkedAnnotation holds the size, a number, to which a set that was scaled to 0 will be scaled
	// back.
	ParkedAnnotation = sts.AnnotationPrefix + "parked"
	// LeavingFinalizer keeps a pod whose member leaves its cluster from being recreated: while it
	// is there, the StatefulSet controller waits for the old pod to be gone.
	LeavingFinalizer = sts.AnnotationPrefix + "leaving"
)

// Drain is the record of a drain-scale, which scales a set one member at a time, down or up.
type Drain struct {
	// From and To are the replicas before and after.
	From int32 `json:"from"`
	To   int32 `json:"to"`
	// Profile names the profile, or the option, that drains or adds the members; empty for none.
	Profile string `json:"profile,omitempty"`
	// ProfileFile is the file of the profile, as it was given; empty for a built-in one.
	ProfileFile string `json:"profileFile,omitempty"`
	// Retention is the whenScaled policy before it was set to Retain.
	Retention string `json:"retention,omitempty"`
	// Member is the one that is leaving or joining, nil between two.
	Member *Member `json:"member,omitempty"`
	// Done are those that were removed, or added.
	Done []Moved `json:"done,omitempty"`
	// DeletedClaims are the claims that were deleted with members, known at the end only.
	DeletedClaims []string  `json:"-"`
	StartedBy     string    `json:"startedBy,omitempty"`
	StartedAt     time.Time `json:"startedAt"`
}

// Up reports whether members join; else they leave.
func (d *Drain) Up() bool { return d.To > d.From }

// Member is one that is leaving or joining.
type Member struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	// UID is the UID of its pod, empty when there is none.
	UID   types.UID   `json:"uid,omitempty"`
	Phase MemberPhase `json:"phase"`
	// Values are what was captured before anything changed, such as the member's ID.
	Values map[string]string `json:"values,omitempty"`
	// Problem is why it did not leave.
	Problem string `json:"problem,omitempty"`
	// Since is when the phase began, Took how long those before it have taken.
	Since time.Time                       `json:"since"`
	Took  map[MemberPhase]metav1.Duration `json:"took,omitempty"`
}

// Moved is a member that was removed or added.
type Moved struct {
	Ordinal sts.Ordinal `json:"ordinal"`
	// Took is how long each phase took.
	Took map[MemberPhase]metav1.Duration `json:"took,omitempty"`
}

// MemberPhase is the progress of a member that leaves, or joins (the last two).
type MemberPhase string

// The phases in their order: those of a member that leaves, then of one that joins.
const (
	// Draining: it is leaving its own cluster.
	Draining MemberPhase = "Draining"
	// Recalled: it did not leave, and its drain was reverted.
	Recalled MemberPhase = "Reverted"
	// Removing: it has left; its pod is being removed.
	Removing MemberPhase = "Removing"
	// Finishing: its pod is gone; the remaining commands are being run.
	Finishing MemberPhase = "Finishing"

	// Announcing: it is announced to its cluster; its pod does not exist yet.
	Announcing MemberPhase = "Announcing"
	// Starting: the set has been scaled up; its pod is not available yet.
	Starting MemberPhase = "Starting"
)

// Enter is the member in its next phase, with the time recorded that the last one took.
func (m Member) Enter(p MemberPhase, now time.Time) *Member {
	m.Took = m.took(now)
	m.Phase, m.Since = p, now
	return &m
}

func (m Member) took(now time.Time) map[MemberPhase]metav1.Duration {
	took := maps.Clone(m.Took)
	if took == nil {
		took = map[MemberPhase]metav1.Duration{}
	}
	took[m.Phase] = metav1.Duration{Duration: took[m.Phase].Duration + max(0, now.Sub(m.Since)).Round(time.Millisecond)}
	return took
}

// With is the record with this member.
func (d Drain) With(m *Member) Drain {
	d.Member = m
	return d
}

// Settled is the record once its member was removed, or added.
func (d Drain) Settled(now time.Time) Drain {
	d.Done = append(slices.Clone(d.Done), Moved{Ordinal: d.Member.Ordinal, Took: d.Member.took(now)})
	d.Member = nil
	return d
}

// Ordinals are those of the members that are done, sorted.
func (d *Drain) Ordinals() []sts.Ordinal {
	var out []sts.Ordinal
	for _, m := range d.Done {
		out = append(out, m.Ordinal)
	}
	slices.Sort(out)
	return out
}

// ReadDrain reads the record of a drain-scale in progress: nil when there is none, an error when
// it can't be read.
func ReadDrain(set *appsv1.StatefulSet) (*Drain, error) {
	d, err := readAnnotation[Drain](set, DrainAnnotation)
	if d != nil && (d.From == d.To || d.From < 0 || d.To < 0 || d.Member != nil && d.Member.Phase == "") {
		return nil, invalid(set, DrainAnnotation, msgNoSizes())
	}
	return d, err
}

// Size is how many replicas the set has between two members, if no other client has scaled it.
func (d *Drain) Size() int32 {
	if d.Up() {
		return d.From + int32(len(d.Done))
	}
	return d.From - int32(len(d.Done))
}

// ProfileArgument is the value of --profile to resume with.
func (d *Drain) ProfileArgument() string {
	switch {
	case d.Profile == "":
		return "none"
	case d.ProfileFile != "":
		return d.ProfileFile
	}
	return d.Profile
}

// Again is the command that resumes the drain-scale, for a hint. The command of --drain-exec or
// --drain-cmd may contain a password, so it is not recorded: without the option the command is
// refused, but a placeholder would be run.
func (d *Drain) Again(set *appsv1.StatefulSet) sts.Hint {
	args := []string{set.Name, "--replicas", strconv.Itoa(int(d.To))}
	inline := strings.HasPrefix(d.Profile, "--")
	switch {
	case d.To == 0:
		args = append(args, "--park")
	case !inline:
		args = append(args, "--profile", d.ProfileArgument())
	}
	again := sts.Kubectl(set.Namespace, "sts drain-scale", args...)
	if inline {
		again = hintDrainInline(again, d.Profile)
	}
	return again
}

// GiveUpDrain is the command that cancels a drain-scale, for a hint.
func GiveUpDrain(namespace, set string) sts.Hint {
	return sts.Kubectl(namespace, "sts drain-scale", set, "--cancel")
}

// LostDrain is the hint for a pod that has our finalizer when the record is missing: only the user
// can tell whether its member has left.
func LostDrain(set *appsv1.StatefulSet, member sts.Ordinal) sts.Hint {
	to := min(int32(member-sts.Start(set)), sts.DesiredReplicas(set))
	return hintDrainRecordLost(sts.Kubectl(set.Namespace, "sts drain-scale", set.Name, "--replicas", strconv.Itoa(int(to)), "--profile", "none"), GiveUpDrain(set.Namespace, set.Name))
}

// ParkedSize is the size to which a parked set will be scaled back; false when no valid size was
// recorded.
func ParkedSize(set *appsv1.StatefulSet) (int32, bool) {
	n, err := strconv.ParseInt(set.Annotations[ParkedAnnotation], 10, 32)
	return int32(n), err == nil && n > 0 && n <= sts.MostReplicas
}

// HoldsLeaving reports whether the pod has our finalizer.
func HoldsLeaving(pod *corev1.Pod) bool { return slices.Contains(pod.Finalizers, LeavingFinalizer) }
