package operate

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/operate/guard"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// StartOptions are the options of [NewStartCanary].
type StartOptions struct {
	Lock
	// Images, Patch, Template and RestartAt are the change.
	Images []ImageRequest
	// Patch is a strategic merge patch on the pod template, in JSON.
	Patch json.RawMessage
	// Template is a whole new pod template, in JSON.
	Template json.RawMessage
	// RestartAt is the time to write as kubectl.kubernetes.io/restartedAt.
	RestartAt string
	Canaries  intstr.IntOrString
	// From is the lowest ordinal of the canary, instead of Canaries.
	From *sts.Ordinal
	// AcceptAdmission makes the changes of mutating admission part of the new template.
	AcceptAdmission bool
	// NoWait ends the command as soon as the patch is written.
	NoWait bool
}

type startCanary StartOptions

// NewStartCanary gives the highest ordinals a changed template and leaves the rest alone.
func NewStartCanary(o StartOptions, _ *sts.Snapshot) Intent { return startCanary(o) }

// Next implements [Intent].
func (i startCanary) Next(s *sts.Snapshot, f Facts) Decision {
	l, gs := recordLook(s, f), i.guards()
	if d := gs.Require(guard.Always, l); d != nil {
		return *d
	}
	e, d := i.edit(s, l.canary)
	if d != nil {
		return *d
	}
	l.edit = e
	when, next := guard.BeforeStart, i.begin
	if l.canary != nil {
		when, next = guard.InProgress, i.resume
	}
	if d := gs.Require(when, l.before(sts.End(s.Set)-1)); d != nil {
		return *d
	}
	return next(l)
}

func (i startCanary) guards() setGuards {
	return append(i.updateGuards(),
		recordGuard,
		i.undisturbedGuard().At(guard.InProgress),
		abortGuard.At(guard.InProgress),
		guard.New(guard.NewRule("other canary", "refuses while a canary that another command has started is in progress", guard.InProgress), i.requireOwnCanary),
		guard.New(guard.NewRule("update", "refuses while an update is in progress", guard.BeforeStart), requireNoUpdate),
		guard.New(changeRule, requireChange),
		guard.New(sizeRule.At(guard.BeforeStart), requireStartableSize),
		guard.New(ordinalRule, i.requireOrdinals),
		i.managedGuard(sts.FieldTemplate, sts.FieldPartition),
		// One patch starts all canaries, so this is checked once.
		availableGuard(Refused).At(guard.BeforeStart),
		budgetsGuard.At(guard.BeforeStart),
	)
}

// requireOwnCanary refuses when the canary in progress is not the one that the command asks for.
func (i startCanary) requireOwnCanary(l look) *Decision {
	s, c := l.s, l.canary
	same := l.edit == nil || l.f.Wrote || c.Asked != "" && c.Asked == i.asked()
	// With a goal recorded the start is still in progress, whatever the set's size is now.
	underWay := c.Goal != nil && c.GoalOf == i.Command
	if same && (underWay || sts.UpdateFrom(s.Set) == i.from(s)) {
		return nil
	}
	d := decide(Refused, ReasonCanaryOnItsWay, msgCanaryStartedBefore(s.Set.Name, updated(s), sts.DesiredReplicas(s.Set)),
		hintCanaryStartedBefore(updated(s), canaryCommand(s, "promote", "--full"), canaryCommand(s, "abort")))
	return &d
}

func requireNoUpdate(l look) *Decision {
	what := inFlight(l.s)
	if what == "" {
		return nil
	}
	d := decide(Refused, ReasonUpdateOnItsWay, msgUpdateInProgress(l.s.Set.Name, what), finishUpdate(l.s))
	return &d
}

// requireChange ends the command when the template would stay as it is.
func requireChange(l look) *Decision {
	if l.edit != nil {
		return nil
	}
	d := decide(Done, ReasonNothingToDo, msgTemplateUnchanged(), nil)
	return &d
}

func requireStartableSize(l look) *Decision {
	if sts.DesiredReplicas(l.s.Set) > 0 {
		return nil
	}
	message, hint := msgStartParked(l.s.Set.Name)
	d := decide(Refused, ReasonParked, message, hint)
	return &d
}

// requireOrdinals refuses canaries that the set has no ordinals for.
func (i startCanary) requireOrdinals(l look) *Decision {
	replicas := sts.DesiredReplicas(l.s.Set)
	n := CountOf(i.Canaries, replicas)
	switch {
	case i.From != nil && !sts.Wants(l.s.Set, *i.From):
		return refuseOrdinal(l.s, *i.From)
	case i.From == nil && n > replicas:
		return badRequest(msgTooManyCanaries(l.s.Set.Name, n, replicas))
	}
	return nil
}

// resume is for the same command, rerun or still running.
func (i startCanary) resume(l look) Decision {
	if !i.NoWait {
		if d := requireCanaryPods(l.s); d != nil {
			return *d
		}
	}
	return donePaused(l.s, msgCanaryStarted(updated(l.s), belowPartition(l.s), !i.NoWait))
}

// donePromoted is the end of a promotion that leaves ordinals below the partition.
func donePromoted(s *sts.Snapshot) Decision {
	return donePaused(s, msgCanaryPromoted(updated(s), belowPartition(s)))
}

// donePaused is the end of a command that leaves the canary in progress.
func donePaused(s *sts.Snapshot, message string) Decision {
	if len(updated(s)) == 0 {
		message = msgCanaryWithoutPods(belowPartition(s))
	}
	return decide(Done, ReasonPaused, message, hintCanaryPaused(canaryCommand(s, "promote"), canaryCommand(s, "abort")))
}

func (i startCanary) from(s *sts.Snapshot) sts.Ordinal {
	if i.From != nil {
		return *i.From
	}
	return sts.End(s.Set) - sts.Ordinal(CountOf(i.Canaries, sts.DesiredReplicas(s.Set)))
}

// asked identifies the request for a new template where admission changes the template, so that
// the template itself does not show the request. The time of a restart is left out: it differs
// in every run.
func (i startCanary) asked() string {
	if !i.AcceptAdmission {
		return ""
	}
	return sts.Digest(struct {
		Images          []ImageRequest
		Patch, Template json.RawMessage
		Restart         bool
	}{i.Images, i.Patch, i.Template, i.RestartAt != ""})
}

func (i startCanary) begin(l look) Decision {
	s, f, e := l.s, l.f, l.edit
	stable := s.Revision(s.Set.Status.UpdateRevision)
	if stable == nil {
		return waitForRevision(s.Set.Status.UpdateRevision) // the stable template could not be recorded
	}
	template, err := sts.RevisionTemplate(stable)
	if err != nil {
		return decide(Refused, ReasonRevisionGone, err.Error(), nil)
	}
	from, replicas := i.from(s), sts.DesiredReplicas(s.Set)
	to := sts.PartitionAt(s.Set, from)
	b := e.apply(newPatch(s.Set)).partition(to).owner(i.Owner)
	b.p.AcceptAdmission = i.AcceptAdmission
	b = b.canary(record.Canary{
		StableRevision: stable.Name, StableTemplate: template,
		PartitionBefore: sts.Partition(s.Set), Partition: to, Replicas: &replicas,
		TemplateDigest: f.StoredTemplate, StartedBy: i.Name, StartedAt: s.TakenAt, Goal: &from, GoalOf: i.Command,
		Asked: i.asked(),
	})
	canaries := ordinalRange(from, sts.End(s.Set))
	return do(b.action("CanaryStarted", stepStart(canaries, e.what())), "Start")
}
