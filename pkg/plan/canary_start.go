package plan

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// StartCanary gives the highest ordinals a changed template and leaves the rest alone.
type StartCanary struct {
	Holder
	// Images, Patch, Template and RestartAt are the change; see [StartCanary.edit].
	Images []ImageRequest
	// Patch is a strategic merge patch on the pod template, in JSON.
	Patch json.RawMessage
	// Template is a whole new pod template, in JSON.
	Template json.RawMessage
	// RestartAt is the time to write as kubectl.kubernetes.io/restartedAt.
	RestartAt string
	Canaries  Count
	// From is the lowest ordinal of the canary, instead of Canaries.
	From *sts.Ordinal
	// TemplateDigest is the digest of the new template as the server would store
	// it, from a server-side dry run of the first action.
	TemplateDigest string
	// AcceptAdmission makes what mutating admission changes of the new template part of it.
	AcceptAdmission bool
	// NoWait ends the command when the patch is written.
	NoWait bool
}

// Next implements [Intent].
func (i StartCanary) Next(s *sts.Snapshot, f Facts) Decision {
	if d := firstOf(s, f, i.Holder); d != nil {
		return *d
	}
	c, err := sts.ReadCanary(s.Set)
	if err != nil {
		return decide(Refused, ReasonBadRecord, err.Error(), "repair the annotation, or remove it and finish by hand with kubectl")
	}
	e, d := i.edit(s, c)
	if d != nil {
		return *d
	}
	if c != nil {
		return i.goOn(s, c, e == nil || f.Wrote || c.Asked != "" && c.Asked == i.asked())
	}
	return i.begin(s, f, e)
}

// goOn is the same command run again, or still running.
func (i StartCanary) goOn(s *sts.Snapshot, c *sts.Canary, same bool) Decision {
	if d := unmoved(s, c, i.Holder); d != nil {
		return *d
	}
	// With a goal recorded the start is still under way, whatever the set's size
	// has become meanwhile.
	underWay := c.Goal != nil && c.GoalOf == i.Command
	if c.Aborting || !same || !underWay && sts.UpdateFrom(s.Set) != i.from(s) {
		state := "stands at " + sts.SayOrdinals(updated(s))
		hint := "finish it first: " + canaryCommand(s, "promote", "--full") + ", or " + canaryCommand(s, "abort")
		switch {
		case len(updated(s)) == 0:
			state, hint = "has no pods (the set has "+sts.Count(sts.WantedReplicas(s.Set), "replica")+") and is on its way", canaryCommand(s, "abort")
		case c.Aborting:
			state, hint = "is being aborted", "finish that first: "+canaryCommand(s, "abort")
		}
		return decide(Refused, ReasonCanaryOnItsWay,
			fmt.Sprintf("a canary of statefulset %s %s already", s.Set.Name, state),
			hint)
	}
	if !i.NoWait {
		if d := canaryPods(s); d != nil {
			return *d
		}
	}
	return paused(s, i.NoWait)
}

// paused says where the canary stands when the command ends.
func paused(s *sts.Snapshot, unseen bool) Decision {
	state := "available on the new revision"
	if unseen {
		state = "to get the new revision, not waited for"
	}
	if held := heldBack(s); len(held) > 0 {
		state += "; held back: " + sts.SayOrdinals(held)
	}
	hint := canaryCommand(s, "promote") + ", or " + canaryCommand(s, "abort")
	if len(updated(s)) == 0 {
		return decide(Done, ReasonPaused, "the canary has no pods: the set was scaled down to "+sts.SayOrdinals(heldBack(s))+", which are held back", hint)
	}
	return decide(Done, ReasonPaused, fmt.Sprintf("canary of %s (%s) %s",
		sts.Count(len(updated(s)), "pod"), sts.SayOrdinals(updated(s)), state), hint)
}

func (i StartCanary) from(s *sts.Snapshot) sts.Ordinal {
	if i.From != nil {
		return *i.From
	}
	return sts.End(s.Set) - sts.Ordinal(i.Canaries.Of(sts.WantedReplicas(s.Set)))
}

// asked tells one request of a new template from another where admission changes the template,
// so that it does not show what was asked for. A restart has no other time than its own.
func (i StartCanary) asked() string {
	if !i.AcceptAdmission {
		return ""
	}
	return sts.Digest(struct {
		Images          []ImageRequest
		Patch, Template json.RawMessage
		Restart         bool
	}{i.Images, i.Patch, i.Template, i.RestartAt != ""})
}

func (i StartCanary) begin(s *sts.Snapshot, f Facts, e *edit) Decision {
	replicas := sts.WantedReplicas(s.Set)
	if what := inFlight(s); what != "" {
		return decide(Refused, ReasonUpdateOnItsWay,
			fmt.Sprintf("an update of statefulset %s is on its way: %s", s.Set.Name, what),
			finishUpdate(s))
	}
	if e == nil {
		return decide(Done, ReasonNothingToDo, "nothing to change: statefulset "+s.Set.Name+" has this template already", "")
	}
	if replicas == 0 {
		return decide(Refused, ReasonParked, "statefulset "+s.Set.Name+" is parked at 0 replicas: there is no pod to try anything on",
			"scale it up first, or change the template directly")
	}
	if i.From != nil && !sts.Wants(s.Set, *i.From) {
		return *noOrdinal(s, *i.From)
	}
	if n := i.Canaries.Of(replicas); i.From == nil && n > replicas {
		return decide(Refused, ReasonBadRequest,
			fmt.Sprintf("%d canaries are more than the %d replicas of statefulset %s", n, replicas, s.Set.Name), "ask for fewer with --canaries")
	}
	if d := i.unmanaged(s, sts.FieldTemplate, sts.FieldPartition); d != nil {
		return *d
	}
	if d := mayDisrupt(s, f, sts.End(s.Set)-1, Refused); d != nil {
		return *d
	}
	stable := s.Revision(s.Set.Status.UpdateRevision)
	if stable == nil {
		return notSeen(s.Set.Status.UpdateRevision) // the way back could not be recorded
	}
	template, err := sts.RevisionTemplate(stable)
	if err != nil {
		return decide(Refused, ReasonRevisionGone, err.Error(), "")
	}
	from := i.from(s)
	to := sts.PartitionAt(s.Set, from)
	b := e.apply(newPatch(s.Set)).partition(to).owner(i.Owner)
	b.p.AcceptAdmission = i.AcceptAdmission
	b = b.canary(sts.Canary{
		StableRevision: stable.Name, StableTemplate: template,
		PartitionBefore: sts.Partition(s.Set), Partition: to, Replicas: &replicas,
		TemplateDigest: cmp.Or(f.StoredTemplate, i.TemplateDigest), StartedBy: i.Name, StartedAt: s.TakenAt, Goal: &from, GoalOf: i.Command,
		Asked: i.asked(),
	})
	canaries := ordinalRange(from, sts.End(s.Set))
	why := fmt.Sprintf("start a canary on %s: %s", sts.SayOrdinals(canaries), e.what())
	return do(b.action("CanaryStarted", why), "Start")
}
