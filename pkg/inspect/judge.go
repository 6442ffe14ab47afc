package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// judge finds the state and says in one sentence what is going on.
func (st *Status) judge(s *sts.Snapshot, c *sts.Canary, drain *sts.Drain, replicas []sts.Replica) {
	set := s.Set
	leaving := st.ordinals(func(r ReplicaStatus) bool { return r.Role == Leaving })
	missing := st.ordinals(func(r ReplicaStatus) bool { return r.Role == Missing })
	switch {
	case set.DeletionTimestamp != nil:
		st.say(Deleting, fmt.Sprintf("being deleted, %s left", sts.Count(len(s.Pods), "pod")), "")
	case s.StrategyRefused() && st.AvailableReplicas < st.WantedReplicas, s.StrategyRefused() && !sts.Observed(set):
		st.say(Stuck, "stuck: "+sts.StrategyIsRefused, sts.StrategyRefusedHint)
	case !sts.Observed(set):
		st.say(Progressing, "the StatefulSet controller has not yet seen the last change", "")
	case st.stuck(s, c):
		if st.Drain != nil {
			st.Message = sentence(st.Message, st.Drain.sentence(s))
		}
	case st.Drain != nil:
		st.judgeDrain(s, drain)
	case len(leaving) > 0:
		st.say(ScalingDown, fmt.Sprintf("scaling down: %s leaving", sts.SayOrdinals(leaving)), "")
	case st.WantedReplicas == 0 && st.ParkedReplicas != nil:
		st.say(Parked, fmt.Sprintf("parked, comes back to %s", sts.Count(*st.ParkedReplicas, "replica")),
			st.ownHint(sts.Kubectl(st.Namespace, "sts drain-scale", st.Name, "--unpark")))
	case st.WantedReplicas == 0:
		st.say(Parked, "parked at 0 replicas", "")
	case len(missing) > 0 && c == nil && st.StableRevision == st.UpdateRevision && scalingUp(replicas):
		st.say(ScalingUp, fmt.Sprintf("scaling up: %s still to come%s", sts.SayOrdinals(missing), st.waitingFor(s, replicas)), "")
	case c != nil && c.Aborting:
		why := ""
		if c.AbortedFor != "" {
			why = " because a gate failed (" + c.AbortedFor + ")"
		}
		st.say(Progressing, "going back to the stable revision "+c.StableRevision+why+st.waitingFor(s, replicas),
			st.ownHint(st.canary("abort")+" goes on with it"))
	default:
		st.judgeRollout(s, c, replicas)
	}
	st.hintAtWait(s, replicas)
	st.judgeScaling(c)
	st.judgeDisturbance(s, c)
}

// judgeScaling adds that the set was scaled during a canary: ordinals that came at
// the top run the canary's revision, whatever was asked for at its start.
func (st *Status) judgeScaling(c *sts.Canary) {
	if c == nil || c.Replicas == nil || *c.Replicas == st.WantedReplicas {
		return
	}
	what := fmt.Sprintf("scaled from %d to %d meanwhile", *c.Replicas, st.WantedReplicas)
	var came []sts.Ordinal
	for _, o := range st.Canary.Ordinals {
		if o >= st.StartOrdinal+sts.Ordinal(*c.Replicas) {
			came = append(came, o)
		}
	}
	if len(came) > 0 && !c.Aborting {
		what += ": " + sts.SayOrdinals(came) + " came up on the canary"
	}
	st.Message = sentence(st.Message, what)
}

// judgeDisturbance adds who has changed the spec under a canary: then promote
// refuses, and the hint must not send people there.
func (st *Status) judgeDisturbance(s *sts.Snapshot, c *sts.Canary) {
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
		st.Hint = st.ownHint(st.canary("promote", "--take-over") + ", or " + st.canary("abort"))
	default:
		st.Hint = st.ownHint(st.canary("abort"))
	}
}

// judgeRestart adds a restart that is on its way, and how it goes on where nobody
// is at work.
func (st *Status) judgeRestart(s *sts.Snapshot, r *sts.Restart) {
	if r == nil {
		return
	}
	done, left := r.Split(s)
	st.Restart = &RestartStatus{Done: append([]sts.Ordinal{}, done...), Left: append([]sts.Ordinal{}, left...),
		Command: r.Command, StartedBy: r.StartedBy, StartedAt: metav1.NewTime(r.StartedAt)}
	what := sts.SayOrdinals(left) + " still to restart"
	if len(left) == 0 {
		what = "the restart's record is left"
	}
	st.Message = sentence(st.Message, what)
	if st.Hint == "" {
		st.Hint = st.ownHint(r.Again(s.Set))
	}
}

// judgeClaims puts claims at risk before everything else: whatever the set is doing, the next
// restart of such a pod takes the data with it.
func (st *Status) judgeClaims(s *sts.Snapshot, replicas []sts.Replica) {
	if st.State == Deleting {
		return
	}
	var risks []sts.ClaimRisk
	var rescued []string
	var pods []sts.Ordinal
	for _, r := range replicas {
		found := s.ClaimRisks(r)
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
		text := "claim %s is being deleted, and its volume keeps the data: bring it back with pvc-gc undo when its pods have ended"
		if len(rescued) > 1 {
			text = "claims %s are being deleted, and their volumes keep the data: bring them back with pvc-gc undo when their pods have ended"
		}
		st.Message = sentence(st.Message, fmt.Sprintf(text, sayFew(rescued)))
		if st.Hint == "" {
			st.Hint = sts.Kubectl(st.Namespace, "sts pvc-gc undo", rescued[0])
		}
	}
	if len(risks) == 0 {
		return
	}
	message := fmt.Sprintf("do not restart %s: %s", sts.SayOrdinals(pods), risks[0].Message)
	if n := len(sts.RiskClaims(risks)); n > 1 {
		message += fmt.Sprintf(" (%d claims are at risk)", n)
	}
	if st.State != Complete {
		message = sentence(message, st.Message)
	}
	hint := sts.RescueCommand(st.Namespace, risks)
	if hint == "" {
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

func (st *Status) say(state State, message, hint string) {
	st.State, st.Message, st.Hint = state, message, hint
}

// canary is a command for a hint.
func (st *Status) canary(verb string, flags ...string) string {
	return sts.Kubectl(st.Namespace, append([]string{"sts canary", verb, st.Name}, flags...)...)
}

// ownHint gives a hint only while no command is at work on the set.
func (st *Status) ownHint(hint string) string {
	if st.Owner != nil {
		return ""
	}
	return hint
}

// judgeRollout tells an update that is on its way from one that is held back, and
// both from none.
func (st *Status) judgeRollout(s *sts.Snapshot, c *sts.Canary, replicas []sts.Replica) {
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
	done := fmt.Sprintf("%d of %s updated", st.UpdatedReplicas, sts.Count(int(st.WantedReplicas), "pod"))
	canary := st.Canary != nil && len(st.Canary.Ordinals) > 0
	subject := ""
	if canary {
		subject = fmt.Sprintf("canary of %s (%s)", sts.Count(len(st.Canary.Ordinals), "pod"), sts.SayOrdinals(st.Canary.Ordinals))
	}
	switch {
	case len(replaced) > 0:
		st.say(Progressing, "updating, "+done+st.waitingFor(s, replicas), "")
	case len(unavailable) > 0 && canary:
		st.say(Progressing, subject+st.waitingFor(s, replicas), "")
	case len(unavailable) > 0 && (len(held) > 0 || st.StableRevision != st.UpdateRevision):
		st.say(Progressing, "updating, "+done+st.waitingFor(s, replicas), "")
	case len(unavailable) > 0:
		st.say(Progressing, fmt.Sprintf("%d of %d pods available", st.AvailableReplicas, st.WantedReplicas)+st.waitingFor(s, replicas), "")
	case len(held) > 0 && !sts.IsRollingUpdate(s.Set):
		st.say(Paused, fmt.Sprintf("%s: the new template waits for the pods of %s to be deleted",
			s.Set.Spec.UpdateStrategy.Type, sts.SayOrdinals(held)), st.replaceCommand(s, slices.Max(held)))
	case canary && st.Canary.Auto != nil:
		st.say(Progressing, subject+" healthy, promoting itself: "+st.Canary.Auto.waiting(s.TakenAt), "")
	case len(held) > 0 && canary:
		said, hint := " healthy, waiting to be promoted", st.canary("promote")+", or "+st.canary("abort")
		if c != nil && c.Paused {
			said = " healthy, the update is paused"
			hint = sts.Kubectl(st.Namespace, "sts resume", st.Name) + ", or " + hint
		}
		st.say(Paused, subject+said, st.ownHint(hint))
	case len(held) > 0:
		st.say(Paused, fmt.Sprintf("the partition holds back %s", sts.SayOrdinals(held)),
			st.ownHint(st.canary("promote")))
	case c != nil && st.StableRevision == st.UpdateRevision:
		st.say(Paused, "every ordinal is on the stable revision; the canary's record is left",
			st.ownHint(st.canary("abort")))
	case c != nil:
		st.say(Paused, "every ordinal runs the canary, which is not finished yet",
			st.ownHint(st.canary("promote", "--full")))
	case (sts.IsRollingUpdate(s.Set) || sts.IsRecreate(s.Set)) && s.Set.Status.CurrentRevision != st.UpdateRevision:
		st.say(Progressing, "updated, the StatefulSet controller is finishing", "")
	default:
		all := "all " + sts.Count(int(st.WantedReplicas), "pod")
		if st.WantedReplicas == 1 {
			all = "1 pod"
		}
		st.say(Complete, fmt.Sprintf("%s available on %s", all, st.UpdateRevision), "")
	}
}

// stuck says so when a wanted ordinal is failing, and not on its way out: see
// [sts.Trouble].
func (st *Status) stuck(s *sts.Snapshot, c *sts.Canary) bool {
	trap := s.Trap()
	for _, r := range st.Replicas {
		if r.Trouble == nil || !r.Trouble.Failing || st.Drain.leaves(s, r.Ordinal) || trap != nil && r.Ordinal != trap.Replica.Ordinal {
			continue
		}
		inUpdate := c != nil || st.StableRevision != st.UpdateRevision || r.Revision != "" && r.Revision != st.UpdateRevision
		msg := "stuck: " + r.Pod + " " + r.Trouble.Message
		hint := s.LookCommand(r.Ordinal, r.Trouble)
		revision := r.Revision
		if r.Role == Missing {
			revision = s.RevisionFor(r.Ordinal)
		}
		needed := st.updateNeeds(s, r)
		switch {
		case needed && r.Role != Missing:
			msg = sentence(msg, "it blocks the update")
		case trap != nil && revision != st.UpdateRevision:
			// The forced rollback trap, kubernetes#67250.
			msg = sentence(msg, "the template has moved on, but Kubernetes does not replace a pod that never got ready")
		case inUpdate && revision == st.UpdateRevision && sts.IsRollingUpdate(s.Set):
			msg = sentence(msg, "it blocks the update")
		case sts.IsRecreate(s.Set) && r.Revision != "" && r.Revision != st.UpdateRevision:
			msg = sentence(msg, "Recreate creates no pod of the new revision before it has ended")
		case sts.IsRecreate(s.Set) && inUpdate:
			msg = sentence(msg, "the update is not complete before it is ready")
		}
		switch {
		case sts.IsOnDelete(s.Set) && r.Revision != "" && r.Revision != st.UpdateRevision && !r.Terminating:
			msg = sentence(msg, "OnDelete leaves it on its revision until it is deleted")
			hint = st.replaceCommand(s, r.Ordinal)
		case needed && (c == nil || !c.Aborting), trap != nil && c != nil:
			hint = st.canary("abort")
		case trap != nil && trap.Cure != sts.NoCure:
			hint = sts.Kubectl(st.Namespace, "sts unstick", st.Name)
		}
		st.say(Stuck, msg, hint)
		return true
	}
	return false
}

// updateNeeds says whether taking an update back would help the ordinal.
func (st *Status) updateNeeds(s *sts.Snapshot, r ReplicaStatus) bool {
	return r.Trouble != nil && slices.ContainsFunc(s.Replicas(), func(x sts.Replica) bool {
		return x.Ordinal == r.Ordinal && s.UpdateNeeds(x, r.Trouble)
	})
}

// replaceCommand is [sts.Snapshot.ReplaceCommand] of an ordinal that has a pod.
func (st *Status) replaceCommand(s *sts.Snapshot, o sts.Ordinal) string {
	replicas := s.Replicas()
	return s.ReplaceCommand(replicas[slices.IndexFunc(replicas, func(r sts.Replica) bool { return r.Ordinal == o })])
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

// waitingFor names the pod that is waited for.
func (st *Status) waitingFor(s *sts.Snapshot, replicas []sts.Replica) string {
	if o, t := waits(s, replicas); t != nil {
		return "; " + s.Name(o) + " " + t.Message
	}
	return ""
}

// waits is the ordinal that is waited for. Under OrderedReady the controller does nothing above
// the lowest one that is not available, and under Recreate it creates no pod while there is one
// of another revision.
func waits(s *sts.Snapshot, replicas []sts.Replica) (sts.Ordinal, *sts.Trouble) {
	var o sts.Ordinal
	var trouble *sts.Trouble
	ending := sts.IsRecreate(s.Set) && slices.ContainsFunc(replicas, func(r sts.Replica) bool { return due(s, r) })
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

// obstacle is why the ordinal is not available, or else why its pod cannot be replaced.
func obstacle(s *sts.Snapshot, r sts.Replica) *sts.Trouble {
	t := s.Trouble(r)
	if t == nil || !t.Failing {
		return cmp.Or(s.DeletionRefused(r), t)
	}
	return t
}

// hintAtWait hints at the claim or init container that the pod waits for, where nothing else
// is to be done.
func (st *Status) hintAtWait(s *sts.Snapshot, replicas []sts.Replica) {
	if st.Hint != "" || st.State != Progressing && st.State != ScalingUp {
		return
	}
	o, t := waits(s, replicas)
	switch i := slices.IndexFunc(replicas, func(r sts.Replica) bool { return r.Ordinal == o }); {
	case t == nil:
	case t.Claim != "" || t.InitContainer != "" || t.Fix != "":
		st.Hint = s.LookCommand(o, t)
	case s.UpdateNeeds(replicas[i], t):
		st.Hint = st.ownHint(st.canary("abort"))
	}
}
