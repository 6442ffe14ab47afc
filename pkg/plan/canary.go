package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
)

// Count is how many ordinals a canary takes: a number, or a percentage of the
// replicas that rounds up, as kubectl-sts writes it on the command line.
type Count struct {
	N       int32
	Percent bool
}

// ParseCount reads "2" or "20%".
func ParseCount(s string) (Count, error) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 1 || percent && n > 100 {
		return Count{}, fmt.Errorf("%q is not a number of canaries: write 1 or more, or a percentage like 20%%", s)
	}
	return Count{N: int32(n), Percent: percent}, nil
}

// Of is the count for a set of that many replicas.
func (c Count) Of(replicas int32) int32 {
	if !c.Percent {
		return c.N
	}
	return int32((int64(c.N)*int64(replicas) + 99) / 100)
}

// canaryRecord reads the record, or derives one from an update that somebody
// began without kubectl sts and that is still on its way: nil when there is
// neither.
func canaryRecord(s *sts.Snapshot) (c *sts.Canary, derived bool, d *Decision) {
	c, err := sts.ReadCanary(s.Set)
	if err != nil {
		r := badRecord(err)
		return nil, false, &r
	}
	if c != nil || inFlight(s) == "" {
		return c, false, nil
	}
	// Where both are the same and pods still run something else, the template has
	// been restored already and only the pods are to follow.
	stable := s.Revision(s.Set.Status.CurrentRevision)
	if stable == nil {
		return nil, false, revisionGone(s, s.Set.Status.CurrentRevision)
	}
	template, err := sts.RevisionTemplate(stable)
	if err != nil {
		d := revisionGone(s, stable.Name)
		d.Message += ": " + err.Error()
		return nil, false, d
	}
	replicas := sts.WantedReplicas(s.Set)
	startedBy, startedAt := sts.ChangedBy(s.Set, template)
	if startedAt.IsZero() {
		startedAt = s.TakenAt
	}
	return &sts.Canary{
		StableRevision: stable.Name, StableTemplate: template, Replicas: &replicas,
		// What stood before is unknown: the present partition is left at the end.
		PartitionBefore: sts.Partition(s.Set), Partition: sts.Partition(s.Set),
		Generation: s.Set.Generation, TemplateDigest: sts.TemplateDigest(&s.Set.Spec.Template),
		StartedBy: startedBy, StartedAt: startedAt,
	}, true, nil
}

// badRecord refuses to guess what a record that cannot be read may say.
func badRecord(err error) Decision {
	return decide(Refused, ReasonBadRecord, err.Error(), "repair the annotation, or remove it and finish by hand with kubectl")
}

// revisionGone refuses to guess a pod template that nobody remembers.
func revisionGone(s *sts.Snapshot, revision string) *Decision {
	ns := s.Set.Namespace
	d := decide(Refused, ReasonRevisionGone,
		fmt.Sprintf("an update of statefulset %s is on its way, but the revision %s that it came from is gone from history and nobody has recorded its template", s.Set.Name, revision),
		fmt.Sprintf("put a template that works there yourself: %s, or %s with one that %s lists; when a failing pod then blocks it: %s",
			sts.Kubectl(ns, "apply -f OLD.yaml"), sts.Kubectl(ns, "rollout undo sts/"+s.Set.Name, "--to-revision=N"),
			sts.Kubectl(ns, "sts history", s.Set.Name), sts.Kubectl(ns, "sts unstick", s.Set.Name)))
	return &d
}

// begun is where promote and abort begin: nobody else at work, and a canary, or an
// update that can be taken for one, on its way.
func (h Holder) begun(s *sts.Snapshot, f Facts, verb string) (c *sts.Canary, derived bool, d *Decision) {
	if d := h.guard(s, f); d != nil {
		return nil, false, d
	}
	if c, derived, d = canaryRecord(s); d != nil {
		return nil, false, d
	}
	if c == nil {
		none := decide(Done, ReasonNothingToDo, fmt.Sprintf("nothing to %s: no canary of statefulset %s is on its way", verb, s.Set.Name), "")
		return nil, false, &none
	}
	return c, derived, partitionable(s)
}

// beingAborted refuses everything but going on with the abort.
func beingAborted(s *sts.Snapshot) Decision {
	return decide(Refused, ReasonCanaryOnItsWay, "the canary of statefulset "+s.Set.Name+" is being aborted",
		"finish that: "+canaryCommand(s, "abort"))
}

// unmoved refuses when somebody else has moved the partition or changed the
// template since the canary's last write to the spec. A change of replicas alone
// is everybody's right.
func unmoved(s *sts.Snapshot, c *sts.Canary, h Holder) *Decision {
	if c.Generation == s.Set.Generation || h.TakeOver {
		return nil
	}
	what, d := c.Disturbed(s.Set), Decision{}
	switch {
	case what == "":
		return nil
	case sts.Partition(s.Set) != c.Partition:
		d = decide(Refused, ReasonMoved, what, "settle it with them; --take-over goes on from where the partition stands now")
	default:
		d = decide(Refused, ReasonTemplateChanged, what,
			canaryCommand(s, "abort")+" goes back to what was stable; --take-over goes on with the new template")
	}
	return &d
}

// canaryPods waits until every ordinal that the partition lets through runs the
// update revision and is available. Nil when they do.
func canaryPods(s *sts.Snapshot) *Decision {
	replicas := s.Replicas()
	// A failing pod anywhere is looked for first: under OrderedReady it is why
	// those above it are not there.
	if r, d := failing(s, Stuck); d != nil {
		if r.Revision == s.Set.Status.UpdateRevision || r.Pod == nil && s.RevisionFor(r.Ordinal) == s.Set.Status.UpdateRevision {
			d.Hint = canaryCommand(s, "abort")
		}
		return d
	}
	for i := len(replicas) - 1; i >= 0; i-- {
		r := replicas[i]
		if !r.Desired || r.Ordinal < sts.UpdateFrom(s.Set) {
			continue
		}
		if t := s.Trouble(r); t != nil {
			d := trouble(s, r, t, Stuck)
			return &d
		}
		if r.Revision != s.Set.Status.UpdateRevision {
			d := toBeReplaced(s, r, "for "+s.Name(r.Ordinal)+" to be replaced")
			return &d
		}
	}
	return nil
}

// toBeReplaced waits for the controller to replace a pod that is available, or tells that it
// cannot delete it.
func toBeReplaced(s *sts.Snapshot, r sts.Replica, wait string) Decision {
	if t := s.DeletionRefused(r); t != nil {
		return trouble(s, r, t, Stuck)
	}
	return decide(Wait, ReasonPodNotAvailable, wait, "")
}

// canaryCommand is a command for a hint.
func canaryCommand(s *sts.Snapshot, verb string, flags ...string) string {
	return sts.Kubectl(s.Set.Namespace, append([]string{"sts canary", verb, s.Set.Name}, flags...)...)
}

// noOrdinal is the answer to an ordinal that the set does not have.
func noOrdinal(s *sts.Snapshot, o sts.Ordinal) *Decision {
	if sts.WantedReplicas(s.Set) == 0 {
		return badRequest("statefulset %s has no ordinal %s: it stands at 0 replicas", s.Set.Name, o)
	}
	return badRequest("statefulset %s has no ordinal %s: it has %s to %s", s.Set.Name, o, sts.Start(s.Set), sts.End(s.Set)-1)
}

// heldBack are the wanted ordinals below the partition.
func heldBack(s *sts.Snapshot) []sts.Ordinal {
	return ordinalRange(sts.Start(s.Set), min(sts.UpdateFrom(s.Set), sts.End(s.Set)))
}

func updated(s *sts.Snapshot) []sts.Ordinal {
	return ordinalRange(sts.UpdateFrom(s.Set), sts.End(s.Set))
}

func ordinalRange(from, end sts.Ordinal) []sts.Ordinal {
	var out []sts.Ordinal
	for o := from; o < end; o++ {
		out = append(out, o)
	}
	return out
}
