package plan

import (
	"fmt"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/profile"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// CancelDrain stops a change of size that was interrupted. A member that is leaving is
// called back where its profile knows how; one that has left cannot be.
type CancelDrain struct {
	Holder
	Profile *profile.Profile
	Domain  string
}

// Next implements [Intent].
func (i CancelDrain) Next(s *sts.Snapshot, f Facts) Decision {
	if d := i.guard(s, f); d != nil {
		return *d
	}
	if s.Set.DeletionTimestamp != nil {
		return deleted(s)
	}
	record, err := sts.ReadDrain(s.Set)
	o, held := heldPod(s)
	switch {
	case err != nil:
		return badRecord(err)
	case record == nil && held != nil:
		return letGo(held, o, "hold "+held.Name+" no longer; it may have left its cluster half-way: see to it")
	case record == nil:
		return decide(Done, ReasonNothingToDo, "nothing to cancel: no change of size of statefulset "+s.Set.Name+" is on its way", "")
	}
	called := ""
	if record.Member != nil {
		var d *Decision
		if called, d = i.undo(s, f, record); d != nil {
			return *d
		}
		if o, held := heldPod(s); held != nil {
			return letGo(held, o, "hold "+held.Name+" no longer"+called)
		}
	}
	b := newPatch(s.Set).drop(sts.DrainAnnotation, sts.OwnerAnnotation)
	if record.Retention != "" {
		b = b.retention(record.Retention)
	}
	parked := record.To == 0 && sts.WantedReplicas(s.Set) < record.From
	if record.To == 0 && !parked {
		b = b.drop(sts.ParkedAnnotation)
	}
	end := decide(Done, ReasonScaleCancelled, fmt.Sprintf("the change of size of statefulset %s is cancelled at %s%s",
		s.Set.Name, sts.Count(sts.WantedReplicas(s.Set), "replica"), called), "")
	end.Drain = record
	if parked {
		end.Hint = "back to " + sts.Count(record.From, "replica") + ": " + sts.Kubectl(s.Set.Namespace, "sts drain-scale", s.Set.Name, "--unpark")
	}
	d := do(b.action("ScaleCancelled", "cancel the change of size"+called), "Cancel")
	d.Then = &end
	return d
}

// undo calls the member on its way back, and says so; a decision when that cannot be.
func (i CancelDrain) undo(s *sts.Snapshot, f Facts, record *sts.Drain) (string, *Decision) {
	m, name := record.Member, s.Name(record.Member.Ordinal)
	if size := sts.WantedReplicas(s.Set); !record.Up() && m.Phase == sts.Draining && size <= int32(m.Ordinal-sts.Start(s.Set)) {
		// Nothing that we can undo: the pods go once this one does.
		return fmt.Sprintf("; somebody has scaled to %s meanwhile: %s and what is above that go without leaving their cluster",
			sts.Count(size, "replica"), s.Name(sts.End(s.Set))), nil
	}
	refuse := func(reason, message, hint string) (string, *Decision) {
		d := decide(Refused, reason, message, hint)
		return "", &d
	}
	finish := "finish: " + record.Again(s.Set)
	r := replicaAt(s, m.Ordinal)
	here := r.Pod != nil && r.Pod.UID == m.UID
	switch {
	case m.Phase == sts.Finishing, record.Profile == "" && !record.Up():
		return "", nil
	case m.Phase == sts.Removing && (here || !r.Desired):
		return refuse(ReasonMemberLeft, name+" has left its cluster already: its pod must not go on as a member", finish)
	case record.Up() && r.Desired && record.Profile != "":
		return fmt.Sprintf("; %s stays as it is, and %s takes it out again", name, drainCommand(s, int32(m.Ordinal-sts.Start(s.Set)))), nil
	case record.Up() && record.Profile != "":
		return "; its cluster may know of " + name + " already: see to it", nil
	case m.Phase != sts.Draining || !here:
		return "", nil
	case strings.HasPrefix(record.Profile, "--"):
		return "; " + name + " may have left its cluster half-way: see to it", nil
	case !sts.HoldsLeaving(r.Pod) && len(f.Answers) == 0:
		return "", nil // nothing was done to it yet
	}
	if i.Profile == nil || i.Profile.Metadata.Name != record.Profile {
		return refuse(ReasonScaleOnItsWay, "the scale-down was begun with the profile "+record.Profile, "give the same: --profile "+record.ProfileArgument())
	}
	h := newHooks(s, f, i.Profile, i.Domain, m)
	if i.Profile.Until != nil {
		switch left, d, no := h.gone("cancel ", true); {
		case d != nil:
			return "", d
		case no != nil && no.unanswered:
			stuck := decide(Stuck, ReasonHookFailed, fmt.Sprintf("nobody can say whether %s has left its cluster: %s", name, no.problem), cmpHint(no.hint, "the same command asks again"))
			return "", &stuck
		case left:
			return refuse(ReasonMemberLeft, name+" has left its cluster already: its pod must not go on as a member", finish)
		}
	}
	if len(i.Profile.Cancel) == 0 {
		return "; " + name + " has not left its cluster", nil
	}
	if d := i.take(s, *record); d != nil {
		return "", d
	}
	_, _, d, failed := h.section(profile.Cancel, "cancel", true)
	if failed != nil {
		stuck := decide(Stuck, ReasonHookFailed, fmt.Sprintf("%s could not be called back: %s", name, failed.problem), cmpHint(failed.hint, "the same command tries again"))
		d = &stuck
	}
	return "; " + name + " was called back", d
}
