package operate

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
// changes neither the template nor the partition: every pod is recreated on the
// revision that it has, or nothing is restarted.
type RestartPods struct {
	Holder
	// Ordinals are the chosen ones; all when empty.
	Ordinals sts.Ordinals
	// Ascending begins with the lowest ordinal. The controller's own updates begin
	// with the highest.
	Ascending bool
	// LeaderExec is a command for the shell inside a pod: exit code 0 means that the pod is
	// the leader now. The leader is restarted last. Empty for no such check.
	LeaderExec string
}

// leaderTimeout is how long the leader check of a pod may take.
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
		// next may be the leader. When it is not available, the follower has to wait.
		if follower.Ordinal != next.Ordinal {
			if d := mayRestart(s, f, follower, todo); d != nil {
				return *d
			}
		}
		next = follower
	}
	return do(&EvictPod{Why: stepEvict(next.Pod.Name), PodRef: podRef(next)}, "Evict")
}

// recorded is the record of this restart: the one on the set, or a new one.
func (i RestartPods) recorded(s *sts.Snapshot, f Facts) (*sts.Restart, *Decision) {
	record, err := sts.ReadRestart(s.Set)
	switch {
	case err != nil:
		d := decide(Refused, ReasonBadRecord, err.Error(), hintForgetBadRecord(forget(s)))
		return nil, &d
	case record == nil && f.Wrote:
		d := decide(Refused, ReasonTakenOver, msgRestartRecordRemoved(s.Set.Name), hintCheckStatus(s.Set.Namespace, s.Set.Name))
		return nil, &d
	case record == nil:
		return i.choose(s)
	case record.Command != i.Command:
		_, left := record.Split(s)
		d := decide(Refused, ReasonRestartOnItsWay, msgOtherRestart(s.Set.Name, record.StartedBy, left), hintOtherRestart(record.Again(s.Set), forget(s)))
		return nil, &d
	}
	return record, nil
}

func forget(s *sts.Snapshot) sts.Hint {
	return sts.Kubectl(s.Set.Namespace, "sts restart", s.Set.Name, "--forget")
}

// choose records which pods the chosen ordinals have now.
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
		d := decide(Done, ReasonNothingToDo, msgNothingToRestart(), nil)
		return nil, &d
	}
	return record, nil
}

// todo are the pods to restart, in order. A failing pod has nothing to lose, and under
// OrderedReady no higher pod is recreated before it is available: such pods come first,
// lowest first.
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

// follower is the first pod that is not the leader. The last pod is not checked: it is
// restarted in any case.
func (i RestartPods) follower(s *sts.Snapshot, f Facts, todo []sts.Replica) (sts.Replica, *Decision) {
	leader := ""
	for n, r := range todo {
		if n == len(todo)-1 && leader == "" || !canLead(s, r) {
			return r, nil
		}
		run := i.leaderCheck(s, r)
		if !f.Started[run.Key] {
			d := do(run, "CheckLeader")
			return r, &d
		}
		answer, ok := f.Results[run.Key]
		switch {
		case !ok || answer.PodGone: // in the second case the watch does not show it yet
			d := decide(Wait, ReasonChecking, msgWaitForLeaderCheck(r.Pod.Name), nil)
			d.Subject = r.Pod.Name
			return r, &d
		case answer.Problem != "" || answer.ExitCode == notExecutable || answer.ExitCode == notFound:
			d := decide(Stuck, ReasonLeaderUnknown, msgLeaderUnknown(r.Pod.Name, run.Label(), answer.String()), hintLeaderUnknown(run.Container))
			return r, &d
		case !answer.Succeeded():
			return r, nil
		case leader != "":
			d := decide(Stuck, ReasonLeaderUnknown, msgTwoLeaders(leader, r.Pod.Name), hintTwoLeaders())
			return r, &d
		}
		leader = r.Pod.Name
	}
	return todo[len(todo)-1], nil
}

// canLead says whether the pod has to be checked. One whose readiness probe has just
// failed may still be the leader; one that is failing, or whose container does not run, is not.
func canLead(s *sts.Snapshot, r sts.Replica) bool {
	if r.Ready {
		return true
	}
	container := mainContainer(r.Pod)
	return !isFailing(s, r) && slices.ContainsFunc(r.Pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.Name == container && c.State.Waiting == nil && c.State.Terminated == nil
	})
}

// Exit codes of a shell that cannot run the command: they say nothing about the leader.
const (
	notExecutable = 126
	notFound      = 127
)

// leaderCheck runs in a pod and tells whether it is the leader. Leadership moves, so a result counts only
// until one of the pods changes: from then on the key is another one.
func (i RestartPods) leaderCheck(s *sts.Snapshot, r sts.Replica) *Exec {
	key := "leader " + r.Pod.Name
	for _, p := range s.Pods {
		key += fmt.Sprintf(" %s@%d", p.UID, sts.ReadySince(p).Unix())
	}
	return &Exec{
		Why: stepAskLeader(r.Pod.Name), Key: key, For: "leader-exec", Command: i.LeaderExec,
		Pod: r.Pod.Name, UID: r.Pod.UID, Container: mainContainer(r.Pod), Timeout: leaderTimeout,
		predicted: ExecResult{ExitCode: 1},
	}
}

// begin writes the record and the lock: no pod is evicted before both are stored.
func (i RestartPods) begin(s *sts.Snapshot, record *sts.Restart) Decision {
	_, left := record.Split(s)
	event, why := "RestartStarted", stepBeginRestart(left, i.LeaderExec != "")
	if _, resumes := s.Set.Annotations[sts.RestartAnnotation]; resumes {
		event, why = "", stepResumeRestart(record.StartedBy, left, i.LeaderExec != "")
	}
	return do(newPatch(s.Set).restart(*record).owner(i.Owner).action(event, why), "Begin")
}

// by formats a part of a sentence with a name, and leaves it out when the name is empty.
func by(name, part string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(part, name)
}

// finish waits until every chosen pod is available again, then removes the record.
func (i RestartPods) finish(s *sts.Snapshot, record *sts.Restart) Decision {
	done, left := record.Split(s)
	for _, r := range s.Replicas() {
		if slices.Contains(left, r.Ordinal) {
			return trouble(s, r, s.Trouble(r), Stuck)
		}
		if slices.Contains(done, r.Ordinal) && s.Revision(r.Revision) == nil && slices.Contains(updateDue(s), r.Ordinal) {
			// Its label was rewritten: the controller deletes it.
			d := decide(Wait, ReasonUpdateOnItsWay, msgNoSuchRevision(r.Pod.Name, r.Revision), nil)
			d.Subject = r.Pod.Name
			return d
		}
	}
	end := decide(Done, ReasonRestarted, msgRestarted(done), nil)
	d := do(newPatch(s.Set).drop(sts.RestartAnnotation, sts.OwnerAnnotation).
		action("RestartCompleted", stepFinishRestart(done)), "Finish")
	d.Then = &end
	return d
}

// revisionsStay refuses when a pod would be recreated on another revision.
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
		parts = append(parts, msgRevisionMove(moves[m], m.from, m.to))
	}
	d := decide(Refused, ReasonRevisionChange, msgRevisionsMove(parts), nil)
	switch {
	case sts.IsOnDelete(s.Set):
		d.Hint = hintUpdateByDeleting(sts.Kubectl(s.Set.Namespace, "delete pod", moves[order[0]][0]))
	case order[0].to == s.Set.Status.UpdateRevision:
		d.Hint = finishUpdate(s)
	default:
		d.Hint = hintFinishCanary(canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort"))
	}
	return &d
}

// mayRestart decides whether the pod may be evicted now. Nil when it may.
func mayRestart(s *sts.Snapshot, f Facts, r sts.Replica, todo []sts.Replica) *Decision {
	// Failing pods that should be restarted do not block each other.
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
		// The controller is about to delete one of these by itself.
		d := decide(Wait, ReasonUpdateOnItsWay, msgWaitForUpdate(due, s.Set.Status.UpdateRevision), nil)
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

// evictable predicts the API server's answer to an eviction. An eviction that it
// declines too late uses up a disruption of a budget for two minutes.
func evictable(s *sts.Snapshot, f Facts, r sts.Replica, failing bool) *Decision {
	if r.Pod.Status.Phase != corev1.PodRunning {
		return nil // no budget is checked
	}
	if len(s.Budgets) > 1 {
		return &Decision{Verdict: Refused, Reason: ReasonTwoBudgets,
			Message: msgTwoBudgets(budgetNames(s), r.Pod.Name), Hint: hintTwoBudgets()}
	}
	d := budgetsAllow(s, f, r.Ordinal)
	switch {
	case d == nil && !r.Ready && slices.ContainsFunc(s.Budgets, holdsUnready):
		// Where a budget requires no healthy pod, a pod that is not ready cannot be
		// evicted unless another one is healthy.
		d = &Decision{Verdict: Wait, Reason: ReasonBudgetShort, Subject: s.Budgets[0].Name,
			Message: msgBudgetHoldsUnready(s.Budgets[0].Name)}
	case d == nil || d.Reason != ReasonBudgetShort:
		return d
	}
	b := s.Budgets[0]
	if failing && b.Status.ObservedGeneration >= b.Generation && b.Status.ExpectedPods == sts.DesiredReplicas(s.Set) {
		// It counts only these pods, and all others are available already.
		d.Verdict = Stuck
		d.Message = msgBudgetHoldsFailing(b.Name, r.Pod.Name)
		d.Hint = hintBudgetHoldsFailing(evictUnready(b), sts.Kubectl(s.Set.Namespace, "delete pod", r.Pod.Name))
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

// ForgetRestart removes the record of an interrupted restart. It restarts nothing.
type ForgetRestart struct {
	Holder
}

// Next implements [Intent].
func (i ForgetRestart) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guard(s, f); d != nil {
		return *d
	}
	if _, recorded := s.Set.Annotations[sts.RestartAnnotation]; !recorded {
		return decide(Done, ReasonNothingToDo, msgNoRestart(), nil)
	}
	done := decide(Done, ReasonForgotten, msgRestartForgotten(), nil)
	d := do(newPatch(s.Set).drop(sts.RestartAnnotation, sts.OwnerAnnotation).
		action("RestartForgotten", stepForgetRestart()), "Forget")
	d.Then = &done
	return d
}
