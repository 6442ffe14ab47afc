package operate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// RestartOptions are the options of [NewRestartPods].
type RestartOptions struct {
	Lock
	// Ordinals are the chosen ones; all when empty.
	Ordinals sts.Ordinals
	// Ascending begins with the lowest ordinal. The controller's own updates begin
	// with the highest.
	Ascending bool
	// LeaderExec is a command for the shell inside a pod: exit code 0 means that the pod is
	// the leader now. The leader is restarted last. Empty for no such check.
	LeaderExec string
}

type restartPods RestartOptions

// NewRestartPods replaces chosen pods, one at a time, through the eviction API. It
// changes neither the template nor the partition: every pod is recreated on the
// revision that it has, or nothing is restarted.
func NewRestartPods(o RestartOptions, _ *sts.Snapshot) Intent { return restartPods(o) }

// leaderTimeout is how long the leader check of a pod may take.
const leaderTimeout = 30 * time.Second

// Next implements [Intent].
func (i restartPods) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := restartLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	if l.restart == nil {
		if d := gs.Require(guard.BeforeStart, l); d != nil {
			return *d
		}
		l.restart = i.choose(s)
		if len(l.restart.Pods) == 0 {
			return decide(Done, ReasonNothingToDo, msgNothingToRestart(), nil)
		}
	}
	restart := l.restart
	todo := i.todo(s, restart)
	if len(todo) == 0 {
		return i.finish(s, restart)
	}
	next := todo[0]
	if d := gs.Require(guard.BeforeStep, l.before(next.Ordinal)); d != nil {
		return *d
	}
	_, recorded := s.Set.Annotations[record.RestartAnnotation]
	if o, err := record.ReadOwner(s.Set); !recorded || err != nil || o == nil || o.ID != i.ID {
		return i.begin(s, restart)
	}
	if i.LeaderExec != "" {
		follower, d := i.follower(s, f, todo)
		if d != nil {
			return *d
		}
		// next may be the leader. When it is not available, the follower has to wait.
		if follower.Ordinal != next.Ordinal {
			if d := gs.Require(guard.BeforeStep, l.before(follower.Ordinal)); d != nil {
				return *d
			}
		}
		next = follower
	}
	return do(&EvictPod{Description: stepEvict(next.Pod.Name), PodRef: podRef(next)}, "Evict")
}

func (i restartPods) guards() setGuards {
	return setGuards{
		i.lockGuard(),
		settledGuard,
		drainGuard,
		abortGuard,
		recordGuard,
		guard.New(removedRule, requireRestartRecord),
		guard.New(guard.NewRule("other restart", "refuses while a restart with other options is in progress", guard.Always), i.requireOwnRestart),
		guard.New(ordinalRule, i.requireOrdinals),
		guard.New(guard.NewRule("pods", "waits for a chosen pod that is missing or terminating; stops if it cannot start", guard.BeforeStart), i.requirePods),
		guard.New(guard.NewRule("revisions", "refuses if a pod would be recreated on a different revision", guard.BeforeStep), i.requireSameRevisions),
		guard.New(availableGuard(Stuck).Rule, i.requireOthersAvailable),
		guard.New(guard.NewRule("updating", "waits while the controller updates other pods", guard.BeforeStep), requireNoUpdateDue),
		guard.New(budgetsGuard.Rule, requireRestartable),
	}
}

// restartLook is a look with the record of the restart.
func restartLook(s *sts.Snapshot, f Facts) look {
	l := recordLook(s, f)
	restart, err := record.ReadRestart(s.Set)
	l.restart, l.unreadable = restart, nil // the record of a canary does not matter
	if err != nil {
		d := badRecord(err)
		l.unreadable = &d
	}
	return l
}

// requireRestartRecord stops when the record of this command, or the one that it resumes, was removed.
func requireRestartRecord(l look) *Decision {
	if l.restart != nil || !l.f.Wrote && !l.f.foundRecord(record.RestartAnnotation) {
		return nil
	}
	d := decide(Refused, ReasonTakenOver, msgRestartRecordRemoved(l.s.Set.Name), hintCheckStatus(l.s.Set.Namespace, l.s.Set.Name))
	return &d
}

// requireOwnRestart refuses while a restart with other options is in progress.
func (i restartPods) requireOwnRestart(l look) *Decision {
	if l.restart == nil || l.restart.Command == i.Command {
		return nil
	}
	_, left := l.restart.Split(l.s)
	d := decide(Refused, ReasonRestartInProgress, msgOtherRestart(l.s.Set.Name, l.restart.StartedBy, left), hintOtherRestart(l.restart.Again(l.s.Set), forget(l.s)))
	return &d
}

func (i restartPods) requireOrdinals(l look) *Decision {
	if o, beyond := i.Ordinals.Beyond(l.s.Set); beyond {
		return refuseOrdinal(l.s, o)
	}
	return nil
}

// requirePods waits until every chosen pod is there: otherwise it is unknown which pod to record.
func (i restartPods) requirePods(l look) *Decision {
	for _, r := range l.s.Replicas() {
		if i.chosen(r) && (r.Pod == nil || r.Terminating) {
			d := trouble(l.s, r, diagnose.Replica(l.s, r), Stuck)
			return &d
		}
	}
	return nil
}

func (i restartPods) chosen(r sts.Replica) bool { return r.Desired && i.Ordinals.Has(r.Ordinal) }

func forget(s *sts.Snapshot) sts.Hint {
	return sts.Kubectl(s.Set.Namespace, "sts restart", s.Set.Name, "--forget")
}

// choose records which pods the chosen ordinals have now.
func (i restartPods) choose(s *sts.Snapshot) *record.Restart {
	restart := &record.Restart{Pods: map[sts.Ordinal]types.UID{}, Command: i.Command, StartedBy: i.Name, StartedAt: s.TakenAt}
	for _, r := range s.Replicas() {
		if i.chosen(r) {
			restart.Pods[r.Ordinal] = r.Pod.UID
		}
	}
	return restart
}

// todo are the pods to restart, in order. A failing pod has nothing to lose, and under
// OrderedReady no higher pod is recreated before it is available: such pods come first,
// lowest first.
func (i restartPods) todo(s *sts.Snapshot, restart *record.Restart) []sts.Replica {
	var out []sts.Replica
	for _, r := range s.Replicas() {
		if r.Desired && r.Pod != nil && !r.Terminating && restart.Pods[r.Ordinal] == r.Pod.UID {
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
	t := diagnose.Replica(s, r)
	return t != nil && t.Failing
}

// follower is the first pod that is not the leader. The last pod is not checked: it is
// restarted in any case.
func (i restartPods) follower(s *sts.Snapshot, f Facts, todo []sts.Replica) (sts.Replica, *Decision) {
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
			d.Subject = podSubject(r.Pod.Name)
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

// leaderCheck runs in a pod and checks whether the pod is the leader. Leadership moves, so a result counts
// only until one of the pods changes: from then on the key is another one.
func (i restartPods) leaderCheck(s *sts.Snapshot, r sts.Replica) *Exec {
	key := "leader " + r.Pod.Name
	for _, p := range s.Pods {
		key += fmt.Sprintf(" %s@%d", p.UID, sts.ReadySince(p).Unix())
	}
	return &Exec{
		Description: stepCheckLeader(r.Pod.Name), Key: key, For: "leader-exec", Command: i.LeaderExec,
		Pod: r.Pod.Name, UID: r.Pod.UID, Container: mainContainer(r.Pod), Timeout: leaderTimeout,
		predicted: ExecResult{ExitCode: 1},
	}
}

// begin writes the record and the lock: no pod is evicted before both are stored.
func (i restartPods) begin(s *sts.Snapshot, restart *record.Restart) Decision {
	_, left := restart.Split(s)
	event, why := "RestartStarted", stepBeginRestart(left, i.LeaderExec != "")
	if _, resumes := s.Set.Annotations[record.RestartAnnotation]; resumes {
		event, why = "", stepResumeRestart(restart.StartedBy, left, i.LeaderExec != "")
	}
	return do(newPatch(s.Set).restart(*restart).owner(i.Owner).action(event, why), "Begin")
}

// by formats a part of a sentence with a name, and leaves it out when the name is empty.
func by(name, part string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(part, name)
}

// finish waits until every chosen pod is available again, then removes the record.
func (i restartPods) finish(s *sts.Snapshot, restart *record.Restart) Decision {
	done, left := restart.Split(s)
	for _, r := range s.Replicas() {
		if slices.Contains(left, r.Ordinal) {
			return trouble(s, r, diagnose.Replica(s, r), Stuck)
		}
		if slices.Contains(done, r.Ordinal) && s.Revision(r.Revision) == nil && slices.Contains(updateDue(s), r.Ordinal) {
			// Its label was rewritten: the controller deletes it.
			d := decide(Wait, ReasonUpdateInProgress, msgNoSuchRevision(r.Pod.Name, r.Revision), nil)
			d.Subject = podSubject(r.Pod.Name)
			return d
		}
	}
	end := decide(Done, ReasonRestarted, msgRestarted(done), nil)
	d := do(newPatch(s.Set).drop(record.RestartAnnotation, record.OwnerAnnotation).
		action("RestartCompleted", stepFinishRestart(done)), "Finish")
	d.Then = &end
	return d
}

// requireSameRevisions refuses when a pod would be recreated on another revision.
func (i restartPods) requireSameRevisions(l look) *Decision {
	s := l.s
	type move struct{ from, to string }
	moves := map[move][]string{}
	var order []move
	for _, r := range i.todo(s, l.restart) {
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
	case !sts.StrategyOf(s.Set).ReplacesPods():
		d.Hint = hintUpdateByDeleting(sts.Kubectl(s.Set.Namespace, "delete pod", moves[order[0]][0]))
	case order[0].to == s.Set.Status.UpdateRevision:
		d.Hint = finishUpdate(s)
	default:
		d.Hint = hintFinishCanary(canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort"))
	}
	return &d
}

// requireOthersAvailable waits until every other pod is available. Failing pods that should be
// restarted do not block each other.
func (i restartPods) requireOthersAvailable(l look) *Decision {
	except := []sts.Ordinal{l.target}
	if isFailing(l.s, replicaAt(l.s, l.target)) {
		for _, other := range i.todo(l.s, l.restart) {
			if isFailing(l.s, other) {
				except = append(except, other.Ordinal)
			}
		}
	}
	return requireAvailable(l.s, Stuck, except...)
}

// requireNoUpdateDue waits while the controller is about to delete another pod by itself.
func requireNoUpdateDue(l look) *Decision {
	due := updateDue(l.s)
	if len(due) == 0 || isFailing(l.s, replicaAt(l.s, l.target)) {
		return nil
	}
	d := decide(Wait, ReasonUpdateInProgress, msgWaitForUpdate(due, l.s.Set.Status.UpdateRevision), nil)
	d.Detail = fmt.Sprint(due)
	return &d
}

// requireRestartable decides whether the pod can be evicted now.
func requireRestartable(l look) *Decision {
	r := replicaAt(l.s, l.target)
	return requireEvictable(l.s, l.f, r, isFailing(l.s, r))
}

// updateDue are the ordinals that the controller is going to update by itself.
func updateDue(s *sts.Snapshot) []sts.Ordinal {
	var due []sts.Ordinal
	for _, r := range s.Replicas() {
		if r.Desired && s.DueForUpdate(r) {
			due = append(due, r.Ordinal)
		}
	}
	return due
}

// requireEvictable predicts the API server's answer to an eviction. An eviction that it
// declines too late uses up a disruption of a budget for two minutes.
func requireEvictable(s *sts.Snapshot, f Facts, r sts.Replica, failing bool) *Decision {
	if r.Pod.Status.Phase != corev1.PodRunning {
		return nil // no budget is checked
	}
	if len(s.Budgets) > 1 {
		return &Decision{Verdict: Refused, Reason: ReasonTwoBudgets,
			Message: msgTwoBudgets(s.BudgetNames(), r.Pod.Name), Hint: hintTwoBudgets()}
	}
	d := requireBudgets(s, f, r.Ordinal)
	switch {
	case d == nil && !r.Ready && slices.ContainsFunc(s.Budgets, holdsUnready):
		// Where a budget requires no healthy pod, a pod that is not ready cannot be
		// evicted unless another one is healthy.
		d = &Decision{Verdict: Wait, Reason: ReasonBudgetShort, Subject: budgetSubject(s.Budgets[0].Name),
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

type forgetRestart struct{ Lock }

// NewForgetRestart removes the record of an interrupted restart. It restarts nothing.
func NewForgetRestart(l Lock, _ *sts.Snapshot) Intent { return forgetRestart{l} }

// Next implements [Intent].
func (i forgetRestart) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guards().Require(guard.Always, look{s: s, f: f}); d != nil {
		return *d
	}
	if _, recorded := s.Set.Annotations[record.RestartAnnotation]; !recorded {
		return decide(Done, ReasonNothingToDo, msgNoRestart(), nil)
	}
	done := decide(Done, ReasonForgotten, msgRestartForgotten(), nil)
	d := do(newPatch(s.Set).drop(record.RestartAnnotation, record.OwnerAnnotation).
		action("RestartForgotten", stepForgetRestart()), "Forget")
	d.Then = &done
	return d
}

func (i forgetRestart) guards() setGuards { return setGuards{i.lockGuard()} }
