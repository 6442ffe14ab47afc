package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
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
	// NoHooks: somebody said that there is nothing to do.
	NoHooks bool
	// Domain is the cluster's DNS domain.
	Domain string
	// IgnoreBudgets deletes pods instead of evicting them, so that no budget is asked.
	IgnoreBudgets bool
	// Quorum keeps a majority of the size with which it began.
	Quorum bool
	// MinHealthy is how many available members have to be left at any time.
	MinHealthy int32
	// KeepClaims sets whenScaled to Retain for as long as it takes.
	KeepClaims bool
	// Park allows 0 replicas, and remembers the size. All members go, so none of them
	// has to be well.
	Park bool
	// ReuseClaims lets new members have the claims that old ones have left.
	ReuseClaims bool
}

// drainScale takes a set to another size, one member at a time. Going down, highest
// ordinal first, each leaves its own cluster, then its pod is evicted, so that the
// budgets are asked, and only then the set is made smaller by one. Going up, its
// cluster is told of each before its pod is made.
type drainScale struct {
	DrainOptions
	// resumed is the pod whose member was leaving when the command started: how far that got
	// under an earlier command is not recorded.
	resumed types.UID
	// claims are those of the ordinals that will leave, as the command found them; true for
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

// overdue is how long after its deletion's deadline a pod that does not end is stuck.
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

// deleted lets the pod of a member go whose set is being deleted, and stops.
func deleted(s *sts.Snapshot) Decision {
	if o, held := heldPod(s); held != nil {
		return letGo(held, o, "let "+held.Name+" go: statefulset "+s.Set.Name+" is being deleted")
	}
	return *settled(s)
}

// proceed takes the change of size further from its record.
func (i drainScale) proceed(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	if m := record.Member; m != nil {
		take := i.leave
		if record.Up() {
			take = i.arrive
		}
		d := take(s, f, record)
		if d.Then == nil { // the end is nobody's own
			d.Member = cmp.Or(d.Member, s.Name(m.Ordinal))
		}
		return d
	}
	if d := settled(s); d != nil {
		return *d
	}
	if have := sts.WantedReplicas(s.Set); have != record.Size() {
		if !i.TakeOver {
			return i.scaledMeanwhile(s, &record, fmt.Sprintf("%d", record.Size()), "look who it was, and go on from there with --take-over")
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

// recorded is the record of this change of size, or the one to begin with.
func (i drainScale) recorded(s *sts.Snapshot, f Facts) (*sts.Drain, *Decision) {
	refuse := func(reason, message, hint string) (*sts.Drain, *Decision) {
		d := decide(Refused, reason, message, hint)
		return nil, &d
	}
	record, err := sts.ReadDrain(s.Set)
	switch {
	case err != nil:
		d := badRecord(err)
		return nil, &d
	case record == nil && f.Wrote:
		return refuse(ReasonTakenOver, fmt.Sprintf("somebody removed the annotation %s from statefulset %s meanwhile", sts.DrainAnnotation, s.Set.Name),
			sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name)+" shows where it stands")
	case record != nil && (record.To != i.Replicas || record.Profile != i.profileName() && !i.TakeOver):
		return refuse(ReasonScaleOnItsWay, onItsWay(s, record),
			"go on with that: "+record.Again(s.Set)+", or undo what can be undone: "+sts.GiveUpDrain(s.Set.Namespace, s.Set.Name))
	case record != nil && !record.Up() && i.Replicas < i.MinHealthy:
		return refuse(ReasonMinHealthy, i.tooFewHealthy(),
			"resume it without --min-healthy, or undo what can be undone: "+sts.GiveUpDrain(s.Set.Namespace, s.Set.Name))
	case record != nil:
		record.Profile, record.Custom = i.profileName(), i.custom()
		return record, nil
	}
	if o, held := heldPod(s); held != nil {
		return i.adopt(s, o, held)
	}
	return i.check(s)
}

// onItsWay says which change of size has begun and not ended.
func onItsWay(s *sts.Snapshot, record *sts.Drain) string {
	what := "a change of size of statefulset %s is on its way: from %d to %s"
	with := ""
	if record.Profile != "" {
		with = " with " + record.Profile
	}
	return fmt.Sprintf(what, s.Set.Name, record.From, sts.Count(record.To, "replica")) + with + by(record.StartedBy, ", by %s")
}

// noDrain refuses while members leave or join: another verb would restart one half-way,
// or be taken by surprise by a set that gets smaller. What takes an update back, and
// what gets a stuck one going, does not ask: a change of size may wait for it.
func noDrain(s *sts.Snapshot) *Decision {
	record, err := sts.ReadDrain(s.Set)
	o, held := heldPod(s)
	var d Decision
	switch {
	case err != nil:
		d = badRecord(err)
	case record != nil:
		d = decide(Refused, ReasonScaleOnItsWay, onItsWay(s, record),
			"finish it first: "+record.Again(s.Set)+", or undo what can be undone: "+sts.GiveUpDrain(s.Set.Namespace, s.Set.Name))
	case held != nil:
		d = lostMember(s, o, held)
	default:
		return nil
	}
	return &d
}

// lostMember refuses to go on with a pod that our finalizer holds and of which the record is
// lost: whether its member has left is for a person to say.
func lostMember(s *sts.Snapshot, o sts.Ordinal, held *corev1.Pod) Decision {
	return decide(Refused, ReasonMemberLeft, fmt.Sprintf("%s is held by the finalizer %s: it was leaving its cluster or has left it, and the record of that is lost", held.Name, sts.LeavingFinalizer),
		sts.LostDrain(s.Set, o))
}

func (i drainScale) profileName() string {
	if i.Profile == nil {
		return ""
	}
	return i.Profile.Metadata.Name
}

func drainCommand(s *sts.Snapshot, to int32) string {
	return sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, fmt.Sprintf("--replicas %d", to))
}

// custom says whether the profile is a file of the user's.
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

// adopt goes on from a pod with our finalizer where the record was lost (kubectl
// replace drops annotations, another set has taken the pods): whether its member has
// left is for a person to say.
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
func (i drainScale) again(s *sts.Snapshot, to int32) string {
	record := &sts.Drain{To: to, Profile: i.profileName(), Custom: i.custom()}
	return record.Again(s.Set)
}

// check are the guards that are asked once, before anything begins.
func (i drainScale) check(s *sts.Snapshot) (*sts.Drain, *Decision) {
	from := sts.WantedReplicas(s.Set)
	refuse := func(reason, hint, format string, args ...any) (*sts.Drain, *Decision) {
		d := decide(Refused, reason, fmt.Sprintf(format, args...), hint)
		return nil, &d
	}
	record := &sts.Drain{From: from, To: i.Replicas, Profile: i.profileName(), Custom: i.custom(), StartedBy: i.Name, StartedAt: s.TakenAt}
	if from == i.Replicas {
		d := decide(Done, ReasonNothingToDo, fmt.Sprintf("nothing to do: statefulset %s has %s already", s.Set.Name, sts.Count(from, "replica")), "")
		return nil, &d
	}
	if d := steady(s); d != nil {
		return nil, d
	}
	if d := i.writesReplicas(s); d != nil {
		return nil, d
	}
	if d := i.autoscaled(s); d != nil {
		return nil, d
	}
	if i.Profile != nil && i.Profile.Refuse != "" {
		return refuse(ReasonProfileRefuses, "", "profile %s: %s", i.Profile.Metadata.Name, i.Profile.Refuse)
	}
	if record.Up() {
		return record, i.mayGrow(s)
	}
	if i.Replicas == 0 && !i.Park {
		return refuse(ReasonParking, "--park does that, and remembers the size", "0 replicas would stop statefulset %s as a whole", s.Set.Name)
	}
	if majority := from/2 + 1; i.Quorum && i.Replicas < majority {
		hint := ""
		if majority < from {
			hint = i.again(s, majority) + " is as far as it goes at once; when the members that stay have agreed on the new size, go on from there"
		}
		return refuse(ReasonQuorum, hint, "%s of %d would be no majority", sts.Count(i.Replicas, "member"), from)
	}
	if i.Replicas < i.MinHealthy {
		return refuse(ReasonMinHealthy, "", "%s", i.tooFewHealthy())
	}
	if d := i.budgetOnTheWay(s); d != nil {
		return nil, d
	}
	if sts.DeletesClaimsWhenScaled(s.Set) && !i.AcceptDataLoss && !i.KeepClaims {
		return refuse(ReasonDataLoss, "--keep-claims sets the policy to Retain meanwhile, --accept-data-loss lets them be deleted",
			"persistentVolumeClaimRetentionPolicy.whenScaled of statefulset %s is Delete: the claims of the ordinals that go would be deleted with their data", s.Set.Name)
	}
	return record, nil
}

// tooFewHealthy says that the size is smaller than what --min-healthy requires. Before a member
// leaves all that stay have to be available, so nothing else has to be looked at.
func (i drainScale) tooFewHealthy() string {
	return fmt.Sprintf("%s would be fewer than the %d that --min-healthy wants", sts.Count(i.Replicas, "member"), i.MinHealthy)
}

// budgetOnTheWay refuses where a budget will let no pod go before the size is reached:
// better to know that before the first member has left.
func (i drainScale) budgetOnTheWay(s *sts.Snapshot) *Decision {
	failing := slices.ContainsFunc(s.Replicas(), func(r sts.Replica) bool { return isFailing(s, r) })
	if i.IgnoreBudgets || failing || len(s.Budgets) != 1 {
		return nil // pods that are not healthy go by other rules
	}
	b, from := s.Budgets[0], sts.WantedReplicas(s.Set)
	others := max(0, b.Status.ExpectedPods-from)      // it may select more than this set's pods
	for size := from - 1; size > i.Replicas; size-- { // whether one may go now is asked right before
		required := sts.RequiredBy(b, others+size)
		if others+size-1 >= required {
			continue
		}
		d := decide(Refused, ReasonBudgetNever, fmt.Sprintf("poddisruptionbudget %s requires %d of %s to be healthy: it would let nobody go at %s",
			b.Name, required, sts.Count(others+size, "pod"), sts.Count(size, "replica")),
			"change it first, or stop there: "+i.again(s, size)+"; or "+ignoreBudgets)
		return &d
	}
	return nil
}

// steady refuses while something else is on its way.
func steady(s *sts.Snapshot) *Decision {
	refuse := func(reason, hint, format string, args ...any) *Decision {
		d := decide(Refused, reason, fmt.Sprintf(format, args...), hint)
		return &d
	}
	if c, err := sts.ReadCanary(s.Set); c != nil || err != nil {
		return refuse(ReasonCanaryOnItsWay, "finish it first: "+canaryCommand(s, "promote", "--full")+", or "+canaryCommand(s, "abort"),
			"a canary of statefulset %s is on its way", s.Set.Name)
	}
	if r, err := sts.ReadRestart(s.Set); r != nil || err != nil {
		hint := "forget it: " + forget(s)
		if r != nil {
			hint = "finish it first: " + r.Again(s.Set) + ", or " + hint
		}
		return refuse(ReasonRestartOnItsWay, hint, "a restart of statefulset %s is not finished", s.Set.Name)
	}
	if what := inFlight(s); what != "" && sts.Observed(s.Set) && !sts.IsOnDelete(s.Set) {
		hint := finishUpdate(s)
		if sts.Partition(s.Set) > 0 && s.Trap() == nil {
			hint = "its partition holds it: finish it with " + canaryCommand(s, "promote", "--full") + ", or " + canaryCommand(s, "abort")
		}
		return refuse(ReasonUpdateOnItsWay, hint,
			"an update of statefulset %s is on its way: %s", s.Set.Name, what)
	}
	return nil
}

// writesReplicas refuses where somebody else would put the size back: a member that
// has left would be made anew.
func (i drainScale) writesReplicas(s *sts.Snapshot) *Decision {
	d := i.unmanaged(s, sts.FieldReplicas)
	if d == nil || strings.Contains(d.Hint, "--print-patch") {
		return pauseFirst(d, i.Replicas)
	}
	return d
}

// pauseFirst is the way out for sets that are managed from Git: the members have to
// leave before the new size is committed, or it is carried out without them.
func pauseFirst(d *Decision, to int32) *Decision {
	if d != nil {
		d.Hint = fmt.Sprintf("pause it, go on with --force-ownership, and commit replicas: %d before it goes on", to)
	}
	return d
}

// scaledMeanwhile stops when somebody else has changed the size.
func (i drainScale) scaledMeanwhile(s *sts.Snapshot, record *sts.Drain, wanted, hint string) Decision {
	what := "scale-down"
	if record.Up() {
		what = "scale-up"
	}
	return decide(Refused, ReasonTakenOver, fmt.Sprintf("%s scaled statefulset %s to %d during its %s, where it should have %s",
		sts.Who(s.Set, "replicas"), s.Set.Name, sts.WantedReplicas(s.Set), what, wanted), hint)
}

// scaleBack is the way out of that: the size at which the same command goes on.
func scaleBack(s *sts.Snapshot, size int32) string {
	back := sts.Kubectl(s.Set.Namespace, "scale statefulset", s.Set.Name, fmt.Sprintf("--replicas=%d", size))
	if sts.WantedReplicas(s.Set) > size {
		return fmt.Sprintf("%s came meanwhile, and would go without leaving a cluster; where that is right: %s, then the same command goes on",
			s.Name(sts.Start(s.Set)+sts.Ordinal(size)), back)
	}
	return fmt.Sprintf("scale it to %d, then the same command goes on: %s", size, back)
}

// mayLeave are the guards before each member. Pods that are to go, too, may be failing.
func (i drainScale) mayLeave(s *sts.Snapshot, f Facts, r sts.Replica) *Decision {
	if d := steady(s); d != nil {
		return d
	}
	unmade := i.unmade(s, f, r)
	if unmade && i.Profile == nil {
		return nil // nothing goes down
	}
	if d := available(s, Stuck, i.needNotBeWell(s, f, r.Ordinal)...); d != nil {
		return d
	}
	if d := uncounted(s); d != nil && r.Pod == nil {
		return d
	}
	// Whether it has left could be a question about the next pod of its name.
	if r.Terminating || r.Pod == nil && !unmade {
		d := trouble(s, r, s.Trouble(r), Stuck)
		return &d
	}
	if r.Pod == nil {
		return nil
	}
	return i.mayEvict(s, f, r, "before it leaves")
}

// stillUnmade is for how long nothing must have moved before a pod that does not exist, and of
// which no event tells why, is taken for one that the controller does not create.
const stillUnmade = 10 * time.Second

// unmade says whether an ordinal that will be removed has no pod, and the controller is not
// creating one: it has seen the set's present size, its status counts no pod that is not seen
// here, and it has failed to create one, waits for a pod below, or does nothing.
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

// refused says which pods the controller cannot create now.
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
		d := decide(Wait, ReasonNotObserved, fmt.Sprintf("for the pods of statefulset %s to be seen: its status counts %d, and %d are seen", s.Set.Name, n, len(s.Pods)), "")
		return &d
	}
	return nil
}

// whyUnmade is what the controller says about pods that it cannot create, for the first of them
// and for those that it names.
func whyUnmade(s *sts.Snapshot, r sts.Replica, first bool) string {
	if t := s.Trouble(r); t != nil && t.Failing {
		return ": it " + t.Message
	}
	if e := s.FailedCreate(); e != nil && first {
		return ": " + e.Message
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

// mayEvict asks the budgets: first as they are seen, then the API server, by an
// eviction that is not carried out. Nil when the pod may go.
func (i drainScale) mayEvict(s *sts.Snapshot, f Facts, r sts.Replica, when string) *Decision {
	if i.IgnoreBudgets {
		return nil
	}
	if d := evictable(s, f, r, isFailing(s, r)); d != nil {
		return i.orIgnoreBudgets(s, r, i.shortForGood(s, f, r, d))
	}
	if i.Profile == nil {
		when = "" // nothing lies between the two questions
	}
	ask := AskEviction{EvictPod: eviction(r), When: when}
	if f.Allowed[ask] {
		return nil
	}
	d := do(Action{Why: "ask the budgets whether " + r.Pod.Name + " may go", AskEviction: &ask}, "AskEviction")
	return &d
}

// ignoreBudgets is the flag that does without evictions, for a hint.
const ignoreBudgets = "--pdb=ignore deletes the pod whatever its budgets say"

// orIgnoreBudgets adds that flag where a budget ends the command.
func (i drainScale) orIgnoreBudgets(s *sts.Snapshot, r sts.Replica, d *Decision) *Decision {
	if d.Verdict == Stuck && !r.Ready {
		d.Hint = evictUnready(s.Budgets[0])
	}
	if d.Verdict != Wait {
		d.Hint += "; or " + ignoreBudgets
	}
	return d
}

// shortForGood tells a budget that is short for a moment from one that will stay so: all that it
// lacks are pods that leave later and will not become available.
func (i drainScale) shortForGood(s *sts.Snapshot, f Facts, r sts.Replica, d *Decision) *Decision {
	if d.Verdict != Wait || d.Reason != ReasonBudgetShort || len(s.Budgets) != 1 || f.Still < budgetLag ||
		s.Budgets[0].Status.ExpectedPods != sts.WantedReplicas(s.Set) {
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
	stuck := decide(Stuck, ReasonBudgetShort, fmt.Sprintf("poddisruptionbudget %s does not allow the eviction of %s (%s), and will not by itself: not available and not getting better: %s", name, r.Pod.Name, numbers, sayAll(lacking)),
		"relax it: "+sts.Kubectl(s.Set.Namespace, "edit pdb", name))
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

// nextToLeave looks whether the highest ordinal may leave, and writes down that it
// does: from then on a command that was killed is gone on with.
func (i drainScale) nextToLeave(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	top := replicaAt(s, sts.End(s.Set)-1)
	if d := i.mayLeave(s, f, top); d != nil {
		return *d
	}
	m := &sts.Member{Ordinal: top.Ordinal, Phase: sts.Removing, Since: s.TakenAt}
	if top.Pod != nil {
		m.UID = top.Pod.UID
	}
	name, what := s.Name(m.Ordinal), "remove "+s.Name(m.Ordinal)
	if top.Pod == nil {
		what += ", which has no pod" + whyUnmade(s, top, len(record.Done) == 0)
	}
	if i.Profile != nil {
		vars, _, d, failed := newHooks(s, f, i.Profile, i.Domain, m).section(profile.Precheck, "", true)
		switch {
		case d != nil:
			return *d
		case failed != nil:
			return decide(Stuck, ReasonHookFailed, fmt.Sprintf("%s does not leave: %s; nothing was changed", name, failed.problem),
				cmpHint(failed.hint, "if it has never joined its cluster: --profile none"))
		}
		h := newHooks(s, f, i.Profile, i.Domain, m)
		m.Phase, m.Values = sts.Draining, h.captured(vars)
		what = "take " + name + " out of its cluster with " + i.profileName() + sayValues(m.Values)
	}
	return i.begin(s, record, m, what)
}

// begin writes down who is on its way next.
func (i drainScale) begin(s *sts.Snapshot, record sts.Drain, m *sts.Member, what string) Decision {
	b, event := newPatch(s.Set), ""
	if s.Set.Annotations[sts.DrainAnnotation] == "" {
		event = "ScaleDownStarted"
		verb := "down"
		if record.Up() {
			event, verb = "ScaleUpStarted", "up"
		}
		what = fmt.Sprintf("scale %s from %d to %s: %s", verb, record.From, sts.Count(record.To, "replica"), what)
		if i.Park && record.To == 0 {
			b = b.park(record.From)
		}
	}
	if i.KeepClaims && !record.Up() && sts.DeletesClaimsWhenScaled(s.Set) {
		record.Retention = string(s.Set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled)
		b = b.retention("Retain")
		what += "; whenScaled is Retain meanwhile"
	}
	d := do(b.drain(record.With(m)).owner(i.Owner).action(event, what), "Begin")
	d.Member = s.Name(m.Ordinal)
	return d
}

// note writes the record, and nothing else.
func (i drainScale) note(s *sts.Snapshot, record sts.Drain, event, why string) Decision {
	return do(newPatch(s.Set).drain(record).owner(i.Owner).action(event, why), "Note")
}

// take has the set in hand before anything happens in pods: of two commands of one
// owner only one goes on.
func (h Holder) take(s *sts.Snapshot, record sts.Drain) *Decision {
	if o, err := sts.ReadOwner(s.Set); err == nil && o != nil && o.ID == h.ID {
		return nil
	}
	m := record.Member
	d := do(newPatch(s.Set).drain(record).owner(h.Owner).
		action("", fmt.Sprintf("go on with %s (%s)%s", s.Name(m.Ordinal), m.Phase, by(record.StartedBy, ", begun by %s"))), "Take")
	return &d
}

// leave takes the one member that is on its way out further.
func (i drainScale) leave(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	if i.Profile == nil && record.Member.Phase != sts.Removing {
		// Begun with hooks, and gone on with without: a person says that it has left.
		record = record.With(record.Member.Enter(sts.Removing, s.TakenAt))
	}
	m, r := record.Member, replicaAt(s, record.Member.Ordinal)
	same := r.Pod != nil && r.Pod.UID == m.UID || r.Pod == nil && m.UID == ""
	size, after := sts.WantedReplicas(s.Set), int32(m.Ordinal-sts.Start(s.Set))
	smaller := size <= after
	switch {
	case m.Phase == sts.Finishing:
		return i.after(s, f, record)
	case size > after+1, size < after, !smaller && f.Scaled[m.Ordinal], smaller && m.Phase == sts.Draining:
		back := after + 1
		if f.Scaled[m.Ordinal] {
			back = after
		}
		return i.scaledMeanwhile(s, &record, fmt.Sprint(back),
			scaleBack(s, back))
	case smaller && r.Pod == nil:
		return i.removed(s, f, record)
	case smaller && !same:
		d := decide(Wait, ReasonScalingDown, "for "+r.Pod.Name+", which the scale-down removes", "")
		d.Subject = r.Pod.Name
		return d
	case m.Phase == sts.Draining && !same && r.Pod == nil:
		d := decide(Wait, ReasonPodNotAvailable, "for "+s.Name(m.Ordinal)+" to be made anew: somebody has deleted it", "")
		d.Subject = s.Name(m.Ordinal)
		return d
	case !same && !smaller && r.Pod != nil, !same && !smaller && i.Profile == nil:
		// Somebody has deleted it: the new one is a member that has not left, and counts
		// for the budgets.
		if m.UID == "" {
			return i.note(s, record.With(nil), "", s.Name(m.Ordinal)+" was created meanwhile: begin with it again")
		}
		return i.note(s, record.With(nil), "", s.Name(m.Ordinal)+" was deleted by somebody: begin with it again")
	case m.Phase == sts.Recalled:
		return i.recalled(s, record, r.Pod)
	case !smaller && r.Terminating && !sts.HoldsLeaving(r.Pod) && (m.Phase == sts.Draining || i.Profile == nil):
		d := decide(Wait, ReasonPodNotAvailable, "for "+r.Pod.Name+" to end: somebody has deleted it before it could leave", "")
		d.Subject = r.Pod.Name
		return d
	case m.Phase == sts.Draining && r.Pod != nil && !sts.HoldsLeaving(r.Pod):
		// Before it leaves, not after: whoever deletes its pod from now on does not make
		// a member come back that has left.
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
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// drain has the member leave. Whether it has is for another member to say.
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
	// A long drain that loses its connection has not failed, and one that failed may have
	// done its work: the question decides.
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

// stayed goes on with a member that did not leave.
func (i drainScale) stayed(h *hooks, s *sts.Snapshot, record sts.Drain, why *hookFailure) Decision {
	m, pod, name := record.Member, h.member, s.Name(record.Member.Ordinal)
	going := pod != nil && pod.DeletionTimestamp != nil
	switch {
	case !going && (i.Profile.Until == nil || !why.unanswered):
		return i.callBack(h, s, record, why)
	case going && i.Profile.Until != nil && !why.unanswered:
		return letGo(pod, m.Ordinal, "let "+name+" go, to be made anew: somebody has deleted it before it had left its cluster")
	}
	what := "it is not known whether " + name + " has left its cluster: " + why.problem
	if going {
		what += "; somebody has deleted its pod meanwhile"
	}
	return decide(Stuck, ReasonHookFailed, what, cmpHint(why.hint, "the same command asks again; if it has left: "+
		sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, fmt.Sprintf("--replicas %d --profile none --take-over", record.To))+", if not: "+sts.GiveUpDrain(s.Set.Namespace, s.Set.Name)))
}

func letGo(pod *corev1.Pod, o sts.Ordinal, why string) Decision {
	return do(Action{Why: why, HoldPod: LetGo(pod, o)}, "LetGo")
}

func (i drainScale) drained(s *sts.Snapshot, record sts.Drain) Decision {
	next := record.Member.Enter(sts.Removing, s.TakenAt)
	return i.note(s, record.With(next), "MemberDrained", s.Name(next.Ordinal)+" has left its cluster")
}

// callBack calls a member back that did not leave.
func (i drainScale) callBack(h *hooks, s *sts.Snapshot, record sts.Drain, why *hookFailure) Decision {
	name, state := s.Name(record.Member.Ordinal), "it may have left half-way"
	if len(i.Profile.Cancel) > 0 {
		_, _, d, failed := h.section(profile.Cancel, "", true)
		switch {
		case d != nil:
			return *d
		case failed == nil:
			next := record.Member.Enter(sts.Recalled, s.TakenAt)
			next.Problem = why.problem
			return i.note(s, record.With(next), "MemberRecalled", name+" did not leave its cluster and was called back")
		}
		state = "and it could not be called back: " + failed.problem
	}
	return didNotLeave(name, why.problem, state, why.hint)
}

func didNotLeave(name, problem, state, hint string) Decision {
	return decide(Stuck, ReasonHookFailed, fmt.Sprintf("%s did not leave its cluster: %s; %s; its pod is untouched", name, problem, state),
		cmpHint(hint, "the same command tries again, --cancel gives it up"))
}

// recalled ends with a member that is one again.
func (i drainScale) recalled(s *sts.Snapshot, record sts.Drain, pod *corev1.Pod) Decision {
	m, name := record.Member, s.Name(record.Member.Ordinal)
	if pod != nil && sts.HoldsLeaving(pod) {
		return letGo(pod, m.Ordinal, "hold "+name+" no longer")
	}
	end := didNotLeave(name, m.Problem, "it was called back", "")
	d := i.note(s, record.With(nil), "", name+" is a member as before")
	if m.UID != i.resumed { // an earlier command's failure is no reason not to try again
		d.Then = &end
	}
	return d
}

func cmpHint(hint, otherwise string) string {
	if hint == "" {
		return otherwise
	}
	return hint + "; " + otherwise
}

// remove makes the pod of a member that has left go: it is evicted, so that the
// budgets are asked, then the set is made smaller, then a pod that is held may go.
func (i drainScale) remove(s *sts.Snapshot, f Facts, record sts.Drain, r sts.Replica, same, smaller bool) Decision {
	m, pod, name := record.Member, r.Pod, s.Name(record.Member.Ordinal)
	going := !same || pod == nil || pod.DeletionTimestamp != nil
	switch {
	case going && !smaller:
		if d := uncounted(s); d != nil && pod == nil && m.UID == "" {
			return *d // it may have been created meanwhile
		}
		to := int32(m.Ordinal - sts.Start(s.Set))
		return do(Action{Why: fmt.Sprintf("scale to %s, without %s", sts.Count(to, "replica"), name), Scale: scale(s.Set, to, "MemberRemoved")}, "Scale")
	case smaller && sts.HoldsLeaving(pod) && pod.DeletionTimestamp != nil:
		// Let go any sooner, a controller that has not seen the smaller set makes it anew.
		if d := settled(s); d != nil {
			return *d
		}
		return letGo(pod, m.Ordinal, "let "+name+" go")
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
		return do(Action{Why: "delete " + name + ", whatever its budgets say", DeletePod: &DeletePod{Name: e.Name, UID: e.UID, Ordinal: e.Ordinal, Revision: e.Revision}}, "Delete")
	}
	return do(Action{Why: "evict " + name, EvictPod: &e}, "Evict")
}

// holdLimit is how often a command adds its finalizer to one pod. Another client that removes it
// each time does not stop by itself.
const holdLimit = 3

func holdOn(s *sts.Snapshot, f Facts, r sts.Replica) Decision {
	if n := f.Held[r.Pod.UID]; n >= holdLimit {
		d := decide(Stuck, ReasonHoldRemoved, fmt.Sprintf("another client has removed the finalizer %s from pod %s each of the %d times that it was added, "+
			"and without it the StatefulSet controller may recreate the pod", sts.LeavingFinalizer, r.Pod.Name, n),
			"find out which one: "+sts.Kubectl(s.Set.Namespace, "get pod", r.Pod.Name, "-o yaml --show-managed-fields")+"; rerun the command to resume")
		d.Subject = r.Pod.Name
		return d
	}
	return do(Action{Why: "hold " + r.Pod.Name + " in its place, so that it is not made anew", HoldPod: hold(r.Pod, r.Ordinal, false)}, "Hold")
}

// ending waits for a pod that a scale-down removes.
func ending(s *sts.Snapshot, pod *corev1.Pod) Decision {
	if t := pod.DeletionTimestamp; t != nil && s.TakenAt.Sub(t.Time) > overdue {
		where := ""
		if pod.Spec.NodeName != "" {
			where = ": is node " + pod.Spec.NodeName + " alive?"
		}
		return decide(Stuck, ReasonPodFailing, fmt.Sprintf("%s should have been gone %s ago%s", pod.Name, sts.Age(s.TakenAt.Sub(t.Time)), where),
			"when it is certain that the node is off: "+sts.Kubectl(s.Set.Namespace, "delete pod", pod.Name, "--force")+"; then the same command goes on")
	}
	d := decide(Wait, ReasonScalingDown, "for "+pod.Name+" to end", "")
	d.Subject = pod.Name
	return d
}

// removed goes on when the pod is gone. Without hooks the next step notes it, too.
func (i drainScale) removed(s *sts.Snapshot, f Facts, record sts.Drain) Decision {
	name := s.Name(record.Member.Ordinal)
	switch {
	case i.Profile == nil:
		return i.proceed(s, f, record.Settled(s.TakenAt))
	case len(i.Profile.After) == 0:
		return i.note(s, record.Settled(s.TakenAt), "", name+" is gone")
	}
	return i.note(s, record.With(record.Member.Enter(sts.Finishing, s.TakenAt)), "", name+" is gone; do what comes after")
}

// after runs what comes after the pod is gone.
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
		return decide(Stuck, ReasonHookFailed, fmt.Sprintf("%s is gone, but what comes after it failed: %s", s.Name(m.Ordinal), failed.problem),
			cmpHint(failed.hint, "the same command tries again"))
	}
	return i.note(s, record.Settled(s.TakenAt), "", s.Name(m.Ordinal)+" is gone for good")
}

// finish waits until all members are available, then forgets the change of size.
func (i drainScale) finish(s *sts.Snapshot, record sts.Drain) Decision {
	if d := available(s, Stuck); d != nil {
		return *d
	}
	b := newPatch(s.Set).drop(sts.DrainAnnotation, sts.OwnerAnnotation)
	if record.Retention != "" {
		b = b.retention(record.Retention)
	}
	event, verb := "ScaleDownCompleted", "left"
	if record.Up() {
		event, verb = "ScaleUpCompleted", "joined"
		b = b.drop(sts.ParkedAnnotation)
	}
	who := sts.SayOrdinals(record.Ordinals()) + " " + verb
	kept, hint := "", ""
	if stay := sts.ClaimsOf(s, record.Ordinals()); !record.Up() && len(stay) > 0 {
		kept = "; data kept in " + sts.ClaimWord(len(stay)) + " " + sayAll(stay)
		if record.To > 0 {
			hint = sts.Kubectl(s.Set.Namespace, "sts pvc-gc", s.Set.Name) + " shows them"
		}
	}
	record.DeletedClaims = i.deletedClaims(s, &record)
	for _, rescued := range []bool{false, true} {
		gone := slices.DeleteFunc(slices.Clone(record.DeletedClaims), func(name string) bool { return i.claims[name] != rescued })
		if len(gone) == 0 {
			continue
		}
		kept += "; deleted: " + sts.ClaimWord(len(gone)) + " " + strings.Join(gone, ", ")
		if rescued {
			kept += ", whose data is rescued"
			hint = sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", strings.Join(gone, " "))
		}
	}
	end := decide(Done, ReasonScaled, fmt.Sprintf("statefulset %s has %s; %s%s", s.Set.Name, sts.Count(record.To, "replica"), who, kept), hint)
	end.Drain = &record
	d := do(b.action(event, "finish: "+who), "Finish")
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
