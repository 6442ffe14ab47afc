package operate

import (
	"cmp"
	"encoding/json"

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
	// AcceptAdmission makes the changes of mutating admission part of the new template.
	AcceptAdmission bool
	// NoWait ends the command as soon as the patch is written.
	NoWait bool
}

// Next implements [Intent].
func (i StartCanary) Next(s *sts.Snapshot, f Facts) Decision {
	if d := firstOf(s, f, i.Holder); d != nil {
		return *d
	}
	c, err := sts.ReadCanary(s.Set)
	if err != nil {
		return badRecord(err)
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

// goOn is for the same command, rerun or still running.
func (i StartCanary) goOn(s *sts.Snapshot, c *sts.Canary, same bool) Decision {
	if d := unmoved(s, c, i.Holder); d != nil {
		return *d
	}
	// With a goal recorded the start is still in progress, whatever the set's size is now.
	underWay := c.Goal != nil && c.GoalOf == i.Command
	if c.Aborting || !same || !underWay && sts.UpdateFrom(s.Set) != i.from(s) {
		if c.Aborting {
			return beingAborted(s)
		}
		return decide(Refused, ReasonCanaryOnItsWay, msgCanaryStartedBefore(s.Set.Name, updated(s), sts.DesiredReplicas(s.Set)),
			hintCanaryStartedBefore(updated(s), canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort")))
	}
	if !i.NoWait {
		if d := canaryPods(s); d != nil {
			return *d
		}
	}
	return paused(s, msgCanaryStarted(updated(s), heldBack(s), !i.NoWait))
}

// promoted is the end of a promotion that leaves ordinals below the partition.
func promoted(s *sts.Snapshot) Decision {
	return paused(s, msgCanaryPromoted(updated(s), heldBack(s)))
}

// paused is the end of a command that leaves the canary in progress.
func paused(s *sts.Snapshot, message string) Decision {
	if len(updated(s)) == 0 {
		message = msgCanaryWithoutPods(heldBack(s))
	}
	return decide(Done, ReasonPaused, message, hintCanaryPaused(canaryCommand(s, "promote"), canaryCommand(s, "abort")))
}

func (i StartCanary) from(s *sts.Snapshot) sts.Ordinal {
	if i.From != nil {
		return *i.From
	}
	return sts.End(s.Set) - sts.Ordinal(i.Canaries.Of(sts.DesiredReplicas(s.Set)))
}

// asked identifies the request for a new template where admission changes the template, so that
// the template itself does not show the request. The time of a restart is left out: it differs
// in every run.
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
	replicas := sts.DesiredReplicas(s.Set)
	if what := inFlight(s); what != "" {
		return decide(Refused, ReasonUpdateOnItsWay, msgUpdateInProgress(s.Set.Name, what), finishUpdate(s))
	}
	if e == nil {
		return decide(Done, ReasonNothingToDo, msgTemplateUnchanged(), nil)
	}
	if replicas == 0 {
		message, hint := msgStartParked(s.Set.Name)
		return decide(Refused, ReasonParked, message, hint)
	}
	if i.From != nil && !sts.Wants(s.Set, *i.From) {
		return *noOrdinal(s, *i.From)
	}
	if n := i.Canaries.Of(replicas); i.From == nil && n > replicas {
		return *badRequest(msgTooManyCanaries(s.Set.Name, n, replicas))
	}
	if d := i.unmanaged(s, sts.FieldTemplate, sts.FieldPartition); d != nil {
		return *d
	}
	if d := mayDisrupt(s, f, sts.End(s.Set)-1, Refused); d != nil {
		return *d
	}
	stable := s.Revision(s.Set.Status.UpdateRevision)
	if stable == nil {
		return notSeen(s.Set.Status.UpdateRevision) // the stable template could not be recorded
	}
	template, err := sts.RevisionTemplate(stable)
	if err != nil {
		return decide(Refused, ReasonRevisionGone, err.Error(), nil)
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
	return do(b.action("CanaryStarted", stepStart(canaries, e.what())), "Start")
}
