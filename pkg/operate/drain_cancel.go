package operate

import (
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// CancelOptions are the options of [NewCancelDrain].
type CancelOptions struct {
	Lock
	Profile *profile.Profile
	Domain  string
}

type cancelDrain CancelOptions

// NewCancelDrain cancels a scale operation that was interrupted. The drain of a member that is
// leaving is reverted if its profile has cancel commands; one that has left cannot be brought back.
func NewCancelDrain(o CancelOptions, _ *sts.Snapshot) Intent { return cancelDrain(o) }

// Next implements [Intent].
func (i cancelDrain) Next(s *sts.Snapshot, f Facts) Decision {
	l := drainLook(s, f)
	if d := i.guards().Require(guard.Always, l); d != nil {
		return *d
	}
	drain := l.drain
	o, pod := leavingPod(s)
	switch {
	case drain == nil && pod != nil:
		return removeFinalizer(pod, o, stepRemoveFinalizerUnknown(pod.Name))
	case drain == nil:
		return decide(Done, ReasonNothingToDo, msgDrainNothingToCancel(), nil)
	}
	effect, hint := "", sts.Hint(nil)
	if drain.Member != nil {
		var d *Decision
		if effect, hint, d = i.undo(s, f, drain); d != nil {
			return *d
		}
		if effect != "" {
			effect = "; " + effect
		}
		if o, pod := leavingPod(s); pod != nil {
			return removeFinalizer(pod, o, stepRemoveFinalizer(pod.Name))
		}
	}
	b := newPatch(s.Set).drop(record.DrainAnnotation, record.OwnerAnnotation)
	if drain.Retention != "" {
		b = b.retention(drain.Retention)
	}
	parked := drain.To == 0 && sts.DesiredReplicas(s.Set) < drain.From
	if drain.To == 0 && !parked {
		b = b.drop(record.ParkedAnnotation)
	}
	end := decide(Done, ReasonScaleCancelled, msgDrainCancelled(drain.Up(), sts.DesiredReplicas(s.Set))+effect, hint)
	end.Drain = drain
	if parked {
		end.Hint = hintDrainUnpark(drain.From, sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, "--unpark"))
	}
	d := do(b.action("ScaleCancelled", stepDrainCancel(drain.Up())), "Cancel")
	d.Then = &end
	return d
}

func (i cancelDrain) guards() setGuards {
	return setGuards{i.lockGuard(), guard.New(deletionGuard.Rule, releaseDeleted), recordGuard}
}

// undo reverts the drain of the member, and returns what that means for it, with a hint if it may be
// undone further; a decision when it cannot be reverted.
func (i cancelDrain) undo(s *sts.Snapshot, f Facts, drain *record.Drain) (effect string, hint sts.Hint, stop *Decision) {
	m, name := drain.Member, s.Name(drain.Member.Ordinal)
	if size := sts.DesiredReplicas(s.Set); !drain.Up() && m.Phase == record.Draining && size <= int32(m.Ordinal-sts.Start(s.Set)) {
		// Nothing can be undone: the pods are removed once this one is.
		return msgDrainCancelScaled(size, s.Name(sts.End(s.Set))), nil, nil
	}
	refuse := func(reason, message string, hint sts.Hint) (string, sts.Hint, *Decision) {
		d := decide(Refused, reason, message, hint)
		return "", nil, &d
	}
	r := replicaAt(s, m.Ordinal)
	here := r.Pod != nil && r.Pod.UID == m.UID
	switch {
	case m.Phase == record.Finishing, drain.Profile == "" && !drain.Up():
		return "", nil, nil
	case hasLeft(s, drain):
		message, hint := msgDrainCancelTooLate(name, drain.Again(s.Set))
		return refuse(ReasonMemberLeft, message, hint)
	case drain.Up() && r.Desired && drain.Profile != "":
		message, hint := msgDrainCancelStays(name, drainCommand(s, int32(m.Ordinal-sts.Start(s.Set))))
		return message, hint, nil
	case drain.Up() && drain.Profile != "":
		return msgDrainCancelKnown(name), nil, nil
	case m.Phase != record.Draining || !here:
		return "", nil, nil
	case strings.HasPrefix(drain.Profile, "--"):
		return msgDrainCancelPartially(name), nil, nil
	case !record.HoldsLeaving(r.Pod) && len(f.Results) == 0:
		return "", nil, nil // nothing was done to it yet
	}
	if i.Profile == nil || i.Profile.Metadata.Name != drain.Profile {
		message, hint := msgDrainCancelProfile(drain.Profile, drain.ProfileArgument())
		return refuse(ReasonScaleInProgress, message, hint)
	}
	h := newHooks(s, f, i.Profile, i.Domain, m)
	if i.Profile.Until != nil {
		switch left, d, no := h.gone("cancel ", true); {
		case d != nil:
			return "", nil, d
		case no != nil && no.unanswered:
			message, hint := msgDrainCancelUnknown(name, no.problem)
			stuck := decide(Stuck, ReasonHookFailed, message, withHint(no.hint, hint))
			return "", nil, &stuck
		case left:
			message, hint := msgDrainCancelTooLate(name, drain.Again(s.Set))
			return refuse(ReasonMemberLeft, message, hint)
		}
	}
	if len(i.Profile.Cancel) == 0 {
		return msgDrainCancelMember(name), nil, nil
	}
	if d := i.acquireLock(s, *drain); d != nil {
		return "", nil, d
	}
	_, _, d, failed := h.section(profile.Cancel, "cancel", true)
	if failed != nil {
		stuck := decide(Stuck, ReasonHookFailed, msgDrainCancelFailed(name, failed.problem), withHint(failed.hint, hintDrainRetry()))
		d = &stuck
	}
	return msgDrainCancelReverted(name), nil, d
}
