package operate

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-sts/kubectl-sts/pkg/sts"
	"github.com/kubectl-sts/kubectl-sts/pkg/sts/record"
)

// finish waits until all members are available, then removes the record.
func (i drainScale) finish(s *sts.Snapshot, drain record.Drain) Decision {
	if d := requireAvailable(s, Stuck); d != nil {
		return *d
	}
	b := newPatch(s.Set).drop(record.DrainAnnotation, record.OwnerAnnotation)
	if drain.Retention != "" {
		b = b.retention(drain.Retention)
	}
	event := "ScaleDownCompleted"
	if drain.Up() {
		event = "ScaleUpCompleted"
		b = b.drop(record.ParkedAnnotation)
	}
	parts, hint := []string{msgDrainScaled(drain.To, drain.Up(), drain.Ordinals())}, sts.Hint(nil)
	if stay := sts.ClaimsOf(s, drain.Ordinals()); !drain.Up() && len(stay) > 0 {
		var list sts.Hint
		var kept string
		if drain.To > 0 {
			list = sts.Kubectl(s.Set.Namespace, "sts pvc-gc", s.Set.Name)
		}
		kept, hint = msgDrainKeptClaims(stay, list)
		parts = append(parts, kept)
	}
	drain.DeletedClaims = i.deletedClaims(s, &drain)
	for _, rescued := range []bool{false, true} {
		gone := slices.DeleteFunc(slices.Clone(drain.DeletedClaims), func(name string) bool { return i.claims[name] != rescued })
		if len(gone) == 0 {
			continue
		}
		if rescued {
			parts = append(parts, msgDrainRescuedClaims(gone))
			hint = sts.Kubectl(s.Set.Namespace, "sts pvc-gc undo", gone...)
			continue
		}
		parts = append(parts, msgDrainDeletedClaims(gone))
	}
	end := decide(Done, ReasonScaled, strings.Join(parts, "; "), hint)
	end.Drain = &drain
	d := do(b.action(event, stepDrainFinish(drain.Up(), drain.Ordinals())), "Finish")
	d.Then = &end
	return d
}

// deletedClaims are the claims of the members that have left which the command found and which
// are gone or being deleted now: by whenScaled: Delete, or because they were being deleted
// before.
func (i drainScale) deletedClaims(s *sts.Snapshot, drain *record.Drain) []string {
	if drain.Up() {
		return nil
	}
	stay := sts.ClaimsOf(s, drain.Ordinals())
	return slices.DeleteFunc(slices.Sorted(maps.Keys(i.claims)), func(name string) bool {
		o, _ := sts.ClaimOrdinal(name)
		return slices.Contains(stay, name) || !slices.Contains(drain.Ordinals(), o)
	})
}
