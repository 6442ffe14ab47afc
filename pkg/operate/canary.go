package operate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/diagnose"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// ParseCount reads how many ordinals a canary takes: "2", or "20%" of the replicas.
func ParseCount(s string) (intstr.IntOrString, error) {
	c, ok := parseCount(s)
	if !ok {
		return intstr.IntOrString{}, errors.New(msgInvalidCount(s))
	}
	return c, nil
}

func parseCount(s string) (c intstr.IntOrString, ok bool) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseInt(digits, 10, 32)
	if percent {
		return intstr.FromString(fmt.Sprintf("%d%%", n)), err == nil && n >= 1 && n <= 100
	}
	return intstr.FromInt32(int32(n)), err == nil && n >= 1
}

// CountOf is the count for a set of that many replicas. A percentage is rounded up.
func CountOf(c intstr.IntOrString, replicas int32) int32 {
	n, err := intstr.GetScaledValueFromIntOrPercent(&c, int(replicas), true)
	if err != nil {
		return 0 // ParseCount returns no such value
	}
	return int32(n)
}

// canaryRecord reads the record, or derives one from an update in progress that was
// started without kubectl sts: nil when there is neither.
func canaryRecord(s *sts.Snapshot) (c *record.Canary, derived bool, d *Decision) {
	c, err := record.ReadCanary(s.Set)
	if err != nil {
		r := badRecord(err)
		return nil, false, &r
	}
	if c != nil || inFlight(s) == "" {
		return c, false, nil
	}
	// Where both are the same and pods still run something else, the template is
	// restored already and only the pods have to follow.
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
	replicas := sts.DesiredReplicas(s.Set)
	startedBy, startedAt := sts.ChangedBy(s.Set, template)
	if startedAt.IsZero() {
		startedAt = s.TakenAt
	}
	return &record.Canary{
		StableRevision: stable.Name, StableTemplate: template, Replicas: &replicas,
		// The partition before the update is unknown: the current one stays at the end.
		PartitionBefore: sts.Partition(s.Set), Partition: sts.Partition(s.Set),
		Generation: s.Set.Generation, TemplateDigest: record.TemplateDigest(&s.Set.Spec.Template),
		StartedBy: startedBy, StartedAt: startedAt,
	}, true, nil
}

// badRecord refuses to guess the content of a record that cannot be read.
func badRecord(err error) Decision {
	var hint sts.Hint
	if invalid, ok := errors.AsType[*record.InvalidError](err); ok {
		hint = invalid.Hint()
	}
	return decide(Refused, ReasonBadRecord, err.Error(), hint)
}

// revisionGone refuses to guess a pod template that is recorded nowhere.
func revisionGone(s *sts.Snapshot, revision string) *Decision {
	d := decide(Refused, ReasonRevisionGone, msgRevisionGone(s.Set.Name, revision), hintRevisionGone(s.Set.Namespace, s.Set.Name))
	return &d
}

// refuseAborting refuses everything but resuming the abort.
func refuseAborting(s *sts.Snapshot) Decision {
	return decide(Refused, ReasonCanaryInProgress, msgBeingAborted(s.Set.Name), hintBeingAborted(canaryCommand(s, "abort")))
}

// requireNotAborting refuses while a canary is being aborted.
func requireNotAborting(l look) *Decision {
	if l.canary == nil || !l.canary.Aborting {
		return nil
	}
	d := refuseAborting(l.s)
	return &d
}

// requireUndisturbed refuses when another client has changed the partition or the template since the
// canary's last write to the spec. Any client may change replicas.
func (l Lock) requireUndisturbed(s *sts.Snapshot, c *record.Canary) *Decision {
	if c.Generation == s.Set.Generation || l.TakeOver {
		return nil
	}
	what, d := c.Disturbed(s.Set), Decision{}
	switch {
	case what == "":
		return nil
	case sts.Partition(s.Set) != c.Partition:
		d = decide(Refused, ReasonMoved, what, hintPartitionMoved())
	default:
		d = decide(Refused, ReasonTemplateChanged, what, hintTemplateChanged(canaryCommand(s, "abort")))
	}
	return &d
}

// requireCanaryPods waits until every ordinal at or above the partition runs the update
// revision and is available. Nil when they do.
func requireCanaryPods(s *sts.Snapshot) *Decision {
	replicas := s.Replicas()
	// A failing pod anywhere is looked for first: under OrderedReady it is why
	// those above it are not there.
	if r, d := requireNoneFailing(s, Stuck); d != nil {
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
		if t := diagnose.Replica(s, r); t != nil {
			d := trouble(s, r, t, Stuck)
			return &d
		}
		if r.Revision != s.Set.Status.UpdateRevision {
			d := waitForReplacement(s, r, msgWaitCanaryReplaced(s.Name(r.Ordinal)))
			return &d
		}
	}
	return nil
}

// waitForReplacement waits for the controller to replace a pod that is available, or reports that the
// controller cannot delete it.
func waitForReplacement(s *sts.Snapshot, r sts.Replica, wait string) Decision {
	if t := diagnose.DeletionRefused(s, r); t != nil {
		return trouble(s, r, t, Stuck)
	}
	return waitForPod(s.Name(r.Ordinal), ReasonPodNotAvailable, wait)
}

// canaryCommand is a command for a hint.
func canaryCommand(s *sts.Snapshot, verb string, flags ...string) sts.Hint {
	return sts.Kubectl(s.Set.Namespace, "sts canary "+verb, append([]string{s.Set.Name}, flags...)...)
}

// refuseOrdinal refuses an ordinal that the set does not have.
func refuseOrdinal(s *sts.Snapshot, o sts.Ordinal) *Decision {
	return badRequest(msgNoOrdinal(s.Set.Name, o, ordinalRange(sts.Start(s.Set), sts.End(s.Set))), nil)
}

// belowPartition are the desired ordinals below the partition.
func belowPartition(s *sts.Snapshot) []sts.Ordinal {
	return ordinalRange(sts.Start(s.Set), min(sts.UpdateFrom(s.Set), sts.End(s.Set)))
}

func updated(s *sts.Snapshot) []sts.Ordinal {
	return ordinalRange(sts.UpdateFrom(s.Set), sts.End(s.Set))
}

// notUpdated adds the ordinals that are not updated, if there are any.
func notUpdated(text string, rest []sts.Ordinal) string {
	if len(rest) == 0 {
		return text
	}
	return text + "; not updated: " + sts.SayOrdinals(rest)
}

func ordinalRange(from, end sts.Ordinal) []sts.Ordinal {
	var out []sts.Ordinal
	for o := from; o < end; o++ {
		out = append(out, o)
	}
	return out
}
