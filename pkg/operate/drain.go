package operate

import (
	"cmp"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// DrainOptions are the options of [NewDrainScale].
type DrainOptions struct {
	Lock
	Replicas int32
	// Profile is how a member leaves and joins its cluster, nil for nothing to do.
	Profile *profile.Profile
	// ProfileFile is the file that it was read from, as it was given; empty for a built-in one.
	ProfileFile string
	// NoHooks: the user said that there is nothing to do (--profile none).
	NoHooks bool
	// Domain is the cluster's DNS domain.
	Domain string
	// IgnoreBudgets deletes pods instead of evicting them, regardless of PodDisruptionBudgets.
	IgnoreBudgets bool
	// Quorum keeps a majority of the initial size.
	Quorum bool
	// MinHealthy is how many members must be available at any time.
	MinHealthy int32
	// KeepClaims sets whenScaled to Retain until the scale-down is complete.
	KeepClaims bool
	// Park allows 0 replicas and records the size. All members stop, so none of them has to be
	// available.
	Park bool
	// ReuseClaims allows new members to start with the claims of removed ones.
	ReuseClaims bool
}

// drainScale scales a set one member at a time. Down, highest ordinal first, each member leaves
// its own cluster, then its pod is evicted, so that PodDisruptionBudgets apply, and only then the
// set is scaled down by one. Up, each is registered in its cluster before its pod is created.
type drainScale struct {
	DrainOptions
	// resumed is the pod whose member was leaving when the command started: how far that got
	// under an earlier command is not recorded.
	resumed types.UID
	// claims are those of the ordinals that will be removed, as the command found them; true for
	// one whose volume keeps the data after a rescue.
	claims map[string]bool
}

// NewDrainScale changes the size of the set, starting from the snapshot in which the command
// finds it: a change of size that an earlier command has left unfinished is resumed.
func NewDrainScale(o DrainOptions, s *sts.Snapshot) Intent {
	i := drainScale{DrainOptions: o, claims: map[string]bool{}}
	drain, err := record.ReadDrain(s.Set)
	if err == nil && drain != nil && drain.Member != nil {
		i.resumed = drain.Member.UID
	}
	for _, c := range s.Claims {
		if o, ok := sts.ClaimOrdinal(c.Name); ok && Removes(s.Set, i.Replicas, o) && s.HasPod(o) {
			v, _ := s.Volume(c.Spec.VolumeName)
			i.claims[c.Name] = c.DeletionTimestamp != nil && sts.Rescued(c, v)
		}
	}
	return i
}

// Next implements [Intent].
func (i drainScale) Next(s *sts.Snapshot, f Facts) Decision {
	l := drainLook(s, f)
	gs := i.guards(i.up(l))
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	var drain record.Drain
	var d *Decision
	switch lost := LostRecord(s); {
	case l.drain != nil:
		drain, d = *l.drain, gs.Require(guard.InProgress, l)
	case lost != nil:
		drain = i.adopt(s, lost)
	default:
		drain = record.Drain{From: sts.DesiredReplicas(s.Set), To: i.Replicas, StartedBy: i.Name, StartedAt: s.TakenAt}
		d = gs.Require(guard.BeforeStart, l)
	}
	if d != nil {
		return *d
	}
	drain.Profile, drain.ProfileFile = i.profileName(), i.ProfileFile
	return i.proceed(s, f, drain)
}

// proceed continues from the record.
func (i drainScale) proceed(s *sts.Snapshot, f Facts, drain record.Drain) Decision {
	if m := drain.Member; m != nil {
		take := i.leave
		if drain.Up() {
			take = i.arrive
		}
		d := take(s, f, drain)
		if d.Then == nil { // the end belongs to no member
			d.Member = cmp.Or(d.Member, s.Name(m.Ordinal))
		}
		return d
	}
	if d := requireSettled(s); d != nil {
		return *d
	}
	if have := sts.DesiredReplicas(s.Set); have != drain.Size() {
		if !i.TakeOver {
			return i.refuseScaledMeanwhile(s, &drain, drain.Size(), hintDrainTakeOver())
		}
		if overshot(drain, have) {
			return i.refuseScaledMeanwhile(s, &drain, drain.Size(), hintDrainStartAgain(record.GiveUpDrain(s.Set.Namespace, s.Set.Name)))
		}
		drain.From = have + drain.From - drain.Size()
	}
	if len(drain.Done) > 0 && drain.Size() == drain.To {
		return i.finish(s, drain)
	}
	if drain.Up() {
		return i.nextToJoin(s, drain)
	}
	return i.nextToLeave(s, f, drain)
}

// overshot reports whether another client has scaled the set past the size of the record, or
// to that size before any member was done. To continue would scale even further.
func overshot(drain record.Drain, have int32) bool {
	switch {
	case have == drain.To:
		return len(drain.Done) == 0
	case drain.Up():
		return have > drain.To
	}
	return have < drain.To
}

// refuseScaleInProgress refuses while another scale operation has started and not ended.
func refuseScaleInProgress(s *sts.Snapshot, drain *record.Drain) Decision {
	return decide(Refused, ReasonScaleInProgress,
		msgDrainInProgress(s.Set.Name, drain.From, drain.To, drain.Profile, drain.StartedBy), DrainHint(s, drain))
}

// DrainHint is how to resume a scale operation that was interrupted and, where that is possible, how
// to cancel it.
func DrainHint(s *sts.Snapshot, drain *record.Drain) sts.Hint {
	if drain.Member != nil && hasLeft(s, drain) {
		return drain.Again(s.Set)
	}
	return hintDrainInProgress(drain.Again(s.Set), record.GiveUpDrain(s.Set.Namespace, s.Set.Name))
}

// hasLeft reports whether the member has left its cluster, so that it cannot be brought back. The
// record decides where pods cannot be read.
func hasLeft(s *sts.Snapshot, drain *record.Drain) bool {
	m := drain.Member
	if drain.Up() || drain.Profile == "" || m.Phase != record.Removing {
		return false
	}
	r := replicaAt(s, m.Ordinal)
	return !s.Knows("pods") || !r.Desired || r.Pod != nil && r.Pod.UID == m.UID
}

// requireNoDrain refuses while members leave or join: another verb would restart a member that has
// partially left, or miscount a set that is being scaled down. Verbs that roll back an update or
// unblock a stuck one do not check this, because a scale operation may wait for them.
func requireNoDrain(s *sts.Snapshot) *Decision {
	drain, err := record.ReadDrain(s.Set)
	o, pod := leavingPod(s)
	var d Decision
	switch {
	case err != nil:
		d = badRecord(err)
	case drain != nil:
		d = refuseScaleInProgress(s, drain)
	case pod != nil:
		d = refuseLostMember(s, o, pod)
	default:
		return nil
	}
	return &d
}

// refuseLostMember refuses a pod that has our finalizer when the record is missing: only the user can
// tell whether its member has left.
func refuseLostMember(s *sts.Snapshot, o sts.Ordinal, pod *corev1.Pod) Decision {
	message, hint := msgDrainRecordLost(pod.Name, record.LostDrain(s.Set, o))
	return decide(Refused, ReasonMemberLeft, message, hint)
}

// Removes reports whether the set has no such ordinal once it is scaled to so many replicas.
func Removes(set *appsv1.StatefulSet, replicas int32, o sts.Ordinal) bool {
	return o >= sts.Start(set)+sts.Ordinal(replicas)
}

func (i drainScale) profileName() string {
	if i.Profile == nil {
		return ""
	}
	return i.Profile.Metadata.Name
}

func drainCommand(s *sts.Snapshot, to int32) sts.Hint {
	return sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, "--replicas", strconv.Itoa(int(to)))
}

// leavingPod is the pod of a member that leaves or has left.
func leavingPod(s *sts.Snapshot) (sts.Ordinal, *corev1.Pod) {
	for _, r := range s.Replicas() {
		if r.Pod != nil && record.HoldsLeaving(r.Pod) {
			return r.Ordinal, r.Pod
		}
	}
	return 0, nil
}

// LostRecord is the record of a scale-down as far as a pod with our finalizer shows it, nil when there
// is no such pod. Without the real one (kubectl replace drops annotations, another set has adopted the
// pods) only the user can tell whether its member has left.
func LostRecord(s *sts.Snapshot) *record.Drain {
	o, pod := leavingPod(s)
	if pod == nil {
		return nil
	}
	after := int32(o - sts.Start(s.Set))
	return &record.Drain{From: after + 1, To: after, Member: &record.Member{Ordinal: o, UID: pod.UID}}
}

// again is this command with another size, for a hint.
func (i drainScale) again(s *sts.Snapshot, to int32) sts.Hint {
	drain := &record.Drain{To: to, Profile: i.profileName(), ProfileFile: i.ProfileFile}
	return drain.Again(s.Set)
}

// refuseScaledMeanwhile stops when another client has changed the size.
func (i drainScale) refuseScaledMeanwhile(s *sts.Snapshot, drain *record.Drain, expected int32, hint sts.Hint) Decision {
	return decide(Refused, ReasonTakenOver, msgDrainScaledByOther(sts.Who(s.Set, "replicas"), s.Set.Name, sts.DesiredReplicas(s.Set), expected, drain.Up()), hint)
}

// scaleBack is the hint for that: the size at which the same command resumes.
func scaleBack(s *sts.Snapshot, size int32) sts.Hint {
	back := sts.Kubectl(s.Set.Namespace, "scale statefulset", s.Set.Name, fmt.Sprintf("--replicas=%d", size))
	if sts.DesiredReplicas(s.Set) > size {
		return hintDrainScaleDown(s.Name(sts.Start(s.Set)+sts.Ordinal(size)), back)
	}
	return hintDrainScaleBack(size, back)
}

func replicaAt(s *sts.Snapshot, o sts.Ordinal) sts.Replica {
	for _, r := range s.Replicas() {
		if r.Ordinal == o {
			return r
		}
	}
	return sts.Replica{Ordinal: o}
}

// begin records which member is next.
func (i drainScale) begin(s *sts.Snapshot, drain record.Drain, m *record.Member, what string) Decision {
	b, event := newPatch(s.Set), ""
	if s.Set.Annotations[record.DrainAnnotation] == "" {
		event = "ScaleDownStarted"
		if drain.Up() {
			event = "ScaleUpStarted"
		}
		what = stepDrainFirst(drain.Up(), drain.From, drain.To, what)
		if i.Park && drain.To == 0 {
			b = b.park(drain.From)
		}
	}
	if i.KeepClaims && !drain.Up() && sts.DeletesClaimsWhenScaled(s.Set) {
		drain.Retention = string(s.Set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled)
		b = b.retention("Retain")
		what = stepDrainKeepClaims(what)
	}
	d := do(b.drain(drain.With(m)).owner(i.Owner).action(event, what), "Begin")
	d.Member = s.Name(m.Ordinal)
	return d
}

// note writes the record, and nothing else.
func (i drainScale) note(s *sts.Snapshot, drain record.Drain, event, why string) Decision {
	return do(newPatch(s.Set).drain(drain).owner(i.Owner).action(event, why), "Note")
}

// acquireLock acquires the lock before anything happens in pods: of two commands of one owner only one
// continues.
func (l Lock) acquireLock(s *sts.Snapshot, drain record.Drain) *Decision {
	if o, err := record.ReadOwner(s.Set); err == nil && o != nil && o.ID == l.ID {
		return nil
	}
	m := drain.Member
	d := do(newPatch(s.Set).drain(drain).owner(l.Owner).
		action("", stepDrainResume(s.Name(m.Ordinal), m.Phase, drain.StartedBy)), "Lock")
	return &d
}
