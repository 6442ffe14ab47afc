package sts

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// DrainAnnotation holds a [Drain] in JSON while a set is being scaled member by member.
	DrainAnnotation = AnnotationPrefix + "drain"
	// ParkedAnnotation holds the size, a number, of a set that was scaled down to 0 to
	// come back.
	ParkedAnnotation = AnnotationPrefix + "parked"
	// LeavingFinalizer keeps a pod whose member leaves its cluster from being made anew:
	// while it stands, the StatefulSet controller waits for the old pod to go.
	LeavingFinalizer = AnnotationPrefix + "leaving"
)

// Drain is what has to be remembered about a change of a set's size with hooks, one
// member after the other: down, or up.
type Drain struct {
	// From and To are the replicas before and after.
	From int32 `json:"from"`
	To   int32 `json:"to"`
	// Profile names what takes the members out or in; empty for nothing.
	Profile string `json:"profile,omitempty"`
	// Custom: the profile is not one of ours.
	Custom bool `json:"custom,omitempty"`
	// Retention is the whenScaled policy that stood before it was set to Retain.
	Retention string `json:"retention,omitempty"`
	// Member is the one that is on its way, nil between two.
	Member *Member `json:"member,omitempty"`
	// Done are those that have gone, or come.
	Done []Moved `json:"done,omitempty"`
	// DeletedClaims are the claims that went with members, known at the end only.
	DeletedClaims []string  `json:"-"`
	StartedBy     string    `json:"startedBy,omitempty"`
	StartedAt     time.Time `json:"startedAt"`
}

// Up says whether members join; else they leave.
func (d *Drain) Up() bool { return d.To > d.From }

// Member is one on its way out, or in.
type Member struct {
	Ordinal Ordinal `json:"ordinal"`
	// UID is its pod's, empty when there is none.
	UID   types.UID   `json:"uid,omitempty"`
	Phase MemberPhase `json:"phase"`
	// Values are what was captured before anything changed, such as the member's id.
	Values map[string]string `json:"values,omitempty"`
	// Problem is why it did not leave.
	Problem string `json:"problem,omitempty"`
	// Since is when the phase began, Took how long those before it have taken.
	Since time.Time                       `json:"since"`
	Took  map[MemberPhase]metav1.Duration `json:"took,omitempty"`
}

// Moved is a member that has left or joined.
type Moved struct {
	Ordinal Ordinal `json:"ordinal"`
	// Took is how long each phase took.
	Took map[MemberPhase]metav1.Duration `json:"took,omitempty"`
}

// MemberPhase is how far a member is on its way.
type MemberPhase string

// The phases in their order: those of a member that leaves, then of one that joins.
const (
	Draining  MemberPhase = "draining"  // it is leaving its own cluster
	Recalled  MemberPhase = "recalled"  // it did not leave and was called back
	Removing  MemberPhase = "removing"  // it has left; its pod is to go
	Finishing MemberPhase = "finishing" // its pod is gone; what comes after is to be done

	Announcing MemberPhase = "announcing" // its cluster is told of it; there is no pod yet
	Starting   MemberPhase = "starting"   // the set is larger; its pod is to become available
)

// Enter is the member in its next phase, with the time noted that the last one took.
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

// With is the record with this member on its way.
func (d Drain) With(m *Member) Drain {
	d.Member = m
	return d
}

// Settled is the record once the member on its way has gone, or come.
func (d Drain) Settled(now time.Time) Drain {
	d.Done = append(slices.Clone(d.Done), Moved{Ordinal: d.Member.Ordinal, Took: d.Member.took(now)})
	d.Member = nil
	return d
}

// Ordinals are those of the members that are done, sorted.
func (d *Drain) Ordinals() []Ordinal {
	var out []Ordinal
	for _, m := range d.Done {
		out = append(out, m.Ordinal)
	}
	slices.Sort(out)
	return out
}

// ReadDrain reads the record of a change of size that is on its way: nil when there is
// none, an error when it can't be read.
func ReadDrain(set *appsv1.StatefulSet) (*Drain, error) {
	d, err := readAnnotation[Drain](set, DrainAnnotation)
	if d != nil && (d.From == d.To || d.From < 0 || d.To < 0 || d.Member != nil && d.Member.Phase == "") {
		return nil, fmt.Errorf("annotation %s of statefulset %s does not say from which size to which it goes", DrainAnnotation, set.Name)
	}
	return d, err
}

// Size is how many replicas the set has between two members, as far as only this
// change of size has moved it.
func (d *Drain) Size() int32 {
	if d.Up() {
		return d.From + int32(len(d.Done))
	}
	return d.From - int32(len(d.Done))
}

// ProfileArgument is what --profile has to be to go on. Where a file lies is not recorded.
func (d *Drain) ProfileArgument() string {
	switch {
	case d.Profile == "":
		return "none"
	case d.Custom:
		return "FILE (of " + d.Profile + ")"
	}
	return d.Profile
}

// Again is the command that goes on with the change of size, for a hint. What an
// inline command was, or a file, is not recorded.
func (d *Drain) Again(set *appsv1.StatefulSet) string {
	options := fmt.Sprintf("--replicas %d", d.To)
	switch {
	case d.To == 0:
		options += " --park"
	case strings.HasPrefix(d.Profile, "--"):
		options += " " + d.Profile + " COMMAND"
	default:
		options += " --profile " + d.ProfileArgument()
	}
	return Kubectl(set.Namespace, "sts drain-scale", set.Name, options)
}

// GiveUpDrain is the command that undoes what can be undone of a change of size, for a hint.
func GiveUpDrain(namespace, set string) string {
	return Kubectl(namespace, "sts drain-scale", set, "--cancel")
}

// LostDrain is how to go on with a member that our finalizer holds while no record says how
// far it is, for a hint: only a person can know.
func LostDrain(set *appsv1.StatefulSet, member Ordinal) string {
	to := min(int32(member-Start(set)), WantedReplicas(set))
	return fmt.Sprintf("if it has left: %s; if it is a member: %s",
		Kubectl(set.Namespace, "sts drain-scale", set.Name, fmt.Sprintf("--replicas %d --profile none", to)), GiveUpDrain(set.Namespace, set.Name))
}

// MostReplicas is the size up to which a set is looked at ordinal by ordinal: more pods than
// the largest clusters have. spec.replicas may be any number.
const MostReplicas = 200_000

// ParkedSize is the size to which a set at 0 is to come back; false when none was
// written down that could be one.
func ParkedSize(set *appsv1.StatefulSet) (int32, bool) {
	n, err := strconv.ParseInt(set.Annotations[ParkedAnnotation], 10, 32)
	return int32(n), err == nil && n > 0 && n <= MostReplicas
}

// CheckSize is an error for a set that is too large to be looked at.
func CheckSize(set *appsv1.StatefulSet) error {
	if n := WantedReplicas(set); n > MostReplicas {
		return fmt.Errorf("statefulset %s in namespace %s wants %d replicas, and %d are the most that can be looked at: is spec.replicas what was meant?", set.Name, set.Namespace, n, MostReplicas)
	}
	return nil
}

// HoldsLeaving says whether the pod carries our finalizer.
func HoldsLeaving(pod *corev1.Pod) bool { return slices.Contains(pod.Finalizers, LeavingFinalizer) }

// DeletesClaimsWhenScaled says whether scaling down deletes the claims of the
// ordinals that go (KEP-1847).
func DeletesClaimsWhenScaled(set *appsv1.StatefulSet) bool {
	p := set.Spec.PersistentVolumeClaimRetentionPolicy
	return p != nil && p.WhenScaled == appsv1.DeletePersistentVolumeClaimRetentionPolicyType && len(set.Spec.VolumeClaimTemplates) > 0
}

// ClaimsOf are the names of the set's claims of these ordinals that exist and stay,
// by its volumeClaimTemplates: not those that are being deleted, or go with their pod
// because the retention policy says so.
func ClaimsOf(s *Snapshot, ordinals []Ordinal) []string {
	have := map[string]bool{}
	for _, c := range s.Claims {
		have[c.Name] = c.DeletionTimestamp == nil && !slices.ContainsFunc(c.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "Pod" })
	}
	var out []string
	for _, o := range ordinals {
		for _, t := range s.Set.Spec.VolumeClaimTemplates {
			if name := ClaimName(t.Name, s.Set.Name, o); have[name] {
				out = append(out, name)
			}
		}
	}
	return out
}

// ClaimWord is what comes before the names of n claims.
func ClaimWord(n int) string {
	if n == 1 {
		return "claim"
	}
	return "claims"
}
