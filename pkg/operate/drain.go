package operate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// DrainOptions are the options of [NewDrainScale].
type DrainOptions struct {
	Holder
	Replicas int32
	// Profile is how a member leaves and joins its cluster, nil for nothing to do.
	Profile *profile.Profile
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
	record, err := sts.ReadDrain(s.Set)
	if err == nil && record != nil && record.Member != nil {
		i.resumed = record.Member.UID
	}
	for _, c := range s.Claims {
		if o, ok := sts.ClaimOrdinal(c.Name); ok && o >= sts.Start(s.Set)+sts.Ordinal(i.Replicas) && s.HasPod(o) {
			v, _ := s.Volume(c.Spec.VolumeName)
			i.claims[c.Name] = c.DeletionTimestamp != nil && sts.Rescued(c, v)
		}
	}
	return i
}

// overdue is how long after its grace period a pod that does not terminate is stuck.
const overdue = time.Minute

// Next implements [Intent].
func (i drainScale) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guard(s, f); d != nil {
		return *d
	}
	if s.Set.DeletionTimestamp != nil {
		return deleted(s)
	}
	record, d := i.recorded(s, f)
	if d != nil {
		return *d
	}
	return i.proceed(s, f, *record)
}

// deleted stops where the set is being deleted, and removes the finalizer from its pod.
func deleted(s *sts.Snapshot) Decision {
	if o, held := heldPod(s); held != nil {
		return letGo(held, o, stepDrainReleaseDeletedSet(held.Name, s.Set.Name))
	}
	return *settled(s)
}

// proceed continues from the record.
func (i drainScale) proceed(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	if m := record.Member; m != nil {
		take := i.leave
		if record.Up() {
			take = i.arrive
		}
		d := take(s, f, record)
		if d.Then == nil { // the end belongs to no member
			d.Member = cmp.Or(d.Member, s.Name(m.Ordinal))
		}
		return d
	}
	if d := settled(s); d != nil {
		return *d
	}
	if have := sts.DesiredReplicas(s.Set); have != record.Size() {
		if !i.TakeOver {
			return i.scaledMeanwhile(s, &record, record.Size(), hintDrainTakeOver())
		}
		record.From = have + record.From - record.Size()
	}
	if len(record.Done) > 0 && record.Size() == record.To {
		return i.finish(s, record)
	}
	if record.Up() {
		return i.nextToJoin(s, record)
	}
	return i.nextToLeave(s, f, record)
}

// recorded is the record of this scale operation, or the one to start with.
func (i drainScale) recorded(s *sts.Snapshot, f Facts) (*sts.Drain, *Decision) {
	refuse := func(reason, message string, hint sts.Hint) (*sts.Drain, *Decision) {
		d := decide(Refused, reason, message, hint)
		return nil, &d
	}
	record, err := sts.ReadDrain(s.Set)
	switch {
	case err != nil:
		d := badRecord(err)
		return nil, &d
	case record == nil && f.Wrote:
		message, hint := msgDrainRecordRemoved(s.Set.Name, sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name))
		return refuse(ReasonTakenOver, message, hint)
	case record != nil && (record.To != i.Replicas || record.Profile != i.profileName() && !i.TakeOver):
		d := scaleInProgress(s, record)
		return nil, &d
	case record != nil && !record.Up() && i.Replicas < i.MinHealthy:
		return refuse(ReasonMinHealthy, msgDrainMinHealthy(i.Replicas, i.MinHealthy), hintDrainMinHealthy(sts.GiveUpDrain(s.Set.Namespace, s.Set.Name)))
	case record != nil:
		record.Profile, record.Custom = i.profileName(), i.custom()
		return record, nil
	}
	if o, held := heldPod(s); held != nil {
		return i.adopt(s, o, held)
	}
	return i.check(s)
}

// scaleInProgress refuses while another scale operation has started and not ended.
func scaleInProgress(s *sts.Snapshot, record *sts.Drain) Decision {
	message, hint := msgDrainInProgress(s.Set.Name, record.From, record.To, record.Profile, record.StartedBy,
		record.Again(s.Set), sts.GiveUpDrain(s.Set.Namespace, s.Set.Name))
	return decide(Refused, ReasonScaleOnItsWay, message, hint)
}

// noDrain refuses while members leave or join: another verb would restart a member that has
// partially left, or miscount a set that is being scaled down. Verbs that roll back an update or
// unblock a stuck one do not check this, because a scale operation may wait for them.
func noDrain(s *sts.Snapshot) *Decision {
	record, err := sts.ReadDrain(s.Set)
	o, held := heldPod(s)
	var d Decision
	switch {
	case err != nil:
		d = badRecord(err)
	case record != nil:
		d = scaleInProgress(s, record)
	case held != nil:
		d = lostMember(s, o, held)
	default:
		return nil
	}
	return &d
}

// lostMember refuses a pod that has our finalizer when the record is missing: only the user can
// tell whether its member has left.
func lostMember(s *sts.Snapshot, o sts.Ordinal, held *corev1.Pod) Decision {
	message, hint := msgDrainRecordLost(held.Name, sts.LostDrain(s.Set, o))
	return decide(Refused, ReasonMemberLeft, message, hint)
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

// custom reports whether the profile is a file of the user's.
func (i drainScale) custom() bool {
	name := i.profileName()
	_, unknown := profile.Find(name)
	return name != "" && !strings.HasPrefix(name, "--") && unknown != nil
}

// heldPod is the pod of a member that leaves or has left.
func heldPod(s *sts.Snapshot) (sts.Ordinal, *corev1.Pod) {
	for _, r := range s.Replicas() {
		if r.Pod != nil && sts.HoldsLeaving(r.Pod) {
			return r.Ordinal, r.Pod
		}
	}
	return 0, nil
}

// adopt continues from a pod with our finalizer when the record is missing (kubectl replace
// drops annotations, another set has adopted the pods): only the user can tell whether its member
// has left.
func (i drainScale) adopt(s *sts.Snapshot, o sts.Ordinal, held *corev1.Pod) (*sts.Drain, *Decision) {
	before := int32(o-sts.Start(s.Set)) + 1
	if i.Replicas >= before || !i.NoHooks {
		d := lostMember(s, o, held)
		return nil, &d
	}
	return &sts.Drain{From: before, To: i.Replicas, StartedBy: i.Name, StartedAt: s.TakenAt,
		Member: &sts.Member{Ordinal: o, UID: held.UID, Phase: sts.Removing, Since: s.TakenAt}}, nil
}

// again is this command with another size, for a hint.
func (i drainScale) again(s *sts.Snapshot, to int32) sts.Hint {
	record := &sts.Drain{To: to, Profile: i.profileName(), Custom: i.custom()}
	return record.Again(s.Set)
}

// check are the guards that are checked once, before anything starts.
func (i drainScale) check(s *sts.Snapshot) (*sts.Drain, *Decision) {
	from := sts.DesiredReplicas(s.Set)
	refuse := func(reason, message string, hint sts.Hint) (*sts.Drain, *Decision) {
		d := decide(Refused, reason, message, hint)
		return nil, &d
	}
	record := &sts.Drain{From: from, To: i.Replicas, Profile: i.profileName(), Custom: i.custom(), StartedBy: i.Name, StartedAt: s.TakenAt}
	if from == i.Replicas {
		d := decide(Done, ReasonNothingToDo, msgDrainUnchanged(from), nil)
		return nil, &d
	}
	if d := steady(s); d != nil {
		return nil, d
	}
	if d := i.resizable(s, i.Replicas); d != nil {
		return nil, d
	}
	if d := i.autoscaled(s); d != nil {
		return nil, d
	}
	if i.Profile != nil && i.Profile.Refuse != "" {
		return refuse(ReasonProfileRefuses, msgDrainProfileRefuses(i.Profile.Metadata.Name, i.Profile.Refuse), nil)
	}
	if record.Up() {
		return record, i.mayGrow(s)
	}
	if i.Replicas == 0 && !i.Park {
		message, hint := msgDrainToZero(s.Set.Name)
		return refuse(ReasonParking, message, hint)
	}
	if majority := from/2 + 1; i.Quorum && i.Replicas < majority {
		message, hint := msgDrainQuorum(from, i.Replicas, majority, i.again(s, majority))
		return refuse(ReasonQuorum, message, hint)
	}
	if i.Replicas < i.MinHealthy {
		// Before a member leaves all that stay have to be available, so nothing else is checked.
		return refuse(ReasonMinHealthy, msgDrainMinHealthy(i.Replicas, i.MinHealthy), nil)
	}
	if d := i.budgetOnTheWay(s); d != nil {
		return nil, d
	}
	if sts.DeletesClaimsWhenScaled(s.Set) && !i.AcceptDataLoss && !i.KeepClaims {
		message, hint := msgDrainDeletesClaims(s.Set.Name)
		return refuse(ReasonDataLoss, message, hint)
	}
	return record, nil
}

// budgetOnTheWay refuses where a budget will block every eviction before the size is reached:
// better to know that before the first member has left.
func (i drainScale) budgetOnTheWay(s *sts.Snapshot) *Decision {
	failing := slices.ContainsFunc(s.Replicas(), func(r sts.Replica) bool { return isFailing(s, r) })
	if i.IgnoreBudgets || failing || len(s.Budgets) != 1 {
		return nil // other rules apply to pods that are not healthy
	}
	b, from := s.Budgets[0], sts.DesiredReplicas(s.Set)
	others := max(0, b.Status.ExpectedPods-from)      // it may select more than this set's pods
	for size := from - 1; size > i.Replicas; size-- { // the present size is checked right before each eviction
		required := sts.RequiredBy(b, others+size)
		if others+size-1 >= required {
			continue
		}
		message, hint := msgDrainBudgetBlocks(b.Name, required, others+size, size, i.again(s, size))
		d := decide(Refused, ReasonBudgetNever, message, hint)
		return &d
	}
	return nil
}

// steady refuses while another operation is in progress.
func steady(s *sts.Snapshot) *Decision {
	refuse := func(reason, message string, hint sts.Hint) *Decision {
		d := decide(Refused, reason, message, hint)
		return &d
	}
	if c, err := sts.ReadCanary(s.Set); c != nil || err != nil {
		message, hint := msgDrainCanaryInProgress(s.Set.Name, canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort"))
		return refuse(ReasonCanaryOnItsWay, message, hint)
	}
	if r, err := sts.ReadRestart(s.Set); r != nil || err != nil {
		var resume sts.Hint
		if r != nil {
			resume = r.Again(s.Set)
		}
		message, hint := msgDrainRestartInProgress(s.Set.Name, resume, forget(s))
		return refuse(ReasonRestartOnItsWay, message, hint)
	}
	if what := inFlight(s); what != "" && sts.Observed(s.Set) && !sts.IsOnDelete(s.Set) {
		hint := finishUpdate(s)
		if sts.Partition(s.Set) > 0 && s.Trap() == nil {
			hint = hintDrainPartition(canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort"))
		}
		return refuse(ReasonUpdateOnItsWay, msgUpdateInProgress(s.Set.Name, what), hint)
	}
	return nil
}

// scaledMeanwhile stops when another client has changed the size.
func (i drainScale) scaledMeanwhile(s *sts.Snapshot, record *sts.Drain, expected int32, hint sts.Hint) Decision {
	return decide(Refused, ReasonTakenOver, msgDrainScaledByOther(sts.Who(s.Set, "replicas"), s.Set.Name, sts.DesiredReplicas(s.Set), expected, record.Up()), hint)
}

// scaleBack is the hint for that: the size at which the same command resumes.
func scaleBack(s *sts.Snapshot, size int32) sts.Hint {
	back := sts.Kubectl(s.Set.Namespace, "scale statefulset", s.Set.Name, fmt.Sprintf("--replicas=%d", size))
	if sts.DesiredReplicas(s.Set) > size {
		return hintDrainScaleDown(s.Name(sts.Start(s.Set)+sts.Ordinal(size)), back)
	}
	return hintDrainScaleBack(size, back)
}

// mayLeave are the guards before each member. Pods that will be removed, too, may be failing.
func (i drainScale) mayLeave(s *sts.Snapshot, f Facts, r sts.Replica) *Decision {
	if d := steady(s); d != nil {
		return d
	}
	unmade := i.unmade(s, f, r)
	if unmade && i.Profile == nil {
		return nil // no pod is disrupted
	}
	if d := available(s, Stuck, i.needNotBeWell(s, f, r.Ordinal)...); d != nil {
		return d
	}
	if d := uncounted(s); d != nil && r.Pod == nil {
		return d
	}
	// The until commands could take the next pod of its name for this member.
	if r.Terminating || r.Pod == nil && !unmade {
		d := trouble(s, r, s.Trouble(r), Stuck)
		return &d
	}
	if r.Pod == nil {
		return nil
	}
	return i.mayEvict(s, f, r, "before it leaves")
}

// stillUnmade is for how long nothing must have changed before a pod that does not exist, and
// for which no event has a reason, counts as one that the controller does not create.
const stillUnmade = 10 * time.Second

// unmade reports whether an ordinal that will be removed has no pod, and the controller is not
// creating one: it has seen the set's present size, its status counts no pod that is not seen
// here, and it has failed to create one, waits for a pod below, or is idle.
func (i drainScale) unmade(s *sts.Snapshot, f Facts, r sts.Replica) bool {
	switch {
	case r.Pod != nil || r.Ordinal < sts.Start(s.Set)+sts.Ordinal(i.Replicas), uncounted(s) != nil:
		return false
	case isFailing(s, r), s.FailedCreate() != nil, f.Still >= stillUnmade:
		return true
	}
	return !sts.IsParallel(s.Set) && slices.ContainsFunc(s.Replicas(), func(below sts.Replica) bool {
		return below.Ordinal < r.Ordinal && below.Desired && !below.Ready
	})
}

// refused reports which pods the controller cannot create now.
func (i drainScale) refused(s *sts.Snapshot) func(sts.Ordinal) bool {
	refused := map[sts.Ordinal]bool{}
	for _, r := range s.Replicas() {
		refused[r.Ordinal] = i.unmade(s, Facts{}, r)
	}
	return func(o sts.Ordinal) bool { return refused[o] }
}

// uncounted waits while the set's status is about an earlier size, or counts pods that are not
// seen yet.
func uncounted(s *sts.Snapshot) *Decision {
	if !sts.Observed(s.Set) {
		return settled(s)
	}
	if n := int(s.Set.Status.Replicas); n > len(s.Pods) {
		d := decide(Wait, ReasonNotObserved, waitDrainUnseenPods(s.Set.Name, n, len(s.Pods)), nil)
		return &d
	}
	return nil
}

// whyUnmade is what the controller reports about pods that it cannot create, for the first of
// them and for those that it names.
func whyUnmade(s *sts.Snapshot, r sts.Replica, first bool) string {
	if t := s.Trouble(r); t != nil && t.Failing {
		return "it " + t.Message
	}
	if e := s.FailedCreate(); e != nil && first {
		return e.Message
	}
	return ""
}

// needNotBeWell are the ordinals whose pods need not be available: the one that leaves, and
// those that leave after it and are failing or do not exist.
func (i drainScale) needNotBeWell(s *sts.Snapshot, f Facts, top sts.Ordinal) []sts.Ordinal {
	out := []sts.Ordinal{top}
	for _, r := range s.Replicas() {
		if r.Ordinal != top && r.Ordinal >= sts.Start(s.Set)+sts.Ordinal(i.Replicas) && (i.Park || isFailing(s, r) || i.unmade(s, f, r)) {
			out = append(out, r.Ordinal)
		}
	}
	return out
}

// mayEvict checks the budgets: first as they are seen, then by a dry run of the eviction. Nil
// when the pod may be evicted.
func (i drainScale) mayEvict(s *sts.Snapshot, f Facts, r sts.Replica, when string) *Decision {
	if i.IgnoreBudgets {
		return nil
	}
	if d := evictable(s, f, r, isFailing(s, r)); d != nil {
		return i.orIgnoreBudgets(s, r, i.shortForGood(s, f, r, d))
	}
	if i.Profile == nil {
		when = "" // nothing happens between the two checks
	}
	ask := AskEviction{EvictPod: eviction(r), When: when}
	if f.Allowed[ask] {
		return nil
	}
	d := do(Action{Why: stepDrainCheckEviction(r.Pod.Name), AskEviction: &ask}, "AskEviction")
	return &d
}

// orIgnoreBudgets adds --pdb=ignore to the hint where a budget ends the command.
func (i drainScale) orIgnoreBudgets(s *sts.Snapshot, r sts.Replica, d *Decision) *Decision {
	if d.Verdict == Stuck && !r.Ready {
		d.Hint = evictUnready(s.Budgets[0])
	}
	if d.Verdict != Wait {
		d.Hint = sts.Hintf("%s; or %s", d.Hint, hintDrainIgnoreBudgets())
	}
	return d
}

// shortForGood tells a budget that blocks for a moment from one that keeps blocking: all that it
// lacks are pods that will be removed later and will not become available.
func (i drainScale) shortForGood(s *sts.Snapshot, f Facts, r sts.Replica, d *Decision) *Decision {
	if d.Verdict != Wait || d.Reason != ReasonBudgetShort || len(s.Budgets) != 1 || f.Still < budgetLag ||
		s.Budgets[0].Status.ExpectedPods != sts.DesiredReplicas(s.Set) {
		return d
	}
	var lacking []string
	for _, other := range s.Replicas() {
		switch {
		case !other.Desired || other.Available || other.Ordinal == r.Ordinal:
		case isFailing(s, other) || i.unmade(s, f, other):
			lacking = append(lacking, s.Name(other.Ordinal))
		default:
			return d
		}
	}
	if len(lacking) == 0 {
		return d
	}
	name := s.Budgets[0].Name
	_, numbers := sts.JudgeBudget(s.Budgets[0], r.Ready)
	message, hint := msgDrainBudgetStuck(name, r.Pod.Name, numbers, sayAll(lacking), sts.Kubectl(s.Set.Namespace, "edit pdb", name))
	stuck := decide(Stuck, ReasonBudgetShort, message, hint)
	stuck.Subject = name
	return &stuck
}

func eviction(r sts.Replica) EvictPod {
	return EvictPod{Name: r.Pod.Name, UID: r.Pod.UID, Ordinal: r.Ordinal, Revision: r.Revision}
}

func replicaAt(s *sts.Snapshot, o sts.Ordinal) sts.Replica {
	for _, r := range s.Replicas() {
		if r.Ordinal == o {
			return r
		}
	}
	return sts.Replica{Ordinal: o}
}

// nextToLeave checks whether the highest ordinal may leave, and records that it does: from then
// on a command that was killed can be resumed.
func (i drainScale) nextToLeave(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	top := replicaAt(s, sts.End(s.Set)-1)
	if d := i.mayLeave(s, f, top); d != nil {
		return *d
	}
	m := &sts.Member{Ordinal: top.Ordinal, Phase: sts.Removing, Since: s.TakenAt}
	if top.Pod != nil {
		m.UID = top.Pod.UID
	}
	name := s.Name(m.Ordinal)
	what := stepDrainRemove(name)
	if top.Pod == nil {
		what = stepDrainRemoveMissing(name, whyUnmade(s, top, len(record.Done) == 0))
	}
	if i.Profile != nil {
		vars, _, d, failed := newHooks(s, f, i.Profile, i.Domain, m).section(profile.Precheck, "", true)
		switch {
		case d != nil:
			return *d
		case failed != nil:
			message, hint := msgDrainPrecheckFailed(name, failed.problem)
			return decide(Stuck, ReasonHookFailed, message, cmpHint(failed.hint, hint))
		}
		h := newHooks(s, f, i.Profile, i.Domain, m)
		m.Phase, m.Values = sts.Draining, h.captured(vars)
		what = stepDrainLeave(name, i.profileName(), sayValues(m.Values))
	}
	return i.begin(s, record, m, what)
}

// begin records which member is next.
func (i drainScale) begin(s *sts.Snapshot, record sts.Drain, m *sts.Member, what string) Decision {
	b, event := newPatch(s.Set), ""
	if s.Set.Annotations[sts.DrainAnnotation] == "" {
		event = "ScaleDownStarted"
		if record.Up() {
			event = "ScaleUpStarted"
		}
		what = stepDrainFirst(record.Up(), record.From, record.To, what)
		if i.Park && record.To == 0 {
			b = b.park(record.From)
		}
	}
	if i.KeepClaims && !record.Up() && sts.DeletesClaimsWhenScaled(s.Set) {
		record.Retention = string(s.Set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled)
		b = b.retention("Retain")
		what = stepDrainKeepClaims(what)
	}
	d := do(b.drain(record.With(m)).owner(i.Owner).action(event, what), "Begin")
	d.Member = s.Name(m.Ordinal)
	return d
}

// note writes the record, and nothing else.
func (i drainScale) note(s *sts.Snapshot, record sts.Drain, event, why string) Decision {
	return do(newPatch(s.Set).drain(record).owner(i.Owner).action(event, why), "Note")
}

// take acquires the lock before anything happens in pods: of two commands of one owner only one
// continues.
func (h Holder) take(s *sts.Snapshot, record sts.Drain) *Decision {
	if o, err := sts.ReadOwner(s.Set); err == nil && o != nil && o.ID == h.ID {
		return nil
	}
	m := record.Member
	d := do(newPatch(s.Set).drain(record).owner(h.Owner).
		action("", stepDrainResume(s.Name(m.Ordinal), m.Phase, record.StartedBy)), "Take")
	return &d
}

// leave continues with the member that is leaving.
func (i drainScale) leave(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	if i.Profile == nil && record.Member.Phase != sts.Removing {
		// Started with hooks, resumed without: the user says that it has left.
		record = record.With(record.Member.Enter(sts.Removing, s.TakenAt))
	}
	m, r := record.Member, replicaAt(s, record.Member.Ordinal)
	same := r.Pod != nil && r.Pod.UID == m.UID || r.Pod == nil && m.UID == ""
	size, after := sts.DesiredReplicas(s.Set), int32(m.Ordinal-sts.Start(s.Set))
	smaller := size <= after
	switch {
	case m.Phase == sts.Finishing:
		return i.after(s, f, record)
	case size > after+1, size < after, !smaller && f.Scaled[m.Ordinal], smaller && m.Phase == sts.Draining:
		back := after + 1
		if f.Scaled[m.Ordinal] {
			back = after
		}
		return i.scaledMeanwhile(s, &record, back, scaleBack(s, back))
	case smaller && r.Pod == nil:
		return i.removed(s, f, record)
	case smaller && !same:
		d := decide(Wait, ReasonScalingDown, msgScalingDown(r.Pod.Name), nil)
		d.Subject = r.Pod.Name
		return d
	case m.Phase == sts.Draining && !same && r.Pod == nil:
		d := decide(Wait, ReasonPodNotAvailable, waitDrainRecreated(s.Name(m.Ordinal)), nil)
		d.Subject = s.Name(m.Ordinal)
		return d
	case !same && !smaller && r.Pod != nil, !same && !smaller && i.Profile == nil:
		// It was deleted: the new one is a member that has not left, and counts for the budgets.
		if m.UID == "" {
			return i.note(s, record.With(nil), "", stepDrainRestartCreated(s.Name(m.Ordinal)))
		}
		return i.note(s, record.With(nil), "", stepDrainRestartDeleted(s.Name(m.Ordinal)))
	case m.Phase == sts.Recalled:
		return i.recalled(s, record, r.Pod)
	case !smaller && r.Terminating && !sts.HoldsLeaving(r.Pod) && (m.Phase == sts.Draining || i.Profile == nil):
		d := decide(Wait, ReasonPodNotAvailable, waitDrainDeletedBefore(r.Pod.Name), nil)
		d.Subject = r.Pod.Name
		return d
	case m.Phase == sts.Draining && r.Pod != nil && !sts.HoldsLeaving(r.Pod):
		// Before it leaves, not after: from now on deleting its pod does not recreate a member that
		// has left.
		return holdOn(s, f, r)
	case m.Phase == sts.Draining:
		return i.drain(s, f, record)
	}
	return i.remove(s, f, record, r, same, smaller)
}

func sayValues(values map[string]string) string {
	var parts []string
	for name, value := range values {
		if value != imagined(name) {
			parts = append(parts, name+" "+value)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// drain makes the member leave. The until commands check on another member that it has left.
func (i drainScale) drain(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	m := record.Member
	h := newHooks(s, f, i.Profile, i.Domain, m)
	again := ""
	if m.UID == i.resumed && i.Profile.Until != nil {
		yes, d, _ := h.gone("resumed ", true)
		switch {
		case d != nil:
			return *d
		case yes:
			return i.drained(s, record)
		}
		again = "again "
	}
	if d := i.take(s, record); d != nil {
		return *d
	}
	_, _, d, failed := h.section(profile.Drain, again, true)
	switch {
	case d != nil:
		return *d
	case i.Profile.Until == nil && failed == nil:
		return i.drained(s, record)
	case i.Profile.Until == nil:
		return i.stayed(h, s, record, failed)
	}
	// A long drain that loses its connection has not failed, and one that failed may have done
	// its work: the until commands decide.
	patient := failed == nil || failed.lost && failed.last
	round := again
	if !patient {
		round += "failed "
	}
	yes, d, no := h.gone(round, !patient)
	switch {
	case d != nil:
		return *d
	case yes:
		return i.drained(s, record)
	case !patient:
		failed.unanswered = no.unanswered
		return i.stayed(h, s, record, failed)
	}
	return i.stayed(h, s, record, no)
}

// stayed decides what to do with a member that did not leave.
func (i drainScale) stayed(h *hooks, s *sts.Snapshot, record sts.Drain, why *hookFailure) Decision {
	m, pod, name := record.Member, h.member, s.Name(record.Member.Ordinal)
	going := pod != nil && pod.DeletionTimestamp != nil
	switch {
	case !going && (i.Profile.Until == nil || !why.unanswered):
		return i.callBack(h, s, record, why)
	case going && i.Profile.Until != nil && !why.unanswered:
		return letGo(pod, m.Ordinal, stepDrainReleaseDeletedPod(name))
	}
	message, hint := msgDrainUnknown(name, why.problem, going,
		sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, "--replicas", strconv.Itoa(int(record.To)), "--profile", "none", "--take-over"),
		sts.GiveUpDrain(s.Set.Namespace, s.Set.Name))
	return decide(Stuck, ReasonHookFailed, message, cmpHint(why.hint, hint))
}

func letGo(pod *corev1.Pod, o sts.Ordinal, why string) Decision {
	return do(Action{Why: why, HoldPod: LetGo(pod, o)}, "LetGo")
}

func (i drainScale) drained(s *sts.Snapshot, record sts.Drain) Decision {
	next := record.Member.Enter(sts.Removing, s.TakenAt)
	return i.note(s, record.With(next), "MemberDrained", stepDrainLeft(s.Name(next.Ordinal)))
}

// callBack reverts the drain of a member that did not leave.
func (i drainScale) callBack(h *hooks, s *sts.Snapshot, record sts.Drain, why *hookFailure) Decision {
	name := s.Name(record.Member.Ordinal)
	message := msgDrainFailed(name, why.problem)
	if len(i.Profile.Cancel) > 0 {
		_, _, d, failed := h.section(profile.Cancel, "", true)
		switch {
		case d != nil:
			return *d
		case failed == nil:
			next := record.Member.Enter(sts.Recalled, s.TakenAt)
			next.Problem = why.problem
			return i.note(s, record.With(next), "MemberRecalled", stepDrainReverted(name))
		}
		message = msgDrainFailedNotReverted(name, why.problem, failed.problem)
	}
	return didNotLeave(s, message, why.hint)
}

func didNotLeave(s *sts.Snapshot, message, hint string) Decision {
	return decide(Stuck, ReasonHookFailed, message, cmpHint(hint, hintDrainFailed(sts.GiveUpDrain(s.Set.Namespace, s.Set.Name))))
}

// recalled ends with a member whose drain was reverted.
func (i drainScale) recalled(s *sts.Snapshot, record sts.Drain, pod *corev1.Pod) Decision {
	m, name := record.Member, s.Name(record.Member.Ordinal)
	if pod != nil && sts.HoldsLeaving(pod) {
		return letGo(pod, m.Ordinal, stepDrainRelease(name))
	}
	end := didNotLeave(s, msgDrainFailedReverted(name, m.Problem), "")
	d := i.note(s, record.With(nil), "", stepDrainStillMember(name))
	if m.UID != i.resumed { // an earlier command's failure is no reason not to retry
		d.Then = &end
	}
	return d
}

func cmpHint(hint string, otherwise sts.Hint) sts.Hint {
	if hint == "" {
		return otherwise
	}
	return sts.Hintf("%s; %s", hint, otherwise)
}

// remove removes the pod of a member that has left: it is evicted, so that budgets apply, then
// the set is scaled down, then the finalizer is removed.
func (i drainScale) remove(s *sts.Snapshot, f Facts, record sts.Drain, r sts.Replica, same, smaller bool) Decision {
	m, pod, name := record.Member, r.Pod, s.Name(record.Member.Ordinal)
	going := !same || pod == nil || pod.DeletionTimestamp != nil
	switch {
	case going && !smaller:
		if d := uncounted(s); d != nil && pod == nil && m.UID == "" {
			return *d // it may have been created meanwhile
		}
		to := int32(m.Ordinal - sts.Start(s.Set))
		return do(Action{Why: stepDrainScaleDown(to, name), Scale: scale(s.Set, to, "MemberRemoved")}, "Scale")
	case smaller && sts.HoldsLeaving(pod) && pod.DeletionTimestamp != nil:
		// Without the finalizer a controller that has not seen the new size would recreate it.
		if d := settled(s); d != nil {
			return *d
		}
		return letGo(pod, m.Ordinal, stepDrainRelease(name))
	case smaller:
		return ending(s, pod)
	}
	if d := available(s, Stuck, i.needNotBeWell(s, f, m.Ordinal)...); d != nil {
		return *d
	}
	if d := i.mayEvict(s, f, r, "after it has left"); d != nil {
		return *d
	}
	if !sts.HoldsLeaving(pod) {
		return holdOn(s, f, r)
	}
	e := eviction(r)
	if i.IgnoreBudgets {
		return do(Action{Why: stepDrainDelete(name), DeletePod: &DeletePod{Name: e.Name, UID: e.UID, Ordinal: e.Ordinal, Revision: e.Revision}}, "Delete")
	}
	return do(Action{Why: stepEvict(name), EvictPod: &e}, "Evict")
}

// holdLimit is how often a command adds its finalizer to one pod. Another client that removes it
// each time does not stop by itself.
const holdLimit = 3

func holdOn(s *sts.Snapshot, f Facts, r sts.Replica) Decision {
	if n := f.Held[r.Pod.UID]; n >= holdLimit {
		message, hint := msgDrainHoldRemoved(r.Pod.Name, n, sts.Kubectl(s.Set.Namespace, "get pod", r.Pod.Name, "-o", "yaml", "--show-managed-fields"))
		d := decide(Stuck, ReasonHoldRemoved, message, hint)
		d.Subject = r.Pod.Name
		return d
	}
	return do(Action{Why: stepDrainHold(r.Pod.Name), HoldPod: hold(r.Pod, r.Ordinal, false)}, "Hold")
}

// ending waits for a pod that a scale-down removes.
func ending(s *sts.Snapshot, pod *corev1.Pod) Decision {
	if t := pod.DeletionTimestamp; t != nil && s.TakenAt.Sub(t.Time) > overdue {
		message, hint := msgDrainPodStuck(pod.Name, pod.Spec.NodeName, s.TakenAt.Sub(t.Time), sts.Kubectl(s.Set.Namespace, "delete pod", pod.Name, "--force"))
		return decide(Stuck, ReasonPodFailing, message, hint)
	}
	d := decide(Wait, ReasonScalingDown, waitDrainTerminated(pod.Name), nil)
	d.Subject = pod.Name
	return d
}

// removed continues when the pod is gone. Without hooks the next step records it, too.
func (i drainScale) removed(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	name := s.Name(record.Member.Ordinal)
	switch {
	case i.Profile == nil:
		return i.proceed(s, f, record.Settled(s.TakenAt))
	case len(i.Profile.After) == 0:
		return i.note(s, record.Settled(s.TakenAt), "", stepDrainGone(name))
	}
	return i.note(s, record.With(record.Member.Enter(sts.Finishing, s.TakenAt)), "", stepDrainGoneHooks(name))
}

// after runs the after hooks once the pod is gone.
func (i drainScale) after(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	m := record.Member
	if d := i.take(s, record); d != nil {
		return *d
	}
	_, _, d, failed := newHooks(s, f, i.Profile, i.Domain, m).section(profile.After, "", true)
	switch {
	case d != nil:
		return *d
	case failed != nil:
		return decide(Stuck, ReasonHookFailed, msgDrainAfterFailed(s.Name(m.Ordinal), failed.problem), cmpHint(failed.hint, hintDrainRetry()))
	}
	return i.note(s, record.Settled(s.TakenAt), "", stepDrainAfterDone(s.Name(m.Ordinal)))
}

// finish waits until all members are available, then removes the record.
func (i drainScale) finish(s *sts.Snapshot, record sts.Drain) Decision {
	if d := available(s, Stuck); d != nil {
		return *d
	}
	b := newPatch(s.Set).drop(sts.DrainAnnotation, sts.OwnerAnnotation)
	if record.Retention != "" {
		b = b.retention(record.Retention)
	}
	event := "ScaleDownCompleted"
	if record.Up() {
		event = "ScaleUpCompleted"
		b = b.drop(sts.ParkedAnnotation)
	}
	parts, hint := []string{msgDrainScaled(record.To, record.Up(), record.Ordinals())}, sts.Hint(nil)
	if stay := sts.ClaimsOf(s, record.Ordinals()); !record.Up() && len(stay) > 0 {
		var list sts.Hint
		var kept string
		if record.To > 0 {
			list = sts.Kubectl(s.Set.Namespace, "sts pvc-gc", s.Set.Name)
		}
		kept, hint = msgDrainKeptClaims(stay, list)
		parts = append(parts, kept)
	}
	record.DeletedClaims = i.deletedClaims(s, &record)
	for _, rescued := range []bool{false, true} {
		gone := slices.DeleteFunc(slices.Clone(record.DeletedClaims), func(name string) bool { return i.claims[name] != rescued })
		if len(gone) == 0 {
			continue
		}
		if rescued {
			parts = append(parts, msgDrainRescuedClaims(gone))
			hint = sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", gone...)
			continue
		}
		parts = append(parts, msgDrainDeletedClaims(gone))
	}
	end := decide(Done, ReasonScaled, strings.Join(parts, "; "), hint)
	end.Drain = &record
	d := do(b.action(event, stepDrainFinish(record.Up(), record.Ordinals())), "Finish")
	d.Then = &end
	return d
}

// deletedClaims are the claims of the members that have left which the command found and which
// are gone or being deleted now: by whenScaled: Delete, or because they were being deleted
// before.
func (i drainScale) deletedClaims(s *sts.Snapshot, record *sts.Drain) []string {
	if record.Up() {
		return nil
	}
	stay := sts.ClaimsOf(s, record.Ordinals())
	return slices.DeleteFunc(slices.Sorted(maps.Keys(i.claims)), func(name string) bool {
		o, _ := sts.ClaimOrdinal(name)
		return slices.Contains(stay, name) || !slices.Contains(record.Ordinals(), o)
	})
}
