package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// RestartPods replaces chosen pods, one at a time, through the eviction API. It
// moves no template and no partition: every pod comes back on the revision that it
// has, or nothing is restarted.
type RestartPods struct {
	Holder
	// Ordinals are the chosen ones; all when empty.
	Ordinals sts.Ordinals
	// Ascending begins with the lowest ordinal. The controller's own updates begin
	// with the highest.
	Ascending bool
	// LeaderExec is a command for the shell inside a pod: exit code 0 says that it is
	// the leader now. The leader goes last. Empty for no such question.
	LeaderExec string
}

// leaderTimeout is how long a pod may take to say whether it leads.
const leaderTimeout = 30 * time.Second

// Next implements [Intent].
func (i RestartPods) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guard(s, f); d != nil {
		return *d
	}
	if d := settled(s); d != nil {
		return *d
	}
	if d := noDrain(s); d != nil {
		return *d
	}
	if c, err := sts.ReadCanary(s.Set); err == nil && c != nil && c.Aborting {
		return beingAborted(s)
	}
	record, d := i.recorded(s, f)
	if d != nil {
		return *d
	}
	todo := i.todo(s, record)
	if len(todo) == 0 {
		return i.finish(s, record)
	}
	if d := revisionsStay(s, todo); d != nil {
		return *d
	}
	next := todo[0]
	if d := mayRestart(s, f, next, todo); d != nil {
		return *d
	}
	if o, err := sts.ReadOwner(s.Set); err != nil || o == nil || o.ID != i.ID {
		return i.begin(s, record)
	}
	if i.LeaderExec != "" {
		follower, d := i.follower(s, f, todo)
		if d != nil {
			return *d
		}
		// The leader may be the one that was looked at before. When it is not available, the
		// other has to wait.
		if follower.Ordinal != next.Ordinal {
			if d := mayRestart(s, f, follower, todo); d != nil {
				return *d
			}
		}
		next = follower
	}
	return do(Action{
		Why: "restart " + next.Pod.Name + " by evicting it",
		EvictPod: &EvictPod{Name: next.Pod.Name, UID: next.Pod.UID,
			Ordinal: next.Ordinal, Revision: next.Revision},
	}, "Evict")
}

// recorded is the record of this restart: the one on the set, or the one to begin with.
func (i RestartPods) recorded(s *sts.Snapshot, f Facts) (*sts.Restart, *Decision) {
	record, err := sts.ReadRestart(s.Set)
	switch {
	case err != nil:
		d := decide(Refused, ReasonBadRecord, err.Error(), "forget it: "+forget(s))
		return nil, &d
	case record == nil && f.Wrote:
		d := decide(Refused, ReasonTakenOver, fmt.Sprintf("somebody removed the annotation %s from statefulset %s during the restart", sts.RestartAnnotation, s.Set.Name),
			sts.Kubectl(s.Set.Namespace, "sts status", s.Set.Name)+" shows where it stands")
		return nil, &d
	case record == nil:
		return i.choose(s)
	case record.Command != i.Command:
		d := decide(Refused, ReasonRestartOnItsWay, fmt.Sprintf("another restart of statefulset %s%s is not finished: %s", s.Set.Name, by(record.StartedBy, ", by %s,"), sayLeft(s, record)),
			"finish it: "+record.Again(s.Set)+", or forget it: "+forget(s))
		return nil, &d
	}
	return record, nil
}

func forget(s *sts.Snapshot) string {
	return sts.Kubectl(s.Set.Namespace, "sts restart", s.Set.Name, "--forget")
}

func sayLeft(s *sts.Snapshot, r *sts.Restart) string {
	_, left := r.Split(s)
	if len(left) == 0 {
		return "nothing is left of it but its record"
	}
	return sts.SayOrdinals(left) + " still to restart"
}

// choose takes down which pods the chosen ordinals have now.
func (i RestartPods) choose(s *sts.Snapshot) (*sts.Restart, *Decision) {
	if o, beyond := i.Ordinals.Beyond(s.Set); beyond {
		return nil, noOrdinal(s, o)
	}
	record := &sts.Restart{Pods: map[sts.Ordinal]types.UID{}, Command: i.Command, StartedBy: i.Name, StartedAt: s.TakenAt}
	for _, r := range s.Replicas() {
		if !r.Desired || !i.Ordinals.Has(r.Ordinal) {
			continue
		}
		if r.Pod == nil || r.Terminating {
			d := trouble(s, r, s.Trouble(r), Stuck)
			return nil, &d
		}
		record.Pods[r.Ordinal] = r.Pod.UID
	}
	if len(record.Pods) == 0 {
		d := decide(Done, ReasonNothingToDo, "nothing to restart: statefulset "+s.Set.Name+" stands at 0 replicas", "")
		return nil, &d
	}
	return record, nil
}

// todo are the pods to restart, in their order. A pod that is failing has nothing
// to lose, and under OrderedReady no higher one comes back before it is well: such
// pods come first, lowest first.
func (i RestartPods) todo(s *sts.Snapshot, record *sts.Restart) []sts.Replica {
	var out []sts.Replica
	for _, r := range s.Replicas() {
		if r.Desired && r.Pod != nil && !r.Terminating && record.Pods[r.Ordinal] == r.Pod.UID {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b sts.Replica) int {
		switch x, y := isFailing(s, a), isFailing(s, b); {
		case x && y:
			return cmp.Compare(a.Ordinal, b.Ordinal)
		case x:
			return -1
		case y:
			return 1
		case i.Ascending:
			return cmp.Compare(a.Ordinal, b.Ordinal)
		}
		return cmp.Compare(b.Ordinal, a.Ordinal)
	})
	return out
}

func isFailing(s *sts.Snapshot, r sts.Replica) bool {
	t := s.Trouble(r)
	return t != nil && t.Failing
}

// follower is the first pod that does not lead. The last one is not asked: it goes
// in any case.
func (i RestartPods) follower(s *sts.Snapshot, f Facts, todo []sts.Replica) (sts.Replica, *Decision) {
	leader := ""
	for n, r := range todo {
		if n == len(todo)-1 && leader == "" || !canLead(s, r) {
			return r, nil
		}
		run := i.question(s, r)
		if !f.Asked[run.Key] {
			d := do(Action{Why: "ask " + r.Pod.Name + " whether it leads", Run: &run}, "Ask")
			return r, &d
		}
		answer, ok := f.Answers[run.Key]
		switch {
		case !ok || answer.PodGone: // in the second case the watch has still to show it
			d := decide(Wait, ReasonChecking, "for "+r.Pod.Name+" to say whether it leads", "")
			d.Subject = r.Pod.Name
			return r, &d
		case answer.Problem != "" || answer.ExitCode == notExecutable || answer.ExitCode == notFound:
			d := decide(Stuck, ReasonLeaderUnknown, fmt.Sprintf("it is not known whether %s leads: %s %s", r.Pod.Name, run.Label(), answer),
				"the command has to work in container "+run.Container+" of every pod")
			return r, &d
		case !answer.Good():
			return r, nil
		case leader != "":
			d := decide(Stuck, ReasonLeaderUnknown, leader+" and "+r.Pod.Name+" both say that they lead", "run it again when one of them does")
			return r, &d
		}
		leader = r.Pod.Name
	}
	return todo[len(todo)-1], nil
}

// canLead says whether the pod has to be asked. One whose readiness probe has failed a
// moment ago may well lead; one that is failing, or whose container does not run, does not.
func canLead(s *sts.Snapshot, r sts.Replica) bool {
	if r.Ready {
		return true
	}
	container := mainContainer(r.Pod)
	return !isFailing(s, r) && slices.ContainsFunc(r.Pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.Name == container && c.State.Waiting == nil && c.State.Terminated == nil
	})
}

// What a shell ends with when it cannot run a command: no answer to the question.
const (
	notExecutable = 126
	notFound      = 127
)

// question asks a pod whether it leads. Leadership moves, so an answer counts only
// as long as all pods stay what they are: then it is another question.
func (i RestartPods) question(s *sts.Snapshot, r sts.Replica) Run {
	key := "leader " + r.Pod.Name
	for _, p := range s.Pods {
		key += fmt.Sprintf(" %s@%d", p.UID, sts.ReadySince(p).Unix())
	}
	return Run{
		Key: key, For: "leader-exec", Command: i.LeaderExec,
		Pod: r.Pod.Name, UID: r.Pod.UID, Container: mainContainer(r.Pod), Timeout: leaderTimeout,
		foretold: Answer{ExitCode: 1},
	}
}

// begin writes the record and the owner token: no pod goes down before both stand.
func (i RestartPods) begin(s *sts.Snapshot, record *sts.Restart) Decision {
	event, why := "RestartStarted", "begin to restart "
	if _, goesOn := s.Set.Annotations[sts.RestartAnnotation]; goesOn {
		event, why = "", "go on with the restart"+by(record.StartedBy, " begun by %s")+": "
	}
	_, left := record.Split(s)
	why += sts.SayOrdinals(left)
	if len(left) > 1 {
		why += ", one pod at a time"
	}
	if len(left) > 1 && i.LeaderExec != "" {
		why += ", the leader last"
	}
	return do(newPatch(s.Set).restart(*record).owner(i.Owner).action(event, why), "Begin")
}

// by puts a name into a part of a sentence, which is left out where a record has none.
func by(name, part string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(part, name)
}

// finish waits until every chosen pod is available again, then forgets the restart.
func (i RestartPods) finish(s *sts.Snapshot, record *sts.Restart) Decision {
	done, left := record.Split(s)
	for _, r := range s.Replicas() {
		if slices.Contains(left, r.Ordinal) {
			return trouble(s, r, s.Trouble(r), Stuck)
		}
		if slices.Contains(done, r.Ordinal) && s.Revision(r.Revision) == nil && slices.Contains(updateDue(s), r.Ordinal) {
			// Whatever has rewritten its label, the controller deletes it.
			d := decide(Wait, ReasonUpdateOnItsWay, fmt.Sprintf("for %s to be replaced: %q is none of the set's revisions", r.Pod.Name, r.Revision), "")
			d.Subject = r.Pod.Name
			return d
		}
	}
	end := decide(Done, ReasonRestarted, fmt.Sprintf("restarted %s (%s), each back on its revision and available",
		sts.Count(len(done), "pod"), sts.SayOrdinals(done)), "")
	d := do(newPatch(s.Set).drop(sts.RestartAnnotation, sts.OwnerAnnotation).
		action("RestartCompleted", "finish: "+sts.SayOrdinals(done)+" restarted"), "Finish")
	d.Then = &end
	return d
}

// revisionsStay refuses when a pod would come back on another revision.
func revisionsStay(s *sts.Snapshot, todo []sts.Replica) *Decision {
	type move struct{ from, to string }
	moves := map[move][]string{}
	var order []move
	for _, r := range todo {
		m := move{r.Revision, s.RevisionFor(r.Ordinal)}
		if m.from == m.to {
			continue
		}
		if moves[m] == nil {
			order = append(order, m)
		}
		moves[m] = append(moves[m], r.Pod.Name)
	}
	if len(order) == 0 {
		return nil
	}
	var parts []string
	for _, m := range order {
		parts = append(parts, fmt.Sprintf("%s would come back on %s instead of %s", strings.Join(moves[m], ", "), m.to, m.from))
	}
	d := decide(Refused, ReasonRevisionChange, "this would be an update and not a restart: "+strings.Join(parts, "; "), "")
	switch {
	case sts.IsOnDelete(s.Set):
		d.Hint = "under OnDelete that is how pods are updated; if that is what you want: " +
			sts.Kubectl(s.Set.Namespace, "delete pod", moves[order[0]][0])
	case order[0].to == s.Set.Status.UpdateRevision:
		d.Hint = finishUpdate(s)
	default:
		d.Hint = "finish the update first: " + canaryCommand(s, "promote") + ", or " + canaryCommand(s, "abort")
	}
	return &d
}

// mayRestart decides whether the pod may be evicted now. Nil when it may.
func mayRestart(s *sts.Snapshot, f Facts, r sts.Replica, todo []sts.Replica) *Decision {
	// Pods that are failing and are to be restarted do not stand in each other's way.
	except, failing := []sts.Ordinal{r.Ordinal}, isFailing(s, r)
	for _, other := range todo {
		if failing && isFailing(s, other) {
			except = append(except, other.Ordinal)
		}
	}
	if d := available(s, Stuck, except...); d != nil {
		return d
	}
	if due := updateDue(s); len(due) > 0 && !failing {
		// The controller is about to take down one of these by itself.
		d := decide(Wait, ReasonUpdateOnItsWay, fmt.Sprintf("for the update of %s to %s", sts.SayOrdinals(due), s.Set.Status.UpdateRevision), "")
		return &d
	}
	return evictable(s, f, r, failing)
}

// updateDue are the ordinals that the controller is going to update by itself.
func updateDue(s *sts.Snapshot) []sts.Ordinal {
	var due []sts.Ordinal
	for _, r := range s.Replicas() {
		if r.Desired && !sts.IsOnDelete(s.Set) &&
			r.Ordinal >= sts.UpdateFrom(s.Set) && r.Revision != s.Set.Status.UpdateRevision {
			due = append(due, r.Ordinal)
		}
	}
	return due
}

// evictable foretells the API server's answer to an eviction. An eviction that it
// declines too late costs a budget's disruption for two minutes.
func evictable(s *sts.Snapshot, f Facts, r sts.Replica, failing bool) *Decision {
	if r.Pod.Status.Phase != corev1.PodRunning {
		return nil // no budget is asked
	}
	if len(s.Budgets) > 1 {
		return &Decision{Verdict: Refused, Reason: ReasonTwoBudgets,
			Message: fmt.Sprintf("poddisruptionbudgets %s select %s: the API server evicts no pod that more than one budget selects", budgetNames(s), r.Pod.Name),
			Hint:    "leave one of them"}
	}
	d := budgetsAllow(s, f, r.Ordinal)
	switch {
	case d == nil && !r.Ready && slices.ContainsFunc(s.Budgets, holdsUnready):
		// Where a budget requires no healthy pod, a pod that is not ready cannot be
		// evicted unless another one is healthy.
		d = &Decision{Verdict: Wait, Reason: ReasonBudgetShort, Subject: s.Budgets[0].Name,
			Message: "for a healthy pod, before which poddisruptionbudget " + s.Budgets[0].Name + " lets no unready one go"}
	case d == nil || d.Reason != ReasonBudgetShort:
		return d
	}
	b := s.Budgets[0]
	if failing && b.Status.ObservedGeneration >= b.Generation && b.Status.ExpectedPods == sts.WantedReplicas(s.Set) {
		// It counts no pods but these, and all others are well already.
		d.Verdict = Stuck
		d.Message = fmt.Sprintf("%s is failing, and poddisruptionbudget %s does not let it be evicted before it is ready", r.Pod.Name, b.Name)
		d.Hint = evictUnready(b) + "; or " + sts.Kubectl(s.Set.Namespace, "delete pod", r.Pod.Name)
	}
	return d
}

func holdsUnready(b *policyv1.PodDisruptionBudget) bool {
	policy, st := b.Spec.UnhealthyPodEvictionPolicy, b.Status
	return st.DesiredHealthy == 0 && st.DisruptionsAllowed == 0 && (policy == nil || *policy != policyv1.AlwaysAllow)
}

func budgetNames(s *sts.Snapshot) string {
	names := make([]string, len(s.Budgets))
	for k, b := range s.Budgets {
		names[k] = b.Name
	}
	return strings.Join(names, " and ")
}

// ForgetRestart drops the record of a restart that was interrupted. It restarts nothing.
type ForgetRestart struct {
	Holder
}

// Next implements [Intent].
func (i ForgetRestart) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guard(s, f); d != nil {
		return *d
	}
	if _, recorded := s.Set.Annotations[sts.RestartAnnotation]; !recorded {
		return decide(Done, ReasonNothingToDo, "nothing to forget: no restart of statefulset "+s.Set.Name+" is on its way", "")
	}
	done := decide(Done, ReasonForgotten, "the restart is forgotten; pods that were restarted stay so", "")
	d := do(newPatch(s.Set).drop(sts.RestartAnnotation, sts.OwnerAnnotation).
		action("RestartForgotten", "forget the restart; this restarts nothing"), "Forget")
	d.Then = &done
	return d
}
