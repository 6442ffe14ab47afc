package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// judge finds the state, and a message about it.
func (st *Status) judge(s *sts.Snapshot, c *record.Canary, drain *record.Drain, replicas []sts.Replica) {
	set := s.Set
	leaving := st.ordinals(func(r ReplicaStatus) bool { return r.Role == Leaving })
	missing := st.ordinals(func(r ReplicaStatus) bool { return r.Role == Missing })
	switch {
	case set.DeletionTimestamp != nil:
		st.say(Deleting, msgDeleting(len(s.Pods)), nil)
	case s.StrategyRefused() && st.AvailableReplicas < st.DesiredReplicas, s.StrategyRefused() && !sts.Observed(set):
		st.say(Stuck, sts.StrategyIsRefused, sts.StrategyRefusedHint())
	case !sts.Observed(set):
		st.say(Progressing, msgNotObserved(), nil)
	case st.stuck(s, c):
		if st.Drain != nil {
			st.Message = sentence(st.Message, st.Drain.sentence(s))
		}
	case st.Drain != nil:
		st.judgeDrain(s, drain)
	case len(leaving) > 0:
		st.say(ScalingDown, msgScalingDown(leaving), nil)
	case st.DesiredReplicas == 0 && st.ParkedReplicas != nil:
		st.say(Parked, msgParked(*st.ParkedReplicas),
			st.ownHint(sts.Kubectl(st.Namespace, "sts drain-scale", st.Name, "--unpark")))
	case st.DesiredReplicas == 0:
		st.say(Parked, msgScaledToZero(), nil)
	case len(missing) > 0 && c == nil && st.StableRevision == st.UpdateRevision && scalingUp(replicas):
		st.say(ScalingUp, sentence(msgScalingUp(missing), st.waitingFor(s, replicas)), nil)
	case c != nil && c.Aborting:
		st.say(Progressing, sentence(msgRollingBack(c.StableRevision, c.AbortedFor), st.waitingFor(s, replicas)), st.ownHint(st.canary("abort")))
	default:
		st.judgeRollout(s, c, replicas)
	}
	st.hintAtWait(s, replicas)
	st.judgeScaling(c)
	st.judgeDisturbance(s, c)
}

// judgeScaling adds that the set was scaled during a canary: ordinals that were added at
// the top run the canary's revision, whatever was requested at its start.
func (st *Status) judgeScaling(c *record.Canary) {
	if c == nil || c.Replicas == nil || *c.Replicas == st.DesiredReplicas {
		return
	}
	var added []sts.Ordinal
	for _, o := range st.Canary.Ordinals {
		if o >= st.StartOrdinal+sts.Ordinal(*c.Replicas) && !c.Aborting {
			added = append(added, o)
		}
	}
	st.Message = sentence(st.Message, msgScaledDuringCanary(*c.Replicas, st.DesiredReplicas, added))
}

// judgeDisturbance adds that another client has changed the spec during a canary: promote
// refuses then, and the hint must not suggest it.
func (st *Status) judgeDisturbance(s *sts.Snapshot, c *record.Canary) {
	if c == nil {
		return
	}
	what := c.Disturbed(s.Set)
	if what == "" {
		return
	}
	st.Message = sentence(st.Message, what)
	switch {
	case c.Aborting:
		st.Hint = st.ownHint(st.canary("abort", "--take-over"))
	case sts.Partition(s.Set) != c.Partition:
		st.Hint = st.ownHint(hintEither(st.canary("promote", "--take-over"), st.canary("abort")))
	default:
		st.Hint = st.ownHint(st.canary("abort"))
	}
}

// judgeRestart adds a restart that is in progress, and how to resume it where no command
// has locked the set.
func (st *Status) judgeRestart(s *sts.Snapshot, r *record.Restart) {
	if r == nil {
		return
	}
	done, left := r.Split(s)
	st.Restart = &RestartStatus{Done: append([]sts.Ordinal{}, done...), Left: append([]sts.Ordinal{}, left...),
		Command: r.Command, StartedBy: r.StartedBy, StartedAt: metav1.NewTime(r.StartedAt)}
	what := msgRestartRemaining(left)
	switch {
	case len(left) == 0:
		what = msgRestartRecordRemains()
	case st.State == Complete:
		st.State = Progressing
	}
	st.Message = sentence(st.Message, what)
	if len(st.Hint) == 0 {
		st.Hint = st.ownHint(r.Again(s.Set))
	}
}

// judgeRecovery adds a recovery from a lost node that is in progress, and how to resume it; else the nodes that have
// a taint of one, and how to remove it.
func (st *Status) judgeRecovery(s *sts.Snapshot, r *record.Recover) {
	if r == nil || r.Recovery == nil && len(r.Taints) == 0 {
		return
	}
	st.Recovery = &RecoveryStatus{}
	for _, t := range r.Taints {
		st.Recovery.TaintedNodes = append(st.Recovery.TaintedNodes, t.Node)
	}
	message, hint := msgNodesOutOfService(st.Recovery.TaintedNodes), record.ReleaseCommand(s.Set)
	if one := r.Recovery; one != nil {
		at := metav1.NewTime(one.StartedAt)
		st.Recovery.Pod, st.Recovery.Node, st.Recovery.Action = s.Name(one.Ordinal), one.Node, one.Action
		st.Recovery.StartedBy, st.Recovery.StartedAt = one.StartedBy, &at
		message, hint = msgRecovering(st.Recovery.Pod, one.Node), one.Again(s.Set)
		if st.State == Complete {
			st.State = Progressing
		}
	}
	st.Message = sentence(st.Message, message)
	switch hint = st.ownHint(hint); {
	case len(hint) == 0:
	case len(st.Hint) == 0 || r.Recovery != nil: // it comes before what can be done about a pod that hangs
		st.Hint = hint
	default:
		st.Hint = sts.Hintf("%s; %s", st.Hint, hint)
	}
}

// judgeClaims puts claims at risk before everything else: whatever the set is doing, the next
// restart of such a pod loses the data.
func (st *Status) judgeClaims(s *sts.Snapshot, replicas []sts.Replica) {
	if st.State == Deleting {
		return
	}
	var risks []diagnose.ClaimRisk
	var rescued []string
	var pods []sts.Ordinal
	for _, r := range replicas {
		found := diagnose.ClaimRisks(s, r)
		if risks = append(risks, found...); len(found) > 0 {
			pods = append(pods, r.Ordinal)
		}
	}
	for _, r := range st.Replicas {
		for _, c := range r.Claims {
			if c.Rescued && !slices.Contains(rescued, c.Name) {
				rescued = append(rescued, c.Name)
			}
		}
	}
	if len(rescued) > 0 {
		st.Message = sentence(st.Message, msgClaimsRescued(rescued))
		undo := hintUndoWithoutPods(len(rescued), sts.Kubectl(st.Namespace, "sts pvc-gc undo", rescued...))
		if len(st.Hint) == 0 {
			st.Hint = undo
		} else {
			st.Hint = sts.Hintf("%s; %s", st.Hint, undo)
		}
	}
	if len(risks) == 0 {
		return
	}
	message := msgDoNotRestart(pods, risks[0].Message, len(diagnose.RiskClaims(risks)))
	if st.State != Complete {
		message = sentence(message, st.Message)
	}
	hint := diagnose.RescueCommand(st.Namespace, risks)
	if len(hint) == 0 {
		hint = sts.Kubectl(st.Namespace, "describe pvc", risks[0].Claim)
	}
	st.say(DataAtRisk, message, hint)
}

// sayFew names the first few.
func sayFew(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func (st *Status) say(state State, message string, hint sts.Hint) {
	st.State, st.Message, st.Hint = state, message, hint
}

// canary is a command for a hint.
func (st *Status) canary(verb string, flags ...string) sts.Hint {
	return sts.Kubectl(st.Namespace, "sts canary "+verb, append([]string{st.Name}, flags...)...)
}

// ownHint gives a hint only while no command has locked the set.
func (st *Status) ownHint(hint sts.Hint) sts.Hint {
	if st.Owner != nil {
		return nil
	}
	return hint
}

// judgeRollout distinguishes an update that is in progress, one that stops at the
// partition, and none.
func (st *Status) judgeRollout(s *sts.Snapshot, c *record.Canary, replicas []sts.Replica) {
	var replaced, held, unavailable []sts.Ordinal
	for _, r := range replicas {
		outdated := r.Pod != nil && r.Revision != st.UpdateRevision
		switch {
		case !r.Desired:
		case due(s, r):
			replaced = append(replaced, r.Ordinal)
		case outdated:
			held = append(held, r.Ordinal)
		}
		if r.Desired && !r.Available {
			unavailable = append(unavailable, r.Ordinal)
		}
	}
	updating := msgUpdating(st.UpdatedReplicas, st.DesiredReplicas)
	var canary []sts.Ordinal
	if st.Canary != nil {
		canary = st.Canary.Ordinals
	}
	switch {
	case len(replaced) > 0:
		st.say(Progressing, sentence(updating, st.waitingFor(s, replicas)), nil)
	case len(unavailable) > 0 && len(canary) > 0:
		st.say(Progressing, sentence(msgCanaryInProgress(canary), st.waitingFor(s, replicas)), nil)
	case len(unavailable) > 0 && (len(held) > 0 || st.StableRevision != st.UpdateRevision):
		st.say(Progressing, sentence(updating, st.waitingFor(s, replicas)), nil)
	case len(unavailable) > 0:
		st.say(Progressing, sentence(msgAvailable(st.AvailableReplicas, st.DesiredReplicas), st.waitingFor(s, replicas)), nil)
	case len(held) > 0 && !sts.StrategyOf(s.Set).HasPartition():
		st.say(Paused, msgUpdatedOnDelete(string(s.Set.Spec.UpdateStrategy.Type), held), st.replaceCommand(s, slices.Max(held)))
	case len(canary) > 0 && st.Canary.Auto != nil:
		st.say(Progressing, msgCanaryPromoting(canary, st.Canary.Auto.waiting(s.TakenAt)), nil)
	case len(held) > 0 && len(canary) > 0 && c != nil && c.Paused:
		st.say(Paused, msgCanaryPaused(canary),
			st.ownHint(hintEither(sts.Kubectl(st.Namespace, "sts resume", st.Name), st.canary("promote"), st.canary("abort"))))
	case len(held) > 0 && len(canary) > 0:
		st.say(Paused, msgCanaryHealthy(canary), st.ownHint(hintEither(st.canary("promote"), st.canary("abort"))))
	case len(held) > 0:
		st.say(Paused, msgBelowPartition(held), st.ownHint(st.canary("promote")))
	case c != nil && st.StableRevision == st.UpdateRevision:
		st.say(Paused, msgCanaryRecordRemains(), st.ownHint(st.canary("abort")))
	case c != nil:
		st.say(Paused, msgCanaryEverywhere(), st.ownHint(st.canary("promote", "--full")))
	case sts.StrategyOf(s.Set).ReplacesPods() && s.Set.Status.CurrentRevision != st.UpdateRevision:
		st.say(Progressing, msgFinishing(), nil)
	default:
		st.say(Complete, msgComplete(st.DesiredReplicas, st.UpdateRevision), nil)
	}
}

// stuck is true, and sets the state, where a desired ordinal is failing and will not be
// removed: see [diagnose.Trouble].
func (st *Status) stuck(s *sts.Snapshot, c *record.Canary) bool {
	rollout := diagnose.Rollout(s)
	for _, r := range st.Replicas {
		if r.Trouble == nil || !r.Trouble.Failing || st.Drain.leaves(s, r.Ordinal) || rollout != nil && r.Ordinal != rollout.Replica.Ordinal {
			continue
		}
		inUpdate := c != nil || st.StableRevision != st.UpdateRevision || r.Revision != "" && r.Revision != st.UpdateRevision
		msg := msgPod(r.Pod, r.Trouble.Message)
		hint := diagnose.LookCommand(s, r.Ordinal, r.Trouble)
		revision := r.Revision
		if r.Role == Missing {
			revision = s.RevisionFor(r.Ordinal)
		}
		needed := st.updateNeeds(s, r)
		switch {
		case needed && r.Role != Missing:
			msg = sentence(msg, msgBlocksUpdate())
		case rollout != nil && revision != st.UpdateRevision:
			// The forced rollback trap, kubernetes#67250.
			msg = sentence(msg, msgNotReplaced())
		case inUpdate && revision == st.UpdateRevision && sts.StrategyOf(s.Set).HasPartition():
			msg = sentence(msg, msgBlocksUpdate())
		case sts.StrategyOf(s.Set).ReplacesAllAtOnce() && r.Revision != "" && r.Revision != st.UpdateRevision:
			msg = sentence(msg, msgRecreateWaits())
		case sts.StrategyOf(s.Set).ReplacesAllAtOnce() && inUpdate:
			msg = sentence(msg, msgUpdateIncomplete())
		}
		switch {
		case !sts.StrategyOf(s.Set).ReplacesPods() && r.Revision != "" && r.Revision != st.UpdateRevision && !r.Terminating:
			msg = sentence(msg, msgOnDeleteWaits())
			hint = st.replaceCommand(s, r.Ordinal)
		case needed && (c == nil || !c.Aborting):
			hint = st.canary("abort")
		case rollout != nil && (c != nil || rollout.Remedy != diagnose.NoRemedy):
			hint = record.RollBackCommand(s.Set)
		}
		st.say(Stuck, msg, hint)
		return true
	}
	return false
}

// updateNeeds says whether rolling an update back would help the ordinal.
func (st *Status) updateNeeds(s *sts.Snapshot, r ReplicaStatus) bool {
	return r.Trouble != nil && slices.ContainsFunc(s.Replicas(), func(x sts.Replica) bool {
		return x.Ordinal == r.Ordinal && diagnose.UpdateNeeds(s, x, r.Trouble)
	})
}

// replaceCommand is [diagnose.ReplaceCommand] of an ordinal that has a pod.
func (st *Status) replaceCommand(s *sts.Snapshot, o sts.Ordinal) sts.Hint {
	replicas := s.Replicas()
	return diagnose.ReplaceCommand(s, replicas[slices.IndexFunc(replicas, func(r sts.Replica) bool { return r.Ordinal == o })])
}

// scalingUp says whether what is missing is just the top of the range.
func scalingUp(replicas []sts.Replica) bool {
	top := true
	for i := len(replicas) - 1; i >= 0; i-- {
		r := replicas[i]
		if !r.Desired {
			continue
		}
		if r.Pod != nil {
			top = false
		} else if !top {
			return false
		}
	}
	return true
}

// waitingFor names the pod that is waited for, empty for none.
func (st *Status) waitingFor(s *sts.Snapshot, replicas []sts.Replica) string {
	if o, t := waits(s, replicas); t != nil {
		return msgPod(s.Name(o), t.Message)
	}
	return ""
}

// waits is the ordinal that is waited for. Under OrderedReady the controller does nothing above
// the lowest one that is not available, and under Recreate it creates no pod while there is one
// of another revision.
func waits(s *sts.Snapshot, replicas []sts.Replica) (sts.Ordinal, *diagnose.Trouble) {
	var o sts.Ordinal
	var trouble *diagnose.Trouble
	ending := sts.StrategyOf(s.Set).ReplacesAllAtOnce() && slices.ContainsFunc(replicas, func(r sts.Replica) bool { return due(s, r) })
	for _, r := range replicas {
		if ending && !due(s, r) {
			continue
		}
		if t := obstacle(s, r); t != nil {
			o, trouble = r.Ordinal, t
			if !sts.IsParallel(s.Set) {
				break
			}
		}
	}
	return o, trouble
}

// obstacle is why the ordinal is not available, otherwise why its pod cannot be replaced.
func obstacle(s *sts.Snapshot, r sts.Replica) *diagnose.Trouble {
	t := diagnose.Replica(s, r)
	if t == nil || !t.Failing {
		return cmp.Or(diagnose.DeletionRefused(s, r), t)
	}
	return t
}

// hintAtWait hints at the claim or init container that the pod waits for, where there is no
// other hint.
func (st *Status) hintAtWait(s *sts.Snapshot, replicas []sts.Replica) {
	if len(st.Hint) > 0 || st.State != Progressing && st.State != ScalingUp {
		return
	}
	o, t := waits(s, replicas)
	switch i := slices.IndexFunc(replicas, func(r sts.Replica) bool { return r.Ordinal == o }); {
	case t == nil:
	case t.Claim != "" || t.InitContainer != "" || len(t.Fix) > 0:
		st.Hint = diagnose.LookCommand(s, o, t)
	case diagnose.UpdateNeeds(s, replicas[i], t):
		st.Hint = st.ownHint(st.canary("abort"))
	}
}
